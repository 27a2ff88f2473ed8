//! What the losses share.

use crate::dtype::DType;
use crate::error::{ShapeError, raise, warn};
use crate::tensor::{Shape, Tensor, broadcast_shapes};

/// What becomes of the losses of the samples: the `reduction` of PyTorch's losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// They stay as they are.
    None,
}

impl Reduction {
    #[track_caller]
    pub(super) fn apply(self, losses: Tensor) -> Tensor {
        match self {
            Self::Mean => losses.mean(),
            Self::Sum => losses.sum(),
            Self::None => losses,
        }
    }

    /// Of losses with factors: their mean is over the sum of the factors.
    #[track_caller]
    pub(super) fn apply_weighted(self, losses: Tensor, weight: &Tensor) -> Tensor {
        match self {
            Self::Mean => (losses * weight).sum() / weight.sum(),
            reduction => reduction.apply(losses * weight),
        }
    }
}

impl std::fmt::Display for Reduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::None => "none",
        })
    }
}

/// How two shapes become one.
const ONE_SHAPE: &str = "reshape or unsqueeze one of them, so that each output meets its own target";

/// Refuses two tensors of different shapes: each output is to meet its own target.
#[track_caller]
pub(super) fn same_shape(name: &str, x: &Tensor, target: &Tensor) {
    if x.shape() != target.shape() {
        refuse_shapes(name, x, target);
    }
}

#[track_caller]
fn refuse_shapes(name: &str, x: &Tensor, target: &Tensor) -> ! {
    let (input, wanted) = (x.shape(), target.shape());
    raise(
        ShapeError::new(name, format!("the input has shape {input}, but the target has shape {wanted}"))
            .help(ONE_SHAPE),
    )
}

/// Both in one shape. Different shapes are broadcast, as PyTorch does, but hardly ever meant: they are warned of.
#[track_caller]
pub(super) fn broadcast_pair(name: &str, x: &Tensor, target: &Tensor) -> (Tensor, Tensor) {
    if x.shape() == target.shape() {
        return (x.clone(), target.clone());
    }
    let Ok(shape) = broadcast_shapes(x.shape(), target.shape(), name) else { refuse_shapes(name, x, target) };
    let problem = format!(
        "the input has shape {}, but the target has shape {}: both are broadcast to {shape}",
        x.shape(),
        target.shape()
    );
    warn(&ShapeError::new(name, problem).help(ONE_SHAPE));
    (x.expand(&*shape), target.expand(&*shape))
}

/// The dimension of the classes in scores of shape (c), (n, c) or (n, c, …).
pub(super) fn class_dim(scores: &Tensor) -> usize {
    usize::from(scores.dim() > 1)
}

/// Refuses class indices that are no whole numbers, have another shape than the scores without the classes, or are out
/// of range.
pub(super) fn check_classes(
    name: &str,
    scores: &Tensor,
    target: &Tensor,
    ignore_index: Option<i64>,
) -> Result<(), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new(name, problem).help(help));
    let dim = class_dim(scores);
    if !matches!(target.dtype(), DType::I64 | DType::U8) {
        return refuse(
            format!("the target must be class indices, but is {}", target.dtype()),
            "convert the classes with y.to(DType::I64)",
        );
    }
    let expected: Shape = (0..scores.dim()).filter(|&d| d != dim).map(|d| scores.shape()[d]).collect();
    if expected != *target.shape() {
        let (scores, wanted) = (scores.shape(), target.shape());
        let help = match wanted == scores {
            true => "give one class for each sample; y.argmax_dim(1, false) makes classes of one-hot rows",
            false => "give one class for each sample",
        };
        return refuse(
            format!("for scores of shape {scores} the class indices must have the shape {expected}, but have {wanted}"),
            help,
        );
    }
    check_range(name, target, scores.shape()[dim], ignore_index)
}

fn check_range(name: &str, target: &Tensor, classes: usize, ignore_index: Option<i64>) -> Result<(), ShapeError> {
    if target.is_meta() {
        return Ok(());
    }
    let outside = |class: &i64| Some(*class) != ignore_index && !(0..classes as i64).contains(class);
    let bad = target.to(DType::I64).with_contiguous::<i64, _>(|classes| classes.iter().copied().find(outside));
    match bad {
        None => Ok(()),
        Some(class) => Err(ShapeError::new(name, format!("class {class} is out of range for {classes} classes"))
            .help(format!("classes count from 0 to {}; give the last layer one output for each", classes as i64 - 1))),
    }
}

/// Refuses factors that are not one for each of `classes`.
pub(super) fn check_class_weight(name: &str, weight: Option<&Tensor>, classes: usize) -> Result<(), ShapeError> {
    match weight {
        Some(weight) if *weight.shape() != [classes] => {
            let problem = format!("the weight must have the shape [{classes}], but has {}", weight.shape());
            Err(ShapeError::new(name, problem).help("give one factor for each class"))
        }
        _ => Ok(()),
    }
}
