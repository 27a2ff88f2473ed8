//! `GRUCell`.

use super::cells::{Weights, cell, gru_step};
use crate::error::OrRaise;
use crate::nn::field::{Field, Fields, Label};
use crate::nn::module::{Module, fmt_module};
use crate::tensor::Tensor;

/// One step of a [`GRU`](super::GRU), which has the formula:
/// [`torch.nn.GRUCell`](https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html).
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
/// - `weight_ih`: (3·hidden_size, input_size); `weight_hh`: (3·hidden_size, hidden_size).
/// - `bias_ih`, `bias_hh`: (3·hidden_size).
///
/// All are from U(-√k, √k) with k = 1 / hidden_size.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::GRUCell};
/// let cell = GRUCell::new(10, 20);
/// assert_eq!(cell.forward(&Tensor::randn([3, 10]), None).size(), [3, 20]);
/// ```
#[derive(Clone, Debug)]
pub struct GRUCell {
    weights: Weights,
    input_size: usize,
    hidden_size: usize,
    label: Label,
}

impl GRUCell {
    /// A cell with random weights.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        let weights = Weights::new(3, input_size, hidden_size, true, 0);
        Self { weights, input_size, hidden_size, label: Label::default() }
    }

    /// With biases, or without.
    pub fn bias(mut self, on: bool) -> Self {
        self.weights = Weights::new(3, self.input_size, self.hidden_size, on, 0);
        self
    }

    /// The next state from the input `x` and the state `h`, or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, h: Option<&Tensor>) -> Tensor {
        let _scope = self.label.enter();
        let step = |x: &Tensor, state: &[Tensor]| gru_step(&self.weights, x, state);
        let (who, sizes) = (self.label.describe("GRUCell"), (self.input_size, self.hidden_size));
        cell(who, sizes, x, h.map(|h| vec![h]), 1, step).or_raise().remove(0)
    }
}

impl Module for GRUCell {
    fn kind(&self) -> &str {
        "GRUCell"
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

impl std::fmt::Display for GRUCell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}
