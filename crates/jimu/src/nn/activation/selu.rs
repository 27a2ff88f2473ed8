//! `SELU`.

use crate::nn::{Forward, Module, functional};
use crate::tensor::Tensor;

/// λ·x where x > 0 and λ·α·(eˣ - 1) elsewhere, with λ ≈ 1.0507 and α ≈ 1.6733, which draw the mean of many layers to
/// 0 and their variance to 1: [`torch.nn.SELU`](https://pytorch.org/docs/stable/generated/torch.nn.SELU.html)
/// (Klambauer et al., *Self-normalizing neural networks*, 2017).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, SELU}};
/// assert!((SELU.forward(&Tensor::new([1.0])).item() - 1.0507).abs() < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct SELU;

impl Forward for SELU {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        functional::selu(x)
    }
}
