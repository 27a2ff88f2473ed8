//! `LSTMCell`.

use super::cells::{OneStep, module_of};
use crate::error::OrRaise;
use crate::nn::field::Fields;
use crate::nn::module::{Module, fmt_module};
use crate::ops::nn::recurrence::Cell;
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
    step: OneStep,
}

impl LSTMCell {
    /// A cell with random weights.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        Self { step: OneStep::new("LSTMCell", Cell::Lstm, input_size, hidden_size) }
    }

    /// With biases, or without.
    pub fn bias(mut self, on: bool) -> Self {
        self.step = self.step.bias(on);
        self
    }

    /// The next states (h, c) from the input `x` and the states (h, c), or zeros.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, state: Option<(&Tensor, &Tensor)>) -> (Tensor, Tensor) {
        let mut state = self.step.run(x, state.map(|(h, c)| vec![h, c])).or_raise();
        let h = state.remove(0);
        (h, state.remove(0))
    }
}

module_of!(LSTMCell, step);
