//! A multi-layer perceptron.

use crate::nn::{Forward, Linear, Module};
use crate::tensor::Tensor;

/// Three linear layers with ReLU between them: inputs-512-256-classes.
///
/// # Shape
/// - Input: (n, …), flattened to (n, inputs); output: (n, classes).
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
    /// For samples of `inputs` numbers and `classes` classes.
    pub fn new(inputs: usize, classes: usize) -> Self {
        Self { fc1: Linear::new(inputs, 512), fc2: Linear::new(512, 256), fc3: Linear::new(256, classes) }
    }
}

impl Forward for Mlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.fc1.forward(&x.flatten(1..)).relu();
        self.fc3.forward(&self.fc2.forward(&x).relu())
    }
}
