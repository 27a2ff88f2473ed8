//! `RNNCell`.

use super::cells::{RNNNonlinearity, Weights, cell, rnn_step};
use crate::error::OrRaise;
use crate::nn::field::{Field, Fields, Label};
use crate::nn::module::{Module, fmt_module};
use crate::tensor::Tensor;

/// One step of an [`RNN`](super::RNN), which has the formula:
/// [`torch.nn.RNNCell`](https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html).
///
/// # Args
/// - `input_size`: the number of features of the input.
/// - `hidden_size`: the number of features of the state.
/// - [`bias`](Self::bias()): whether there are biases, by default yes.
/// - [`nonlinearity`](Self::nonlinearity()): what bends the state, by default the hyperbolic tangent.
///
/// # Shape
/// - Input: (n, input_size) or (input_size); each state, before and after: (n, hidden_size) or (hidden_size).
///
/// # Attributes
/// - `weight_ih`: (hidden_size, input_size); `weight_hh`: (hidden_size, hidden_size).
/// - `bias_ih`, `bias_hh`: (hidden_size).
///
/// All are from U(-√k, √k) with k = 1 / hidden_size.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::RNNCell};
/// let cell = RNNCell::new(10, 20);
/// let h = cell.forward(&Tensor::randn([3, 10]), None);
/// assert_eq!(cell.forward(&Tensor::randn([3, 10]), Some(&h)).size(), [3, 20]);
/// ```
#[derive(Clone, Debug)]
pub struct RNNCell {
    weights: Weights,
    input_size: usize,
    hidden_size: usize,
    label: Label,
    nonlinearity: RNNNonlinearity,
}

impl RNNCell {
    /// A cell with random weights.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        let weights = Weights::new(1, input_size, hidden_size, true, 0);
        Self { weights, input_size, hidden_size, label: Label::default(), nonlinearity: RNNNonlinearity::Tanh }
    }

    /// With biases, or without.
    pub fn bias(mut self, on: bool) -> Self {
        self.weights = Weights::new(1, self.input_size, self.hidden_size, on, 0);
        self
    }

    /// What bends the state.
    pub fn nonlinearity(mut self, nonlinearity: RNNNonlinearity) -> Self {
        self.nonlinearity = nonlinearity;
        self
    }

    /// The next state from the input `x` and the state `h`, or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, h: Option<&Tensor>) -> Tensor {
        let _scope = self.label.enter();
        let step = |x: &Tensor, state: &[Tensor]| rnn_step(self.nonlinearity, &self.weights, x, state);
        let (who, sizes) = (self.label.describe("RNNCell"), (self.input_size, self.hidden_size));
        cell(who, sizes, x, h.map(|h| vec![h]), 1, step).or_raise().remove(0)
    }
}

impl Module for RNNCell {
    fn kind(&self) -> &str {
        "RNNCell"
    }

    fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::new();
        self.weights.list("", &mut fields);
        fields.push(("label".to_owned(), Field::Label(&self.label)));
        fields
    }

    fn extra_repr(&self) -> String {
        let bias = if self.weights.bias_ih.is_some() { "" } else { ", bias=False" };
        format!("{}, {}{bias}", self.input_size, self.hidden_size)
    }
}

impl std::fmt::Display for RNNCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}
