//! The functions that between them use every operation. One line each; shapes are those at the edges: a 0-d tensor, one
//! without elements, operands that broadcast.

use super::{Case, Domain};
use crate::autograd::{Context, Function, Gradients, apply_function, checkpoint};
use crate::dtype::DType;
use crate::error::OrRaise;
use crate::nn::functional::{self as F, Approximate};
use crate::nn::{AvgPool2d, Forward, MaxPool2d};
use crate::ops::binary::div_rounded::Rounding;
use crate::ops::index::PadMode;
use crate::ops::nn::attention::{Scoring, try_stacked_attention};
use crate::ops::nn::conv2d_max_pool2d::try_conv_max_pool2d_relu;
use crate::ops::nn::recurrence::{Cell, Recurrent, try_recurrence};
use crate::ops::nn::{Interpolate, InterpolateMode, Window};
use crate::ops::view::{Index, Indexing};
use crate::tensor::{Shape, Tensor};
use Domain::{AboveOne, Positive, Probability, Real, WithinOne};

type Shapes<'a> = &'a [&'a [&'a [usize]]];

const ONE: Shapes<'static> = &[&[&[2, 3]], &[&[]], &[&[0]], &[&[2, 0, 3]]];
const CTC: F::CTCLossOptions = F::CTCLossOptions { blank: 0, reduction: F::Reduction::Sum, zero_infinity: false };
const TWO: Shapes<'static> =
    &[&[&[2, 3], &[2, 3]], &[&[2, 1, 2], &[3, 1]], &[&[], &[2]], &[&[], &[]], &[&[0], &[1]], &[&[2, 0], &[2, 1]]];

fn case(name: &'static str, shapes: Shapes<'_>, function: impl Fn(&[&Tensor]) -> Tensor + 'static) -> Case {
    let shapes = shapes.iter().map(|set| set.iter().map(|&shape| Shape::from(shape)).collect()).collect();
    Case { name, domain: Real, shapes, function: Box::new(function), exempt: None, once: None }
}

impl Case {
    fn at(mut self, domain: Domain) -> Self {
        self.domain = domain;
        self
    }

    fn once(mut self, reason: &'static str) -> Self {
        self.once = Some(reason);
        self
    }

    fn exempt(mut self, reason: &'static str) -> Self {
        self.exempt = Some(reason);
        self
    }
}

pub(super) fn cases() -> Vec<Case> {
    let groups =
        [unary(), binary(), activations(), reductions(), views(), indexing(), products(), images(), layers(), graph()];
    groups.into_iter().flatten().collect()
}

fn unary() -> Vec<Case> {
    let function = |name, domain, f: fn(&Tensor) -> Tensor| case(name, ONE, move |x| f(x[0])).at(domain);
    vec![
        function("abs", Real, Tensor::abs),
        function("acos", WithinOne, Tensor::acos),
        function("acosh", AboveOne, Tensor::acosh),
        function("asin", WithinOne, Tensor::asin),
        function("asinh", Real, Tensor::asinh),
        function("atan", Real, Tensor::atan),
        function("atanh", WithinOne, Tensor::atanh),
        function("ceil", Real, Tensor::ceil),
        function("clamp", Real, |x| x.clamp(-0.7, 1.1)),
        function("clamp_max", Real, |x| x.clamp_max(0.1)),
        function("clamp_min", Real, |x| x.clamp_min(0.1)),
        function("cos", Real, Tensor::cos),
        function("cosh", Real, Tensor::cosh),
        function("erf", Real, Tensor::erf),
        function("erfc", Real, Tensor::erfc),
        function("exp", Real, Tensor::exp),
        function("exp2", Real, Tensor::exp2),
        function("expm1", Real, Tensor::expm1),
        function("floor", Real, Tensor::floor),
        function("frac", Real, Tensor::frac),
        function("log", Positive, Tensor::log),
        function("log10", Positive, Tensor::log10),
        function("log1p", Positive, Tensor::log1p),
        function("log2", Positive, Tensor::log2),
        function("logit", Probability, |x| x.logit(None)),
        function("nan_to_num", Real, |x| x.nan_to_num(0.0, None, None)),
        function("neg", Real, Tensor::neg),
        function("pow of a number", Positive, |x| x.pow(1.7)),
        function("reciprocal", Real, Tensor::reciprocal),
        function("relu", Real, Tensor::relu),
        function("round", Real, Tensor::round),
        function("round to decimals", Real, |x| x.round_decimals(1)),
        function("rsqrt", Positive, Tensor::rsqrt),
        function("sigmoid", Real, Tensor::sigmoid),
        function("sign", Real, Tensor::sign),
        function("sin", Real, Tensor::sin),
        function("sinh", Real, Tensor::sinh),
        function("sqrt", Positive, Tensor::sqrt),
        function("square", Real, Tensor::square),
        function("tan", WithinOne, Tensor::tan),
        function("tanh", Real, Tensor::tanh),
        function("to", Real, |x| x.to(DType::F32).to(DType::F64)).exempt("a step of 1e-6 is lost in rounding to f32"),
        function("trunc", Real, Tensor::trunc),
    ]
}

fn binary() -> Vec<Case> {
    let function = |name, domain, f: fn(&Tensor, &Tensor) -> Tensor| case(name, TWO, move |x| f(x[0], x[1])).at(domain);
    vec![
        function("add", Real, |a, b| a + b),
        function("atan2", Real, Tensor::atan2),
        function("div", Real, |a, b| a / b),
        function("div rounded down", Real, |a, b| a.div_rounded(b, Rounding::Floor)),
        function("div rounded to zero", Real, |a, b| a.div_rounded(b, Rounding::Trunc)),
        function("addcdiv", Real, |a, b| a.addcdiv(a, b, 2)),
        function("addcmul", Real, |a, b| a.addcmul(a, b, 0.5)),
        function("fmod", Real, |a, b| a.fmod(b)),
        function("hypot", Real, Tensor::hypot),
        function("lerp", Real, |a, b| a.lerp(b, 0.3)),
        function("logaddexp", Real, Tensor::logaddexp),
        function("logaddexp2", Real, Tensor::logaddexp2),
        function("maximum", Real, |a, b| a.maximum(b)),
        function("minimum", Real, |a, b| a.minimum(b)),
        function("mul", Real, |a, b| a * b),
        function("pow", AboveOne, |a, b| a.pow(b)),
        function("remainder", Real, |a, b| a.remainder(b)),
        function("sub", Real, |a, b| a - b),
        function("where", Real, |a, b| Tensor::new(true).where_(a, b) * Tensor::new(false).where_(a, b)),
        function("clamp to tensors", Real, |a, b| a.clamp(b, &(b + 1.0))),
        function("clamp to a tensor below", Real, |a, b| a.clamp_min(b)),
        function("clamp to a tensor above", Real, |a, b| a.clamp_max(b)),
        function("xlogy", Positive, |a, b| a.xlogy(b)),
        function("masked_fill", Real, |a, b| a.masked_fill(&Tensor::new(true), &b.sum()) + a),
    ]
}

fn activations() -> Vec<Case> {
    let function = |name, f: fn(&Tensor) -> Tensor| case(name, ONE, move |x| f(x[0]));
    vec![
        function("celu", |x| F::celu(x, 1.3)),
        function("elu", |x| F::elu(x, 1.3)),
        function("gelu", |x| F::gelu(x, Approximate::None)),
        function("gelu by tanh", |x| F::gelu(x, Approximate::Tanh)),
        function("hardshrink", |x| F::hardshrink(x, 0.5)),
        function("hardsigmoid", F::hardsigmoid),
        function("hardswish", F::hardswish),
        function("hardtanh", |x| F::hardtanh(x, -0.7, 1.2)),
        function("leaky_relu", |x| F::leaky_relu(x, 0.1)),
        function("log_softmax", |x| x.log_softmax(-1)),
        function("logsigmoid", F::logsigmoid),
        function("mish", F::mish),
        function("relu6", F::relu6),
        function("selu", F::selu),
        function("silu", F::silu),
        function("softmax", |x| x.softmax(0)),
        function("softmin", |x| F::softmin(x, -1)),
        function("softplus", |x| F::softplus(x, 2.0, 1.0)),
        function("softshrink", |x| F::softshrink(x, 0.4)),
        function("softsign", F::softsign),
        function("tanhshrink", F::tanhshrink),
        function("threshold", |x| F::threshold(x, 0.2, 0.5)),
        case("glu", &[&[&[2, 4]], &[&[0, 2]]], |x| F::glu(x[0], -1)),
    ]
}

fn reductions() -> Vec<Case> {
    let full: Shapes<'_> = &[&[&[2, 3]], &[&[]], &[&[2, 1, 3]]];
    vec![
        case("amax", full, |x| x[0].amax(-1, true)),
        case("amin", full, |x| x[0].amin(.., false)),
        case("aminmax", full, |x| x[0].aminmax(-1, true).0 + x[0].aminmax(-1, true).1),
        case("cummax", ONE, |x| x[0].cummax(-1).0),
        case("cummin", ONE, |x| x[0].cummin(0).0),
        case("cumprod", ONE, |x| x[0].cumprod(-1)),
        case("cumsum", ONE, |x| x[0].cumsum(-1)),
        case("kthvalue", full, |x| x[0].kthvalue(1, 0, true).0),
        case("logcumsumexp", ONE, |x| x[0].logcumsumexp(-1)),
        case("logsumexp", full, |x| x[0].logsumexp(-1, true)),
        case("max", full, |x| x[0].max()),
        case("max along a dimension", full, |x| x[0].max_dim(0, true).0),
        case("mean", full, |x| x[0].mean_dim(0, false)),
        case("median", full, |x| x[0].median_dim(-1, false).0),
        case("min along a dimension", full, |x| x[0].min_dim(-1, false).0),
        case("nanmean", full, |x| x[0].nanmean(.., false)),
        case("norm 1", ONE, |x| x[0].norm(1)),
        case("norm 2", full, |x| x[0].norm_dim(2, -1, true)),
        case("norm 3", full, |x| x[0].norm_dim(3, .., true)),
        case("norm inf", full, |x| x[0].norm(f64::INFINITY)),
        case("normalize", &[&[&[2, 3]], &[&[0, 2]]], |x| F::normalize(x[0], 2, 1, 1e-12)),
        case("prod", ONE, |x| x[0].prod()),
        case("prod along a dimension", ONE, |x| x[0].prod_dim(-1, true)),
        case("quantile", full, |x| x[0].quantile(0.4)),
        case("std", &[&[&[2, 3]], &[&[3, 1, 2]]], |x| x[0].std_dim(0, 1, false)),
        case("sum", ONE, |x| x[0].sum()),
        case("sum along dimensions", &[&[&[2, 3]], &[&[2, 0, 3]]], |x| x[0].sum_dim([0, -1], true)),
        case("var", &[&[&[2, 3]], &[&[3, 1, 2]]], |x| x[0].var_dim(.., 0.5, true)),
    ]
}

fn views() -> Vec<Case> {
    let square: Shapes<'_> = &[&[&[3, 3]], &[&[2, 3, 2]], &[&[0, 2]]];
    vec![
        case("broadcast_to", &[&[&[]], &[&[3]], &[&[1]]], |x| x[0].expand([2, 3])),
        case("chunk", &[&[&[3, 2]]], |x| Tensor::cat(&x[0].chunk(2, 0).iter().rev().collect::<Vec<_>>(), 0)),
        case("contiguous", ONE, |x| x[0].movedim(0, -1).contiguous()),
        case("diagonal", square, |x| x[0].diagonal(1, -2, -1)),
        case("diag_embed", &[&[&[2, 2]], &[&[0]], &[&[3]]], |x| x[0].diag_embed(-1, -1, 0)),
        case("diff", &[&[&[3]], &[&[2, 4]], &[&[0, 2]]], |x| x[0].diff(1, 0)),
        case("flatten", ONE, |x| x[0].flatten(..)),
        case("index", square, |x| x[0].index((Index::Ellipsis, -1, Index::NewAxis))),
        case("meshgrid", &[&[&[2], &[3]], &[&[], &[0]]], |x| {
            Tensor::meshgrid(x, Indexing::Plane).iter().fold(Tensor::ones([]), |product, side| product * side)
        }),
        case("narrow", square, |x| x[0].narrow(-1, 1, 1)),
        case("permute", &[&[&[2, 3, 2]], &[&[2, 0, 3]]], |x| x[0].permute([2, 0, 1])),
        case("reshape", ONE, |x| x[0].reshape([-1])),
        case("select", square, |x| x[0].select(-1, 0)),
        case("slice with a step", square, |x| x[0].slice(-1, 0, 9, 2)),
        case("split", &[&[&[3, 2]]], |x| Tensor::cat(&x[0].split(2, 0).iter().rev().collect::<Vec<_>>(), 0)),
        case("squeeze", &[&[&[2, 1]], &[&[]], &[&[0, 1]]], |x| x[0].squeeze()),
        case("transpose", &[&[&[2, 3]], &[&[0, 3]]], |x| x[0].t()),
        case("unflatten", &[&[&[4]], &[&[2, 4]]], |x| x[0].unflatten(-1, [2, -1])),
        case("unsqueeze", ONE, |x| x[0].unsqueeze(-1)),
    ]
}

fn indexing() -> Vec<Case> {
    let index = || Tensor::new([1, 0, 1]);
    vec![
        case("cat", &[&[&[2, 1], &[2, 2]], &[&[2, 0], &[2, 1]]], |x| Tensor::cat(&[x[0], x[1], x[0]], -1)),
        case("flip", ONE, |x| x[0].flip(-1)),
        case("gather", &[&[&[2, 3]]], move |x| x[0].gather(0, &index().reshape([1, 3]))),
        case("index_add", &[&[&[2, 2], &[3, 2]]], move |x| x[0].index_add(0, &index(), x[1])),
        case("index_copy", &[&[&[2, 2], &[3, 2]]], move |x| x[0].index_copy(0, &index(), x[1])),
        case("index_fill", &[&[&[3, 2], &[]]], move |x| x[0].index_fill(0, &index(), x[1])),
        case("index_get", &[&[&[2, 3]], &[&[2, 0]]], move |x| x[0].index_get(&[&index()])),
        case("index_put", &[&[&[3, 2], &[2]], &[&[2], &[]]], move |x| x[0].index_put(&[&index()], x[1], true)),
        case("index_select", &[&[&[2, 3]], &[&[2, 0]]], move |x| x[0].index_select(0, &index())),
        case("masked_select", &[&[&[2, 3]], &[&[]]], |x| x[0].masked_select(&Tensor::new(true))),
        case("pad with a constant", &[&[&[2, 3]], &[&[0, 2]]], |x| x[0].pad([1, -1], PadMode::Constant(2.0))),
        case("pad by reflection", &[&[&[2, 3]]], |x| x[0].pad([2, 1], PadMode::Reflect)),
        case("repeat", ONE, |x| x[0].repeat([2, 1, 1, 2])),
        case("repeat_interleave", ONE, |x| x[0].repeat_interleave(2, None)),
        case("rot90", &[&[&[2, 3]], &[&[0, 2]]], |x| x[0].rot90(1, [0, 1])),
        case("roll", ONE, |x| x[0].roll(1, ..)),
        case("scatter", &[&[&[3], &[3]], &[&[2], &[4]]], move |x| x[0].scatter(0, &index(), x[1])),
        case("scatter_add", &[&[&[3], &[3]], &[&[2], &[4]]], move |x| x[0].scatter_add(0, &index(), x[1])),
        case("select_scatter", &[&[&[2, 3], &[2]]], |x| x[0].select_scatter(x[1], 1, -1)),
        case("slice_assign", &[&[&[2, 3], &[2]], &[&[2], &[]], &[&[0, 2], &[1]]], |x| {
            x[0].slice_assign((Index::Ellipsis, ..2), x[1])
        }),
        case("sort", ONE, |x| x[0].sort(-1, true).0),
        case("stack", ONE, |x| Tensor::stack(&[x[0], x[0]], -1)),
        case("take", &[&[&[2, 3]], &[&[]]], |x| x[0].take(&Tensor::new([0, -1]))),
        case("take_along_dim", &[&[&[2, 3]]], |x| x[0].take_along_dim(&Tensor::new([[-1], [0]]), 1)),
        case("topk", &[&[&[2, 3]], &[&[]]], |x| x[0].topk(1, -1, false).0),
        case("vstack", &[&[&[2], &[3, 2]]], |x| Tensor::vstack(&[x[0], x[1]])),
        case("tril", &[&[&[3, 3]], &[&[2, 0, 3]]], |x| x[0].tril(0)),
        case("triu", &[&[&[3, 2]], &[&[2, 3, 0]]], |x| x[0].triu(-1)),
    ]
}

fn products() -> Vec<Case> {
    let matrices: Shapes<'_> = &[&[&[2, 3], &[3, 2]], &[&[2, 0], &[0, 3]], &[&[0, 2], &[2, 3]]];
    vec![
        case("addmm", &[&[&[2], &[3, 2], &[2, 2]], &[&[], &[2, 0], &[0, 1]]], |x| x[0].addmm(x[1], x[2], 0.5, 2.0)),
        case("addbmm", &[&[&[2], &[2, 3, 2], &[2, 2, 2]]], |x| x[0].addbmm(x[1], x[2], 0.5, 2.0)),
        case("cosine_similarity", &[&[&[2, 3], &[3]]], |x| F::cosine_similarity(x[0], x[1], -1, 1e-8)),
        case("cross", &[&[&[2, 3], &[3]]], |x| x[0].cross(x[1], -1)),
        case("einsum", &[&[&[2, 3], &[3, 2]]], |x| Tensor::einsum("ij,ji->i", &[x[0], x[1]])),
        case("inner", &[&[&[2, 3], &[3]], &[&[], &[2]], &[&[0, 2], &[2]]], |x| x[0].inner(x[1])),
        case("kron", &[&[&[2], &[1, 2]], &[&[], &[2]]], |x| x[0].kron(x[1])),
        case("linear", &[&[&[2, 3], &[2, 3], &[2]], &[&[3], &[2, 3], &[2]], &[&[0, 3], &[2, 3], &[2]]], |x| {
            F::linear(x[0], x[1], Some(x[2]))
        }),
        case("matmul", matrices, |x| x[0].matmul(x[1])),
        case("matmul of batches", &[&[&[2, 1, 2, 3], &[2, 3, 1]], &[&[2, 2, 0], &[2, 0, 1]]], |x| x[0].matmul(x[1])),
        case("matmul of vectors", &[&[&[3], &[3]], &[&[0], &[0]]], |x| x[0].matmul(x[1])),
        case("outer", &[&[&[2], &[3]], &[&[0], &[2]]], |x| x[0].outer(x[1])),
        case("tensordot", &[&[&[2, 3, 2], &[3, 2, 2]]], |x| x[0].tensordot(x[1], 2)),
        case("trace", &[&[&[2, 3]], &[&[0, 0]]], |x| x[0].trace()),
    ]
}

fn images() -> Vec<Case> {
    let pictures: Shapes<'_> = &[&[&[2, 2, 3, 4]], &[&[1, 2, 3, 4]]];
    let resized = |options: Interpolate| move |x: &[&Tensor]| x[0].interpolate(&options);
    let to = |mode| Interpolate::to_size([2, 5]).mode(mode);
    let window = Window::new([2, 2]).padding([1, 0]).stride([2, 1]);
    vec![
        case("avg_pool2d", pictures, |x| AvgPool2d::new(2).stride(1).padding(1).forward(x[0])),
        case("conv2d", &[&[&[2, 2, 4, 3], &[2, 1, 2, 2], &[2]]], |x| conv2d(x, 2)),
        case("conv2d of all channels", &[&[&[2, 2, 4, 4], &[3, 2, 3, 3], &[3]]], |x| conv2d(x, 1)),
        case("conv_transpose2d", &[&[&[1, 2, 2, 2], &[2, 2, 2, 2], &[2]]], |x| {
            F::conv_transpose2d(x[0], x[1], Some(x[2]), &F::ConvTransposeOptions::new().stride(2).padding(1))
        }),
        case("fold", &[&[&[1, 4, 6]]], move |x| x[0].fold([2, 3], Window::new([2, 2]).padding([1, 0]))),
        case("interpolate bicubic", pictures, resized(to(InterpolateMode::Bicubic))),
        case("interpolate linear", pictures, resized(to(InterpolateMode::Linear).antialias(true))),
        case("interpolate nearest", pictures, resized(to(InterpolateMode::Nearest))),
        case("adaptive_avg_pool2d", pictures, |x| F::adaptive_avg_pool2d(x[0], (2, 3))),
        case("adaptive_max_pool2d", pictures, |x| F::adaptive_max_pool2d(x[0], (2, 3)).0),
        case("channel_shuffle", &[&[&[1, 4, 2]]], |x| x[0].channel_shuffle(2)),
        case("local_response_norm", &[&[&[2, 3, 2]]], |x| F::local_response_norm(x[0], 2, 0.5, 0.75, 1.0)),
        case("lp_pool2d", pictures, |x| F::lp_pool2d(x[0], 2.0, 2, None, false)).at(Positive),
        case("max_unpool1d", &[&[&[2, 2]]], |x| F::max_unpool1d(x[0], &Tensor::new([[0, 3], [1, 2]]), 4)),
        case("conv2d_max_pool2d", &[&[&[1, 2, 3, 4], &[2, 2, 2, 2], &[2]]], |x| convolved_and_pooled(x[0], x[1], x[2])),
        case("conv2d_max_pool2d of constants", &[&[&[2, 2, 2, 2], &[2]]], |x| {
            let images = (Tensor::arange(0, 24).to(x[0].dtype()) * 1.7).sin().reshape([1, 2, 3, 4]);
            convolved_and_pooled(&images, x[0], x[1])
        }),
        case("max_pool2d", pictures, |x| MaxPool2d::new(2).stride(1).forward(x[0])),
        case("pixel_shuffle", &[&[&[4, 1, 2]]], |x| x[0].pixel_shuffle(2)),
        case("unfold", pictures, move |x| x[0].unfold(window)),
    ]
}

fn convolved_and_pooled(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
    let options = F::ConvOptions::new().padding((1, 0));
    let at_once = try_conv_max_pool2d_relu("conv2d", x, weight, Some(bias), &options).or_raise();
    // Sizes at the edges leave no window.
    at_once.unwrap_or_else(|| F::conv2d(x, weight, Some(bias), &options).max_pool2d(2).relu())
}

fn layers() -> Vec<Case> {
    vec![
        case("binary_cross_entropy", ONE, |x| {
            F::binary_cross_entropy(x[0], &x[0].full_like(0.3), None, F::Reduction::Sum)
        })
        .at(Probability),
        case("batch_norm", &[&[&[3, 2], &[2], &[2]], &[&[2, 2, 3], &[2], &[2]], &[&[0, 2], &[2], &[2]]], |x| {
            batch_norm(x, true)
        }),
        case("batch_norm in use", &[&[&[3, 2], &[2], &[2]], &[&[0, 2, 3], &[2], &[2]]], |x| batch_norm(x, false)),
        case("cross_entropy", &[&[&[2, 3]], &[&[2, 4]]], |x| {
            F::cross_entropy(x[0], &Tensor::new([2, 0]), &Default::default())
        }),
        case("ctc_loss", &[&[&[3, 2, 3]], &[&[3, 3]]], |x| {
            let (targets, lengths) = (Tensor::new([[1, 2], [1, 1]]), Tensor::new([2, 1]));
            match x[0].dim() {
                2 => F::ctc_loss(&x[0].log_softmax(-1), &targets.select(0, 0), &Tensor::new(3), &Tensor::new(2), &CTC),
                _ => F::ctc_loss(&x[0].log_softmax(-1), &targets, &Tensor::new([3, 2]), &lengths, &CTC),
            }
        })
        .once("PyTorch has none, either"),
        case("group_norm", &[&[&[2, 4, 2], &[4], &[4]]], |x| F::group_norm(x[0], 2, Some(x[1]), Some(x[2]), 0.1)),
        case("instance_norm", &[&[&[2, 2, 3]]], |x| F::instance_norm(x[0], &Default::default())),
        case("layer_norm", &[&[&[3, 4], &[4], &[4]], &[&[4], &[4], &[4]], &[&[0, 4], &[4], &[4]]], |x| {
            F::layer_norm(x[0], 4, Some(x[1]), Some(x[2]), 0.1)
        }),
        case(
            "recurrence",
            &[&[&[2, 2, 8], &[8, 2], &[2, 2], &[2, 2]], &[&[1, 0, 4], &[4, 1], &[0, 1], &[0, 1]]],
            |x| {
                let state = [x[2].clone(), x[3].clone()];
                let (of_input, weight_hh) = (x[0], x[1]);
                let given =
                    Recurrent { cell: Cell::Lstm, reverse: true, of_input, weight_hh, bias_hh: None, state: &state };
                try_recurrence(&given).or_raise().0
            },
        ),
        case(
            "scaled_dot_product_attention",
            &[&[&[2, 3, 4], &[2, 5, 4], &[2, 5, 3]], &[&[1, 2], &[2, 1, 2], &[1, 3]]],
            |x| {
                let options = F::AttentionOptions { is_causal: true, ..Default::default() };
                F::scaled_dot_product_attention(x[0], x[1], x[2], &options)
            },
        ),
        case("stacked attention", &[&[&[3, 2, 4, 2]], &[&[3, 1, 1]], &[&[3, 2, 0, 2]]], |x| {
            try_stacked_attention(x[0], None, Scoring { scale: 0.5, causal: false }).or_raise()
        }),
        case("rms_norm", &[&[&[3, 4], &[4]], &[&[0, 4], &[4]]], |x| F::rms_norm(x[0], 4, Some(x[1]), 0.1)),
        case("batch_norm with fixed statistics", &[&[&[2, 3, 2], &[3], &[3]], &[&[2, 3], &[3], &[3]]], |x| {
            let statistics = |numbers: [f64; 3]| Tensor::from_vec(numbers.to_vec(), 3);
            let (mean, variance) = (statistics([0.1, -0.4, 2.0]), statistics([0.5, 1.0, 3.0]));
            let options = F::BatchNormOptions {
                running_mean: Some(&mean),
                running_var: Some(&variance),
                weight: Some(x[1]),
                bias: Some(x[2]),
                ..Default::default()
            };
            F::batch_norm(x[0], &options)
        }),
        case("embedding", &[&[&[2, 3]]], |x| F::embedding(&Tensor::new([1, 0, 1]), x[0], &Default::default())),
    ]
}

fn conv2d(x: &[&Tensor], groups: usize) -> Tensor {
    F::conv2d(x[0], x[1], Some(x[2]), &F::ConvOptions::new().padding("same").groups(groups))
}

fn batch_norm(x: &[&Tensor], training: bool) -> Tensor {
    let (mean, variance) = (Tensor::new([0.5, -1.0]).to(DType::F64), Tensor::new([2.0, 0.5]).to(DType::F64));
    let options = F::BatchNormOptions {
        running_mean: Some(&mean),
        running_var: Some(&variance),
        weight: Some(x[1]),
        bias: Some(x[2]),
        training,
        ..Default::default()
    };
    F::batch_norm(x[0], &options)
}

/// Cubes, with the derivative written by hand.
struct Cube;

impl Function for Cube {
    const NAME: &'static str = "Cube";
    fn forward(&mut self, inputs: &[&Tensor]) -> Tensor {
        inputs[0] * inputs[0] * inputs[0]
    }
    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let x = context.input(0);
        context.first(|| grad * (&x * &x * 3.0))
    }
}

fn graph() -> Vec<Case> {
    vec![
        case("a function of the user's", ONE, |x| apply_function(Cube, x)),
        case("checkpoint", TWO, |x| checkpoint(|x| (x[0] * x[1]).sin() * x[0], x)),
        case("probabilities", ONE, |x| x[0].log() * x[0]).at(Probability),
    ]
}
