//! `hinge_embedding_loss`.

use super::loss::Reduction;
use crate::tensor::Tensor;

/// x where the target is 1, max(0, `margin` - x) where it is -1:
/// [`torch.nn.functional.hinge_embedding_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html).
/// For distances x of pairs that are alike (1) or not (-1).
///
/// # Args
/// - `margin`: the distance beyond which unlike pairs cost nothing, 1 in PyTorch unless given.
///
/// # Shape
/// Two that can be broadcast.
///
/// # Panics
/// If the shapes cannot be broadcast.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, hinge_embedding_loss}};
/// let (x, target) = (Tensor::new([0.5, 0.25]), Tensor::new([1.0, -1.0]));
/// assert_eq!(hinge_embedding_loss(&x, &target, 1.0, Reduction::None).to_vec::<f32>(), [0.5, 0.75]);
/// ```
#[track_caller]
pub fn hinge_embedding_loss(x: &Tensor, target: &Tensor, margin: f64, reduction: Reduction) -> Tensor {
    // As PyTorch has it, a target that is neither 1 nor -1 adds both parts.
    let alike = target.ne(-1.0).where_(x, 0.0);
    let unlike = target.ne(1.0).where_(&(margin - x).clamp_min(0.0), 0.0);
    reduction.apply(alike + unlike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let target = Tensor::new([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]]).to(crate::DType::F64);
        check(|x| hinge_embedding_loss(x[0], &target, 0.9, Reduction::Mean), &[&variable([2, 3])]);
    }
}
