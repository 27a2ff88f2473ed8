//! Every layer, small. One line each, several where options change what is computed; shapes include a batch of none
//! where a layer takes one.

use std::rc::Rc;

use super::Case;
use crate::nn::functional::{Approximate, EmbeddingBagMode, Reduction};
use crate::nn::*;
use crate::ops::every_operation::Domain::{self, Positive, Probability, Real};
use crate::ops::nn::InterpolateMode;
use crate::tensor::{Shape, Tensor};

type Shapes<'a> = &'a [&'a [&'a [usize]]];

const ANY: Shapes<'static> = &[&[&[2, 3]], &[&[]], &[&[0, 2]]];
const SIGNALS: Shapes<'static> = &[&[&[2, 2, 5]], &[&[2, 5]], &[&[0, 2, 5]]];
const IMAGES: Shapes<'static> = &[&[&[1, 2, 4, 3]], &[&[2, 4, 3]], &[&[0, 2, 4, 3]]];
const PAIRS: Shapes<'static> = &[&[&[3, 2], &[3, 2]]];

/// A layer of any signature.
fn of<M: Module + 'static>(layer: M, shapes: Shapes<'_>, forward: impl Fn(&M, &[&Tensor]) -> Tensor + 'static) -> Case {
    let layer = Rc::new(layer);
    let shapes = shapes.iter().map(|set| set.iter().map(|&shape| Shape::from(shape)).collect()).collect();
    let own = layer.clone();
    Case { layer, domain: Real, shapes, function: Box::new(move |inputs| forward(&own, inputs)), once: None }
}

/// A layer of one tensor.
fn one<M: Module + Forward + 'static>(layer: M, shapes: Shapes<'_>) -> Case {
    of(layer, shapes, |layer, x| layer.forward(x[0]))
}

impl Case {
    fn once(mut self, reason: &'static str) -> Self {
        self.once = Some(reason);
        self
    }

    fn at(mut self, domain: Domain) -> Self {
        self.domain = domain;
        self
    }
}

pub(super) fn cases() -> Vec<Case> {
    let groups = [
        activations(),
        weights(),
        convolutions(),
        pools(),
        pads(),
        shapes(),
        normalizations(),
        dropouts(),
        recurrent(),
        attention(),
        regression_losses(),
        classification_losses(),
        ranking_losses(),
    ];
    groups.into_iter().flatten().collect()
}

fn activations() -> Vec<Case> {
    vec![
        one(CELU::new().alpha(1.3), ANY),
        one(ELU::new().alpha(1.3), ANY),
        one(GELU::new(), ANY),
        one(GELU::new().approximate(Approximate::Tanh), ANY),
        one(GLU::new(), &[&[&[2, 4]], &[&[0, 4]]]),
        one(Hardshrink::new(), ANY),
        one(Hardsigmoid, ANY),
        one(Hardswish, ANY),
        one(Hardtanh::new(), ANY),
        one(Identity, ANY),
        one(LeakyReLU::new(), ANY),
        one(LogSigmoid, ANY),
        one(LogSoftmax::new(-1), ANY),
        one(Mish, ANY),
        one(PReLU::new(), ANY),
        one(PReLU::new().num_parameters(3), &[&[&[2, 3, 2]], &[&[0, 3]]]),
        one(RReLU::new(), ANY),
        one(ReLU, ANY),
        one(ReLU6, ANY),
        one(SELU, ANY),
        one(SiLU, ANY),
        one(Sigmoid, ANY),
        one(Softmax::new(-1), ANY),
        one(Softmax2d, IMAGES),
        one(Softmin::new(0), ANY),
        one(Softplus::new().beta(2.0), ANY),
        one(Softshrink::new(), ANY),
        one(Softsign, ANY),
        one(Tanh, ANY),
        one(Tanhshrink, ANY),
        one(Threshold::new(0.2, 0.5), ANY),
    ]
}

fn weights() -> Vec<Case> {
    let bags = || Tensor::new([[1, 0], [3, 1]]);
    let bag = |mode| of(EmbeddingBag::new(4, 2).mode(mode), &[&[]], move |layer, _| layer.forward(&bags(), None));
    vec![
        of(Bilinear::new(2, 3, 2), &[&[&[2, 2], &[2, 3]], &[&[2], &[3]], &[&[0, 2], &[0, 3]]], |layer, x| {
            layer.forward(x[0], x[1])
        }),
        of(CosineSimilarity::new(), &[&[&[2, 3], &[2, 3]], &[&[2, 3], &[1, 3]]], |layer, x| layer.forward(x[0], x[1])),
        of(Embedding::new(4, 2), &[&[]], |layer, _| layer.forward(&Tensor::new([1, 3, 1]))),
        bag(EmbeddingBagMode::Mean),
        bag(EmbeddingBagMode::Sum),
        bag(EmbeddingBagMode::Max),
        of(EmbeddingBag::new(4, 2).mode(EmbeddingBagMode::Sum), &[&[&[2, 2]]], move |layer, x| {
            layer.forward_weighted(&bags(), None, x[0])
        }),
        one(Linear::new(3, 2), &[&[&[2, 3]], &[&[3]], &[&[2, 1, 3]], &[&[0, 3]]]),
        one(Linear::new(3, 2).bias(false), &[&[&[2, 3]]]),
        of(PairwiseDistance::new(), &[&[&[2, 3], &[2, 3]], &[&[2, 3], &[3]]], |layer, x| layer.forward(x[0], x[1])),
        one(Sequential::new().add(Linear::new(3, 2)).add(Tanh).add(Linear::new(2, 1)), &[&[&[2, 3]]]),
    ]
}

fn convolutions() -> Vec<Case> {
    vec![
        one(Conv1d::new(2, 2, 3).padding(1).stride(2), SIGNALS),
        one(Conv1d::new(2, 2, 2).groups(2).padding_mode(PaddingMode::Circular).padding(1), &[&[&[1, 2, 4]]]),
        one(Conv2d::new(2, 2, 3).padding(1), IMAGES),
        one(Conv2d::new(2, 2, (2, 1)).groups(2).dilation(2).bias(false), &[&[&[1, 2, 4, 3]]]),
        one(Conv2d::new(1, 2, 2).padding_mode(PaddingMode::Reflect).padding(1), &[&[&[1, 1, 3, 3]]]),
        one(ConvTranspose1d::new(2, 2, 3).padding(1).stride(2).output_padding(1), SIGNALS),
        one(ConvTranspose2d::new(2, 2, 2).stride((2, 1)), IMAGES),
        one(ConvTranspose2d::new(2, 2, 2).groups(2).dilation(2), &[&[&[1, 2, 2, 2]]]),
    ]
}

fn pools() -> Vec<Case> {
    let positions = || Tensor::new([[[1, 2]]]);
    vec![
        one(AdaptiveAvgPool1d::new(3), SIGNALS),
        one(AdaptiveAvgPool2d::new((2, 2)), IMAGES),
        one(AdaptiveMaxPool1d::new(3), SIGNALS),
        one(AdaptiveMaxPool2d::new((2, 2)), IMAGES),
        one(AvgPool1d::new(2).padding(1), SIGNALS),
        one(AvgPool2d::new(2).stride(1).padding(1).count_include_pad(false), IMAGES),
        one(LPPool1d::new(2.0, 2), SIGNALS).at(Positive),
        one(LPPool2d::new(2.0, 2), IMAGES).at(Positive),
        one(MaxPool1d::new(2).padding(1), SIGNALS),
        one(MaxPool2d::new(2).stride(1).ceil_mode(true), IMAGES),
        of(MaxUnpool1d::new(2), &[&[&[1, 1, 2]]], move |layer, x| layer.forward(x[0], &positions())),
        of(MaxUnpool2d::new(2), &[&[&[1, 1, 1, 2]]], move |layer, x| layer.forward(x[0], &positions().unsqueeze(0))),
    ]
}

fn pads() -> Vec<Case> {
    vec![
        one(CircularPad1d::new([1, 2]), SIGNALS),
        one(CircularPad2d::new([1, 2, 0, 1]), IMAGES),
        one(ConstantPad1d::new([1, -1], 2.0), SIGNALS),
        one(ConstantPad2d::new(1, 2.0), IMAGES),
        one(ReflectionPad1d::new([1, 2]), SIGNALS),
        one(ReflectionPad2d::new([1, 2, 0, 1]), IMAGES),
        one(ReplicationPad1d::new([1, 2]), SIGNALS),
        one(ReplicationPad2d::new([1, 2, 0, 1]), IMAGES),
        one(ZeroPad1d::new([1, 2]), SIGNALS),
        one(ZeroPad2d::new([1, 2, 0, -1]), IMAGES),
    ]
}

fn shapes() -> Vec<Case> {
    vec![
        one(ChannelShuffle::new(2), &[&[&[1, 4, 2]], &[&[0, 4, 2]]]),
        one(Flatten::new(), &[&[&[2, 3, 2]], &[&[0, 3, 2]]]),
        one(Fold::new((2, 3), 2).padding((1, 0)), &[&[&[1, 4, 6]], &[&[4, 6]]]),
        one(PixelShuffle::new(2), &[&[&[1, 4, 1, 2]], &[&[4, 1, 2]]]),
        one(PixelUnshuffle::new(2), &[&[&[1, 1, 4, 2]], &[&[1, 2, 2]]]),
        one(Unflatten::new(1, [2, -1]), &[&[&[2, 4]], &[&[0, 4]]]),
        one(Unfold::new(2).stride((2, 1)), &[&[&[1, 2, 4, 3]], &[&[2, 4, 3]]]),
        one(Upsample::by_scale([2.0]), &[&[&[1, 2, 3]], &[&[1, 1, 2, 3]]]),
        one(Upsample::to_size([3, 5]).mode(InterpolateMode::Linear), &[&[&[1, 1, 2, 3]]]),
        one(Upsample::to_size([3, 5]).mode(InterpolateMode::Bicubic), &[&[&[1, 1, 2, 3]]]),
        one(UpsamplingBilinear2d::by_scale([2.0]), &[&[&[1, 1, 2, 3]]]),
        one(UpsamplingNearest2d::by_scale([2.0]), &[&[&[1, 1, 2, 3]]]),
    ]
}

fn normalizations() -> Vec<Case> {
    vec![
        one(BatchNorm1d::new(2), &[&[&[3, 2]], &[&[2, 2, 2]]]),
        one(BatchNorm1d::new(2).affine(false).track_running_stats(false), &[&[&[3, 2]]]),
        one(BatchNorm2d::new(2), &[&[&[2, 2, 2, 2]]]),
        one(GroupNorm::new(2, 4), &[&[&[2, 4, 2]], &[&[0, 4, 2]]]),
        one(InstanceNorm1d::new(2).affine(true), &[&[&[2, 2, 3]], &[&[2, 3]]]),
        one(InstanceNorm1d::new(2).track_running_stats(true), &[&[&[2, 2, 3]]]),
        one(InstanceNorm2d::new(2).affine(true), &[&[&[1, 2, 2, 2]]]),
        one(LayerNorm::new(3), &[&[&[2, 3]], &[&[3]], &[&[0, 3]]]),
        one(LayerNorm::new([2, 2]), &[&[&[2, 2, 2]]]),
        one(LocalResponseNorm::new(2), &[&[&[2, 3, 2]]]),
        one(RMSNorm::new(3), &[&[&[2, 3]], &[&[3]], &[&[0, 3]]]),
    ]
}

fn dropouts() -> Vec<Case> {
    vec![
        one(AlphaDropout::new(0.4), &[&[&[3, 4]], &[&[0, 4]]]),
        one(Dropout::new(0.4), &[&[&[3, 4]], &[&[]], &[&[0, 4]]]),
        one(Dropout1d::new(0.4), &[&[&[2, 3, 2]], &[&[3, 2]]]),
        one(Dropout2d::new(0.4), &[&[&[2, 3, 2, 1]]]),
        one(Dropout3d::new(0.4), &[&[&[2, 3, 2, 1, 1]]]),
        one(FeatureAlphaDropout::new(0.4), &[&[&[2, 3, 2]]]),
    ]
}

fn recurrent() -> Vec<Case> {
    let (steps, states): (&[usize], &[usize]) = (&[2, 1, 2], &[2, 1, 1]);
    let deep: Shapes<'_> = &[&[steps, states], &[&[2, 2], &[2, 1]]];
    let cell: Shapes<'_> = &[&[&[2, 3], &[2, 2]], &[&[3], &[2]]];
    let joined = |output: &Tensor, state: &Tensor| Tensor::cat(&[&output.flatten(..), &state.flatten(..)], 0);
    vec![
        of(GRU::new(2, 1).bidirectional(true), deep, move |layer, x| {
            let (output, state) = layer.forward(x[0], Some(x[1]));
            joined(&output, &state)
        }),
        of(LSTM::new(2, 1).num_layers(2).dropout(0.5), deep, move |layer, x| {
            let (output, (h, c)) = layer.forward(x[0], Some((x[1], x[1])));
            joined(&joined(&output, &h), &c)
        }),
        of(LSTM::new(2, 3).proj_size(2).batch_first(true), &[&[&[1, 3, 2]]], |layer, x| layer.forward(x[0], None).0),
        of(RNN::new(2, 1).num_layers(2), deep, move |layer, x| {
            let (output, state) = layer.forward(x[0], Some(x[1]));
            joined(&output, &state)
        }),
        of(RNN::new(2, 2).nonlinearity(RNNNonlinearity::Relu).bias(false), &[&[steps]], |layer, x| {
            layer.forward(x[0], None).0
        }),
        of(GRUCell::new(3, 2), cell, |layer, x| layer.forward(x[0], Some(x[1]))),
        of(LSTMCell::new(3, 2), cell, move |layer, x| {
            let (h, c) = layer.forward(x[0], Some((x[1], x[1])));
            joined(&h, &c)
        }),
        of(RNNCell::new(3, 2), cell, |layer, x| layer.forward(x[0], Some(x[1]))),
    ]
}

fn attention() -> Vec<Case> {
    let encoder = || TransformerEncoderLayer::new(2, 1).dim_feedforward(2).dropout(0.2);
    let decoder = || TransformerDecoderLayer::new(2, 1).dim_feedforward(2).dropout(0.2);
    let small = TransformerOptions {
        d_model: 2,
        nhead: 1,
        num_encoder_layers: 1,
        num_decoder_layers: 1,
        dim_feedforward: 2,
        dropout: 0.0,
        bias: false,
        ..TransformerOptions::default()
    };
    let (one_sequence, two): (Shapes<'_>, Shapes<'_>) = (&[&[&[2, 1, 2]]], &[&[&[2, 1, 2], &[3, 1, 2]]]);
    vec![
        of(MultiheadAttention::new(2, 1).kdim(3).vdim(1), &[&[&[2, 1, 2], &[3, 1, 3], &[3, 1, 1]]], |layer, x| {
            layer.forward(x[0], x[1], x[2]).0
        }),
        of(MultiheadAttention::new(2, 2).add_bias_kv(true).add_zero_attn(true), two, |layer, x| {
            layer.forward(x[0], x[1], x[1]).0
        }),
        of(Transformer::new(small), two, |layer, x| layer.forward(x[0], x[1])),
        of(TransformerDecoder::new(&decoder(), 1), two, |layer, x| layer.forward(x[0], x[1])),
        of(decoder().norm_first(true), two, |layer, x| layer.forward(x[0], x[1])),
        one(TransformerEncoder::new(&encoder(), 1).norm(LayerNorm::new(2)), one_sequence),
        one(encoder().norm_first(true), one_sequence),
    ]
}

fn regression_losses() -> Vec<Case> {
    let spread = || Tensor::new([[0.5, 1.0], [2.0, 0.7], [1.5, 0.9]]).to(crate::DType::F64);
    vec![
        of(GaussianNLLLoss::new().full(true), PAIRS, move |loss, x| loss.forward(x[0], x[1], &spread())),
        of(HuberLoss::new().delta(0.7), PAIRS, |loss, x| loss.forward(x[0], x[1])),
        of(L1Loss::new(), PAIRS, |loss, x| loss.forward(x[0], x[1])),
        of(MSELoss::new(), PAIRS, |loss, x| loss.forward(x[0], x[1])),
        of(MSELoss::new().reduction(Reduction::None), &[&[&[2], &[2]], &[&[], &[]]], |loss, x| {
            loss.forward(x[0], x[1])
        }),
        of(PoissonNLLLoss::new(), &[&[&[3, 2]]], move |loss, x| loss.forward(x[0], &spread())),
        of(SmoothL1Loss::new().beta(0.7), PAIRS, |loss, x| loss.forward(x[0], x[1])),
    ]
}

fn classification_losses() -> Vec<Case> {
    let classes = || Tensor::new([2, 0]);
    let signs = || Tensor::new([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]).to(crate::DType::F64);
    let truths = || Tensor::new([[1.0, 0.0], [0.3, 1.0], [0.0, 1.0]]).to(crate::DType::F64);
    let weight = || Tensor::new([0.5, 1.0, 2.0]);
    let scores: Shapes<'_> = &[&[&[2, 3]]];
    let many: Shapes<'_> = &[&[&[3, 2]]];
    vec![
        of(BCELoss::new(), many, move |loss, x| loss.forward(x[0], &truths())).at(Probability),
        of(BCEWithLogitsLoss::new(), many, move |loss, x| loss.forward(x[0], &truths())),
        of(CTCLoss::new(), &[&[&[3, 2, 3]]], |loss, x| {
            let (targets, inputs, lengths) = (Tensor::new([[1, 2], [1, 1]]), Tensor::new([3, 2]), Tensor::new([2, 1]));
            loss.forward(&x[0].log_softmax(-1), &targets, &inputs, &lengths)
        })
        .once("PyTorch has none, either"),
        of(CrossEntropyLoss::new(), scores, move |loss, x| loss.forward(x[0], &classes())),
        of(CrossEntropyLoss::new().label_smoothing(0.1).weight(weight()), scores, move |loss, x| {
            loss.forward(x[0], &classes())
        }),
        of(CrossEntropyLoss::new(), &[&[&[2, 3], &[2, 3]]], |loss, x| loss.forward(x[0], x[1])),
        of(KLDivLoss::new().log_target(true), PAIRS, |loss, x| loss.forward(x[0], x[1])),
        of(MultiLabelMarginLoss::new(), scores, |loss, x| loss.forward(x[0], &Tensor::new([[1, -1, 0], [0, 2, -1]]))),
        of(MultiLabelSoftMarginLoss::new(), many, move |loss, x| loss.forward(x[0], &truths())),
        of(MultiMarginLoss::new(), scores, move |loss, x| loss.forward(x[0], &classes())),
        of(NLLLoss::new().weight(weight()), scores, move |loss, x| loss.forward(x[0], &classes())),
        of(SoftMarginLoss::new(), many, move |loss, x| loss.forward(x[0], &signs())),
    ]
}

fn ranking_losses() -> Vec<Case> {
    let signs = || Tensor::new([1.0, -1.0, 1.0]).to(crate::DType::F64);
    vec![
        of(CosineEmbeddingLoss::new(), PAIRS, move |loss, x| loss.forward(x[0], x[1], &signs())),
        of(HingeEmbeddingLoss::new(), &[&[&[3]]], move |loss, x| loss.forward(x[0], &signs())),
        of(MarginRankingLoss::new().margin(0.3), &[&[&[3], &[3]]], move |loss, x| loss.forward(x[0], x[1], &signs())),
        of(TripletMarginLoss::new().swap(true), &[&[&[3, 2], &[3, 2], &[3, 2]]], |loss, x| {
            loss.forward(x[0], x[1], x[2])
        }),
    ]
}
