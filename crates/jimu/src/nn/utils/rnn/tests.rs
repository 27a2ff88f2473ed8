//! Recurrent layers over packed sequences: against PyTorch's numbers, and against each sequence alone.

use super::*;
use crate::autograd::gradcheck;
use crate::dtype::DType;
use crate::nn::{GRU, LSTM, Module, RNN, RNNNonlinearity};
use crate::optim::testing::message;
use crate::tensor::{Shape, Tensor};

/// `modulus` numbers around 0 in a fixed order, again and again, in `f64`.
fn pattern(shape: impl Into<Shape>, step: usize, modulus: usize, divisor: f64) -> Tensor {
    let shape: Shape = shape.into();
    let number = |i: usize| (((i * step) % modulus) as f64 - (modulus / 2) as f64) / divisor;
    Tensor::from_vec((0..shape.numel()).map(number).collect(), shape)
}

/// One number that depends on each element.
fn digest(x: &Tensor) -> f64 {
    let x = x.detach().reshape([-1]);
    (&x * &pattern([x.numel()], 3, 7, 1.0)).sum().item()
}

/// Gives each parameter numbers of its own.
fn fill(layer: &dyn Module) {
    layer.to(DType::F64);
    for (number, parameter) in layer.parameters().into_iter().enumerate() {
        let count = parameter.numel();
        let values = pattern([count + number], 7, 11, 10.0).narrow(0, number as isize, count);
        crate::no_grad(|| parameter.copy_(&values.reshape(parameter.size())));
    }
}

/// The digests of outputs, states and all gradients for sequences of 2, 4 and 1 steps.
fn digests(
    layer: &dyn Module,
    states: &[Tensor],
    run: impl Fn(&PackedSequence, &[Tensor]) -> (PackedSequence, Vec<Tensor>),
) -> Vec<f64> {
    fill(layer);
    let steps = pattern([7, 3], 5, 7, 4.0).requires_grad_();
    let packed = pack_sequence(&steps.split_with_sizes(&[2, 4, 1], 0), false);
    let (output, last) = run(&packed, states);
    let results: Vec<&Tensor> = std::iter::once(output.data()).chain(&last).collect();
    let losses = results.iter().map(|x| (*x * &pattern(x.size(), 4, 9, 6.0)).sum());
    losses.fold(Tensor::zeros([]).to(DType::F64), |sum, loss| sum + loss).backward();
    let gradients = std::iter::once(&steps).chain(states).map(|x| x.grad().unwrap());
    let gradients = gradients.chain(layer.parameters().into_iter().map(|parameter| parameter.grad().unwrap()));
    results.into_iter().map(digest).chain(gradients.map(|gradient| digest(&gradient)).collect::<Vec<_>>()).collect()
}

#[track_caller]
fn assert_close(values: &[f64], expected: &[f64]) {
    assert_eq!(values.len(), expected.len());
    let far = values.iter().zip(expected).position(|(a, b)| (a - b).abs() > 1e-8);
    assert_eq!(far, None, "{values:?}\nexpected {expected:?}");
}

fn h0(rows: usize, size: usize) -> Tensor {
    pattern([rows, 3, size], 3, 5, 5.0).requires_grad_()
}

fn c0(rows: usize) -> Tensor {
    pattern([rows, 3, 2], 2, 7, 5.0).requires_grad_()
}

// The numbers below are PyTorch 2.15's for the same weights, sequences and states.

#[test]
fn an_rnn_gives_pytorchs_numbers() {
    let rnn = RNN::new(3, 2).num_layers(2).bidirectional(true);
    let run = |x: &PackedSequence, state: &[Tensor]| {
        let (output, h) = rnn.forward(x, Some(&state[0]));
        (output, vec![h])
    };
    let expected = [
        -0.467106423,
        0.007806564,
        -0.607600525,
        1.473838369,
        -4.173368454,
        0.734974338,
        -3.969211872,
        -3.969211872,
        2.238176878,
        -1.670267099,
        -1.766119217,
        -1.766119217,
        -0.836645061,
        -0.654249073,
        2.258440861,
        2.258440861,
        0.986221398,
        -2.876932975,
        -1.877965368,
        -1.877965368,
    ];
    assert_close(&digests(&rnn, &[h0(4, 2)], run), &expected);
}

#[test]
fn a_gru_gives_pytorchs_numbers() {
    let gru = GRU::new(3, 2).num_layers(2).bidirectional(true);
    let run = |x: &PackedSequence, state: &[Tensor]| {
        let (output, h) = gru.forward(x, Some(&state[0]));
        (output, vec![h])
    };
    let expected = [
        0.173752535,
        1.432544539,
        0.044734040,
        6.651756473,
        -1.765782155,
        0.154474085,
        0.706422386,
        0.216663743,
        0.775186629,
        0.012159639,
        0.241931171,
        -0.066896580,
        -0.360075372,
        0.131418887,
        -0.574572431,
        -0.053249524,
        1.705914383,
        -0.116414565,
        3.084004794,
        1.381921382,
    ];
    assert_close(&digests(&gru, &[h0(4, 2)], run), &expected);
}

#[test]
fn an_lstm_gives_pytorchs_numbers() {
    let lstm = LSTM::new(3, 2).num_layers(2).bidirectional(true);
    let run = |x: &PackedSequence, state: &[Tensor]| {
        let (output, (h, c)) = lstm.forward(x, Some((&state[0], &state[1])));
        (output, vec![h, c])
    };
    let expected = [
        -0.256369654,
        -0.418180107,
        0.067586831,
        -0.511826765,
        0.225335402,
        4.408091754,
        -1.697280725,
        -0.152600438,
        2.051866949,
        2.051866949,
        0.862849039,
        0.468953416,
        2.152567641,
        2.152567641,
        -0.041729404,
        0.280921300,
        -1.873072977,
        -1.873072977,
        0.569499941,
        -0.264234028,
        3.706345706,
        3.706345706,
    ];
    assert_close(&digests(&lstm, &[h0(4, 2), c0(4)], run), &expected);
}

#[test]
fn an_lstm_with_a_projection_gives_pytorchs_numbers() {
    let lstm = LSTM::new(3, 2).bidirectional(true).proj_size(1);
    let run = |x: &PackedSequence, state: &[Tensor]| {
        let (output, (h, c)) = lstm.forward(x, Some((&state[0], &state[1])));
        (output, vec![h, c])
    };
    let expected = [
        0.212442233,
        -0.217645158,
        1.745828446,
        -0.192698752,
        -0.466813034,
        2.160993315,
        -1.096414603,
        -0.070319486,
        1.231957902,
        1.231957902,
        0.482846723,
        0.260554313,
        0.279398052,
        1.772768722,
        1.772768722,
        0.334416056,
    ];
    assert_close(&digests(&lstm, &[h0(2, 1), c0(2)], run), &expected);
}

#[test]
fn packed_each_sequence_is_as_if_alone() {
    let sequences = [3, 5, 1, 5].map(|length| Tensor::randn([length, 3]));
    let packed = pack_sequence(&sequences, false);
    let lstm = LSTM::new(3, 4).num_layers(2).bidirectional(true);
    let rnn = RNN::new(3, 4).nonlinearity(RNNNonlinearity::Relu).bidirectional(true).batch_first(true);
    let (output, (h, c)) = lstm.forward(&packed, None);
    let (bent, state) = rnn.forward(&packed, None);
    let (outputs, bent) = (unpack_sequence(&output), unpack_sequence(&bent));
    let near = |a: &Tensor, b: &Tensor| assert!((a - b).abs().max().item() < 1e-5);
    for (index, sequence) in sequences.iter().enumerate() {
        let (alone, (own_h, own_c)) = lstm.forward(sequence, None);
        near(&outputs[index], &alone);
        near(&h.select(1, index as isize), &own_h);
        near(&c.select(1, index as isize), &own_c);
        let (alone, own_state) = rnn.forward(sequence, None);
        near(&bent[index], &alone);
        near(&state.select(1, index as isize), &own_state);
    }
}

#[test]
fn gradients_flow_through_packing_and_padding() {
    let x = pattern([3, 2, 2], 5, 7, 4.0).requires_grad_();
    let there_and_back = |x: &[&Tensor]| {
        let packed = pack_padded_sequence(x[0], &[1, 3], false, false);
        let squared = packed.with_data(packed.data().square());
        pad_packed_sequence(&squared, true, 2.0, Some(4)).0
    };
    gradcheck(there_and_back, &[&x]).unwrap();
    gradcheck(|x| pad_sequence(&unpad_sequence(x[0], &[2, 3], false), false, 0.0, PaddingSide::Left), &[&x]).unwrap();
}

#[test]
fn sequences_of_one_length_keep_their_order() {
    let packed = pack_padded_sequence(&Tensor::new([[1, 2], [3, 4], [5, 6]]), &Tensor::new([1, 2, 1]), true, false);
    assert_eq!(packed.sorted_indices().unwrap().to_vec::<i64>(), [1, 0, 2]);
    assert_eq!(packed.data().to_vec::<i64>(), [3, 1, 5, 4]);
    let sorted = pack_padded_sequence(&Tensor::new([[1, 3], [2, 0]]), &[2, 1], false, true);
    assert!(sorted.sorted_indices().is_none() && sorted.unsorted_indices().is_none());
    assert_eq!(pad_packed_sequence(&sorted, false, 0.0, None).1, [2, 1]);
}

#[test]
fn refusals_name_lengths_and_fix() {
    let x = Tensor::zeros([3, 2]);
    let refused = |lengths: &[usize], sorted: bool| message(|| pack_padded_sequence(&x, lengths, false, sorted));
    assert!(refused(&[3, 1, 1], true).contains("3 lengths for 2 sequences in a tensor of shape [3, 2]"));
    assert!(refused(&[3, 0], true).contains("a sequence has no steps: the lengths are [3, 0]"));
    assert!(refused(&[1, 3], true).contains("the longest sequence must come first, but the lengths are [1, 3]"));
    assert!(refused(&[4, 3], false).contains("a sequence of 4 steps in a tensor of shape [3, 2], which has 3"));
    assert!(message(|| pack_sequence(&[], true)).contains("pack_sequence: there are no sequences"));
    let unlike = message(|| pad_sequence(&[x.clone(), Tensor::zeros([3, 4])], false, 0.0, PaddingSide::Right));
    assert!(unlike.contains("the first sequence is float32 of shape [3, 2], but another float32 of shape [3, 4]"));
    let packed = pack_padded_sequence(&x, &[3, 1], false, true);
    assert!(message(|| packed.with_data(Tensor::zeros([3]))).contains("data of shape [3] for sequences of 4 steps"));
    assert!(message(|| pad_packed_sequence(&packed, false, 0.0, Some(2))).contains("total_length is 2"));
    let features = message(|| LSTM::new(5, 2).forward(&packed, None));
    assert!(features.contains("LSTM: the packed steps must have the shape [l, 5], but have [4]"), "{features}");
    let negative = message(|| pack_padded_sequence(&x, &Tensor::new([2, -1]), false, true));
    assert!(negative.contains("pack_padded_sequence: a sequence of -1 steps"), "{negative}");
}
