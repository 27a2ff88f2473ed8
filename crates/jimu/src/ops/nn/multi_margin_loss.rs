//! `multi_margin_loss`.

use super::loss::{Reduction, check_class_weight, check_classes, class_dim};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// The options of [`multi_margin_loss`]; the defaults are PyTorch's.
#[derive(Clone, Debug)]
pub struct MultiMarginLossOptions {
    /// The power of each term, 1 or 2.
    pub p: u32,
    /// How far the right class is to lead.
    pub margin: f64,
    /// A factor for each class, that of the right one counts.
    pub weight: Option<Tensor>,
    /// What becomes of the losses of the samples.
    pub reduction: Reduction,
}

impl Default for MultiMarginLossOptions {
    fn default() -> Self {
        Self { p: 1, margin: 1.0, weight: None, reduction: Reduction::Mean }
    }
}

fn check(x: &Tensor, target: &Tensor, options: &MultiMarginLossOptions) -> Result<(), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("multi_margin_loss", problem).help(help));
    if !(1..=2).contains(&options.p) {
        return refuse(format!("p is {}", options.p), "choose 1 or 2");
    }
    if !(1..=2).contains(&x.dim()) {
        return refuse(format!("the scores must have the shape [n, c] or [c], but have {}", x.shape()), "flatten them");
    }
    check_class_weight("multi_margin_loss", options.weight.as_ref(), x.shape()[class_dim(x)])?;
    check_classes("multi_margin_loss", x, target, None)
}

/// Σ max(0, margin - x\[class\] + x\[i\])ᵖ / c over the classes i that are not the right one:
/// [`torch.nn.functional.multi_margin_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html).
///
/// # Shape
/// - `x`: (n, c) or (c); `target`: (n) or 0-d, classes in `i64`.
///
/// # Panics
/// If the shapes or types do not fit, a class is out of range, or p is neither 1 nor 2.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::multi_margin_loss};
/// let x = Tensor::new([[0.1, 0.2, 0.4, 0.8]]);
/// let loss = multi_margin_loss(&x, &Tensor::new([3]), &Default::default());
/// assert!((loss.item() - (0.3 + 0.4 + 0.6) / 4.0).abs() < 1e-6);
/// ```
#[track_caller]
pub fn multi_margin_loss(x: &Tensor, target: &Tensor, options: &MultiMarginLossOptions) -> Tensor {
    check(x, target, options).or_raise();
    let dim = class_dim(x) as isize;
    let classes = target.to(DType::I64).unsqueeze(dim);
    let mut terms = (options.margin - x.gather(dim, &classes) + x).relu();
    if options.p == 2 {
        terms = terms.square();
    }
    if let Some(weight) = &options.weight {
        terms *= weight.index_select(0, &classes.flatten(..)).reshape(classes.size());
    }
    let right = target.to(DType::I64).one_hot(x.shape()[dim as usize]).to(DType::Bool);
    let losses = right.where_(0.0, &terms).sum_dim(dim, false) / x.shape()[dim as usize] as f64;
    options.reduction.apply(losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check as check_derivatives, variable};

    #[test]
    fn derivatives() {
        let weight = Some(Tensor::new([0.5, 1.0, 2.0]).to(DType::F64));
        for p in [1, 2] {
            let options = MultiMarginLossOptions { p, margin: 0.7, weight: weight.clone(), ..Default::default() };
            check_derivatives(|x| multi_margin_loss(x[0], &Tensor::new([2, 1]), &options), &[&variable([2, 3])]);
            check_derivatives(|x| multi_margin_loss(x[0], &Tensor::new(1), &options), &[&variable([3])]);
        }
    }

    #[test]
    #[should_panic(expected = "multi_margin_loss: p is 3")]
    fn refusal() {
        let options = MultiMarginLossOptions { p: 3, ..Default::default() };
        multi_margin_loss(&Tensor::zeros([2, 3]), &Tensor::new([0, 1]), &options);
    }
}
