//! `RNN`.

use super::cells::{RNNNonlinearity, module_of};
use super::stack::{Stack, builders};
use crate::error::OrRaise;
use crate::nn::field::Fields;
use crate::nn::module::{Module, fmt_module};
use crate::nn::utils::rnn::Sequences;
use crate::ops::nn::dropout::check_probability;
use crate::ops::nn::recurrence::Cell;
use crate::tensor::Tensor;

/// A network with a state: at each step it is made from the input and the state before:
/// [`torch.nn.RNN`](https://pytorch.org/docs/stable/generated/torch.nn.RNN.html) (Elman, *Finding structure in time*,
/// 1990).
///
/// ```text
/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh)
/// ```
///
/// # Args
/// - `input_size`: the number of features of each step.
/// - `hidden_size`: the number of features of the state.
/// - [`num_layers`](Self::num_layers()): layers one above the other, each running over the outputs of the one below,
///   by default 1.
/// - [`bias`](Self::bias()): whether there are biases, by default yes.
/// - [`batch_first`](Self::batch_first()): whether inputs and outputs are (n, l, …) instead of (l, n, …), by default
///   no.
/// - [`dropout`](Self::dropout()): the probability of a [`Dropout`](crate::nn::Dropout) on the outputs of each layer
///   but the last, by default 0.
/// - [`bidirectional`](Self::bidirectional()): whether each layer also runs from the end to the start, by default no.
///
/// # Shape
/// - Input: (l, n, input_size), or (l, input_size) without a batch; n comes first with `batch_first`.
///   Or a [`PackedSequence`](crate::nn::utils::rnn::PackedSequence) of such steps; the output is one, too.
/// - State, before and after: (directions · num_layers, n, hidden_size), or without n.
/// - Output: (l, n, directions · hidden_size), the states of the last layer at every step.
///
/// # Attributes
/// In a `state_dict`, for layer k, with `_reverse` after the name for the other direction:
/// - `weight_ih_lk`: (hidden_size, input_size), above the first layer (…, directions · hidden_size).
/// - `weight_hh_lk`: (hidden_size, hidden_size).
/// - `bias_ih_lk`, `bias_hh_lk`: (hidden_size).
///
/// All are from U(-√k, √k) with k = 1 / hidden_size.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::RNN};
/// let rnn = RNN::new(10, 20).num_layers(2);
/// let (output, hn) = rnn.forward(&Tensor::randn([5, 3, 10]), Some(&Tensor::randn([2, 3, 20])));
/// assert_eq!((output.size(), hn.size()), ([5, 3, 20].into(), [2, 3, 20].into()));
/// assert_eq!(rnn.to_string(), "RNN(10, 20, num_layers=2)");
/// ```
#[derive(Clone, Debug)]
pub struct RNN {
    stack: Stack,
}

impl RNN {
    /// One layer in one direction, with random weights.
    ///
    /// # Panics
    /// If `hidden_size` is 0.
    #[track_caller]
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self { stack: Stack::new("RNN", Cell::Tanh, input_size, hidden_size) }
    }

    builders!("RNN");

    /// What bends the state.
    pub fn nonlinearity(mut self, nonlinearity: RNNNonlinearity) -> Self {
        self.stack.cell = nonlinearity.cell();
        self
    }

    /// The outputs at every step, and the last state of each layer and direction. The initial state is `h0`, or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward<S: Sequences>(&self, x: &S, h0: Option<&Tensor>) -> (S, Tensor) {
        let (output, mut state) = self.stack.run(x, h0.map(|h0| vec![h0])).or_raise();
        (output, state.remove(0))
    }
}

module_of!(RNN, stack);
