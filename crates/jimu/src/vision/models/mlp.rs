//! A multi-layer perceptron.

use crate::nn::{Forward, Linear, Module};
use crate::tensor::Tensor;

/// Three linear layers with ReLU between them.
///
/// # Shape
/// - Input: (n, …), flattened to (n, inputs); output: (n, classes).
///
/// # Attributes
/// - `fc1`, `fc2`, `fc3`: as [`Linear`] begins.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::Mlp};
/// let model = Mlp::new(784, 10);
/// assert_eq!(model.num_parameters(), 535_818);
/// assert_eq!(model.forward(&Tensor::zeros([2, 1, 28, 28])).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl Mlp {
    /// inputs-512-256-classes, for samples of `inputs` numbers.
    pub fn new(inputs: usize, classes: usize) -> Self {
        Self::with_sizes([inputs, 512, 256, classes])
    }

    /// With layers of these sizes, that of the inputs first. `[3, 4, 4, 2]` is the network that courses draw.
    ///
    /// ```
    /// use jimu::{nn::Module, vision::models::Mlp};
    /// assert_eq!(Mlp::with_sizes([3, 4, 4, 2]).num_parameters(), 16 + 20 + 10);
    /// ```
    pub fn with_sizes([inputs, first, second, classes]: [usize; 4]) -> Self {
        Self { fc1: Linear::new(inputs, first), fc2: Linear::new(first, second), fc3: Linear::new(second, classes) }
    }
}

impl Forward for Mlp {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.fc1.forward(&x.flatten(1..)).relu();
        self.fc3.forward(&self.fc2.forward(&x).relu())
    }
}
