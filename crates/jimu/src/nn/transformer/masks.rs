//! The masks of attention.

use crate::dtype::DType;
use crate::tensor::Tensor;

/// A mask as what is added to the scores: 0 where attention is allowed, minus infinity where not.
pub(super) fn additive(mask: &Tensor, dtype: DType) -> Tensor {
    match mask.dtype() {
        DType::Bool => Tensor::zeros_of(mask.size(), dtype).masked_fill(mask, f64::NEG_INFINITY),
        _ => mask.clone(),
    }
}

/// The sum of two masks.
pub(super) fn merge(first: Option<Tensor>, second: Option<Tensor>) -> Option<Tensor> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first + second),
        (first, second) => first.or(second),
    }
}
