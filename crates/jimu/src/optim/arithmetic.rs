//! Pieces of formulas that several optimisers share, as functions of elements.

use jimu_kernels::optimizer::Real;

/// The gradient of an element with the weight decay's added, negated first if the loss is to grow: a function of the
/// gradient and the element.
#[inline(always)]
pub(super) fn penalized<T: Real>(maximize: bool, weight_decay: f64) -> impl Fn(T, T) -> T + Copy {
    let decay = T::of(weight_decay);
    #[inline(always)]
    move |gradient: T, value| {
        let gradient = if maximize { -gradient } else { gradient };
        if weight_decay != 0.0 { gradient + decay * value } else { gradient }
    }
}

/// `average + weight·(g - average)`, from the nearer end: PyTorch's `lerp`.
#[inline(always)]
pub(super) fn lerp<T: Real>(weight: f64) -> impl Fn(T, T) -> T + Copy {
    let (near, far) = (T::of(weight), T::of(1.0 - weight));
    #[inline(always)]
    move |average, g| if weight < 0.5 { average + near * (g - average) } else { g - (g - average) * far }
}

/// `beta·square + (1 - beta)·g²`.
#[inline(always)]
pub(super) fn mean_square<T: Real>(beta: f64) -> impl Fn(T, T) -> T + Copy {
    let (old, new) = (T::of(beta), T::of(1.0 - beta));
    #[inline(always)]
    move |square, g| square * old + new * g * g
}

/// What the elements are multiplied by before anything else, and the share of them that is added to the gradient: the
/// two kinds of weight decay, of which one does nothing.
pub(super) fn split_weight_decay(lr: f64, weight_decay: f64, decoupled: bool) -> (f64, f64) {
    if decoupled { (1.0 - lr * weight_decay, 0.0) } else { (1.0, weight_decay) }
}
