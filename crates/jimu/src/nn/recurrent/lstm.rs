//! `LSTM`.

use super::cells::module_of;
use super::stack::{Stack, builders};
use crate::error::OrRaise;
use crate::nn::field::Fields;
use crate::nn::module::{Module, fmt_module};
use crate::nn::utils::rnn::Sequences;
use crate::ops::nn::dropout::check_probability;
use crate::ops::nn::recurrence::Cell;
use crate::tensor::Tensor;

/// A network with a long memory c, which is changed only by what gates let pass:
/// [`torch.nn.LSTM`](https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html) (Hochreiter and Schmidhuber, *Long
/// short-term memory*, 1997).
///
/// ```text
/// i  = sigmoid(W_ii x + b_ii + W_hi h + b_hi)
/// f  = sigmoid(W_if x + b_if + W_hf h + b_hf)
/// g  = tanh(W_ig x + b_ig + W_hg h + b_hg)
/// o  = sigmoid(W_io x + b_io + W_ho h + b_ho)
/// c' = f c + i g
/// h' = o tanh(c')                               with a projection W_hr o tanh(c')
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
/// - [`proj_size`](Self::proj_size()): the size of what is passed on, if it is to be less than hidden_size, by
///   default 0: no projection.
///
/// # Shape
/// - Input: (l, n, input_size), or (l, input_size) without a batch; n comes first with `batch_first`.
///   Or a [`PackedSequence`](crate::nn::utils::rnn::PackedSequence) of such steps; the output is one, too.
/// - States, before and after: h (directions · num_layers, n, hidden_size or proj_size) and c (directions · num_layers, n,
///   hidden_size), or without n.
/// - Output: (l, n, directions · hidden_size or proj_size), h of the last layer at every step.
///
/// # Attributes
/// In a `state_dict`, for layer k, with `_reverse` after the name for the other direction:
/// - `weight_ih_lk`: (4·hidden_size, input_size), above the first layer (…, directions · hidden_size).
/// - `weight_hh_lk`: (4·hidden_size, hidden_size).
/// - `bias_ih_lk`, `bias_hh_lk`: (4·hidden_size).
/// - `weight_hr_lk`: (proj_size, hidden_size), with a projection, which then takes the place of hidden_size above.
///
/// All are from U(-√k, √k) with k = 1 / hidden_size.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{LSTM, Module}};
/// let lstm = LSTM::new(10, 20).num_layers(2);
/// let (h0, c0) = (Tensor::zeros([2, 3, 20]), Tensor::zeros([2, 3, 20]));
/// let (output, (hn, cn)) = lstm.forward(&Tensor::randn([5, 3, 10]), Some((&h0, &c0)));
/// assert_eq!((output.size(), hn.size(), cn.size()), ([5, 3, 20].into(), [2, 3, 20].into(), [2, 3, 20].into()));
/// assert_eq!(lstm.named_parameters()[4].0, "weight_ih_l1");
/// ```
#[derive(Clone, Debug)]
pub struct LSTM {
    stack: Stack,
}

impl LSTM {
    /// One layer in one direction, with random weights.
    ///
    /// # Panics
    /// If `hidden_size` is 0.
    #[track_caller]
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self { stack: Stack::new("LSTM", Cell::Lstm, input_size, hidden_size) }
    }

    builders!("LSTM");

    /// The size of what is passed on, through a projection; 0 for none.
    ///
    /// # Panics
    /// If it is not less than hidden_size.
    #[track_caller]
    pub fn proj_size(mut self, proj_size: usize) -> Self {
        self.stack.proj_size = proj_size;
        self.stack = self.stack.renewed();
        self
    }

    /// The outputs at every step, and the last states (h, c) of each layer and direction. The initial states are `state`,
    /// (h, c), or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward<S: Sequences>(&self, x: &S, state: Option<(&Tensor, &Tensor)>) -> (S, (Tensor, Tensor)) {
        let (output, mut state) = self.stack.run(x, state.map(|(h, c)| vec![h, c])).or_raise();
        let h = state.remove(0);
        (output, (h, state.remove(0)))
    }
}

module_of!(LSTM, stack);
