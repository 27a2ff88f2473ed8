//! `multilabel_margin_loss`.

use super::loss::Reduction;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// How often each class is among the targets of its sample: those before the first -1. [n, c], as `x` is.
fn counts(x: &Tensor, target: &Tensor) -> Result<Tensor, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("multilabel_margin_loss", problem).help(help));
    let (scores, wanted) = (x.shape(), target.shape());
    if !(1..=2).contains(&x.dim()) || scores != wanted || target.dtype() != DType::I64 {
        return refuse(
            format!("scores of shape {scores} do not fit a target of shape {wanted} and type {}", target.dtype()),
            "give scores [n, c] or [c], and int64 classes of the same shape, filled up with -1",
        );
    }
    let classes = scores[x.dim() - 1];
    if x.is_meta() || target.is_meta() || classes == 0 {
        return Ok(Tensor::zeros_of(scores, x.dtype()));
    }
    let mut counts = vec![0.0f64; x.numel()];
    for (row, counts) in target.to_vec::<i64>().chunks(classes).zip(counts.chunks_mut(classes)) {
        for &class in row.iter().take_while(|&&class| class >= 0) {
            match counts.get_mut(class as usize) {
                Some(count) => *count += 1.0,
                None => return refuse(format!("class {class} is out of range for {classes} classes"), "count from 0"),
            }
        }
    }
    Ok(Tensor::from_vec(counts, scores).to(x.dtype()))
}

/// Σ max(0, 1 - (x\[j\] - x\[i\])) / c over the classes j that apply and the classes i that do not:
/// [`torch.nn.functional.multilabel_margin_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html).
///
/// # Shape
/// - `x`: (n, c) or (c); `target`: the same, in `i64`: the classes that apply, filled up with -1.
/// - Output: 0-d, or (n) with [`Reduction::None`].
///
/// # Panics
/// If the shapes or types do not fit, or a class is out of range.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{Reduction, multilabel_margin_loss}};
/// let (x, target) = (Tensor::new([[0.1, 0.2, 0.4, 0.8]]), Tensor::new([[3, 0, -1, 1]]));
/// let loss = multilabel_margin_loss(&x, &target, Reduction::Mean);
/// assert!((loss.item() - (0.4 + 0.6 + 1.1 + 1.3) / 4.0).abs() < 1e-6);
/// ```
#[track_caller]
pub fn multilabel_margin_loss(x: &Tensor, target: &Tensor, reduction: Reduction) -> Tensor {
    let applies = counts(x, target).or_raise();
    let classes = x.shape()[x.dim() - 1];
    // [*, j, i]: each class that applies against each that does not.
    let pairs = applies.unsqueeze(-1) * applies.eq(0.0).to(x.dtype()).unsqueeze(-2);
    let terms = (1.0 - (x.unsqueeze(-1) - x.unsqueeze(-2))).relu();
    reduction.apply((terms * pairs).sum_dim([-2, -1], false) / classes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let target = Tensor::new([[2, 0, -1], [1, -1, 0]]);
        check(|x| multilabel_margin_loss(x[0], &target, Reduction::Mean), &[&variable([2, 3])]);
        check(|x| multilabel_margin_loss(x[0], &Tensor::new([1, 1, -1]), Reduction::Sum), &[&variable([3])]);
    }

    #[test]
    #[should_panic(expected = "multilabel_margin_loss: class 3 is out of range for 3 classes")]
    fn refusal() {
        multilabel_margin_loss(&Tensor::zeros([3]), &Tensor::new([3, -1, -1]), Reduction::Mean);
    }
}
