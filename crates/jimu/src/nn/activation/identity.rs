//! `Identity`.

use crate::nn::{Forward, Module};
use crate::tensor::Tensor;

/// Passes its input on: what takes the place of a layer that is taken out:
/// [`torch.nn.Identity`](https://pytorch.org/docs/stable/generated/torch.nn.Identity.html).
///
/// # Shape
/// Any; the output has the same.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Identity}};
/// assert_eq!(Identity.forward(&Tensor::new([3.0])).item(), 3.0);
/// ```
#[derive(Clone, Copy, Debug, Default, Module)]
pub struct Identity;

impl Forward for Identity {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        x.clone()
    }
}
