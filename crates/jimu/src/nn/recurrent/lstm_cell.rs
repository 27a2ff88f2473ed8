//! `LSTMCell`.

use super::cells::{Weights, cell, lstm_step};
use crate::error::OrRaise;
use crate::nn::field::{Field, Fields, Label};
use crate::nn::module::{Module, fmt_module};
use crate::tensor::Tensor;

/// One step of an [`LSTM`](super::LSTM), which has the formula:
/// [`torch.nn.LSTMCell`](https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html).
///
/// # Args
/// - `input_size`: the number of features of the input.
/// - `hidden_size`: the number of features of the state.
/// - [`bias`](Self::bias()): whether there are biases, by default yes.
///
/// # Shape
/// - Input: (n, input_size) or (input_size); each state, before and after: (n, hidden_size) or (hidden_size).
///
/// # Attributes
/// - `weight_ih`: (4·hidden_size, input_size); `weight_hh`: (4·hidden_size, hidden_size).
/// - `bias_ih`, `bias_hh`: (4·hidden_size).
///
/// All are from U(-√k, √k) with k = 1 / hidden_size.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::LSTMCell};
/// let cell = LSTMCell::new(10, 20);
/// let (h, c) = cell.forward(&Tensor::randn([3, 10]), None);
/// let (h, _) = cell.forward(&Tensor::randn([3, 10]), Some((&h, &c)));
/// assert_eq!(h.size(), [3, 20]);
/// ```
#[derive(Clone, Debug)]
pub struct LSTMCell {
    weights: Weights,
    input_size: usize,
    hidden_size: usize,
    label: Label,
}

impl LSTMCell {
    /// A cell with random weights.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        let weights = Weights::new(4, input_size, hidden_size, true, 0);
        Self { weights, input_size, hidden_size, label: Label::default() }
    }

    /// With biases, or without.
    pub fn bias(mut self, on: bool) -> Self {
        self.weights = Weights::new(4, self.input_size, self.hidden_size, on, 0);
        self
    }

    /// The next states (h, c) from the input `x` and the states (h, c), or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, state: Option<(&Tensor, &Tensor)>) -> (Tensor, Tensor) {
        let _scope = self.label.enter();
        let step = |x: &Tensor, state: &[Tensor]| lstm_step(&self.weights, x, state);
        let (who, sizes) = (self.label.describe("LSTMCell"), (self.input_size, self.hidden_size));
        let mut state = cell(who, sizes, x, state.map(|(h, c)| vec![h, c]), 2, step).or_raise();
        let h = state.remove(0);
        (h, state.remove(0))
    }
}

impl Module for LSTMCell {
    fn kind(&self) -> &str {
        "LSTMCell"
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

impl std::fmt::Display for LSTMCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}
