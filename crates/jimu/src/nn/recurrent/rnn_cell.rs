//! `RNNCell`.

use super::cells::{OneStep, RNNNonlinearity, module_of};
use crate::error::OrRaise;
use crate::nn::field::Fields;
use crate::nn::module::{Module, fmt_module};
use crate::ops::nn::recurrence::Cell;
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
    step: OneStep,
}

impl RNNCell {
    /// A cell with random weights.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self { step: OneStep::new("RNNCell", Cell::Tanh, input_size, hidden_size) }
    }

    /// With biases, or without.
    pub fn bias(mut self, on: bool) -> Self {
        self.step = self.step.bias(on);
        self
    }

    /// What bends the state.
    pub fn nonlinearity(mut self, nonlinearity: RNNNonlinearity) -> Self {
        self.step = self.step.cell(nonlinearity.cell());
        self
    }

    /// The next state from the input `x` and the state `h`, or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, h: Option<&Tensor>) -> Tensor {
        self.step.run(x, h.map(|h| vec![h])).or_raise().remove(0)
    }
}

module_of!(RNNCell, step);
