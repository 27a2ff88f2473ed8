//! Clipping of gradients.

use jimu_kernels::optimizer::Real;
use jimu_kernels::reduce::Fold;

use crate::dtype::{Element, dispatch_float};
use crate::error::{ShapeError, raise};
use crate::ops::reduce::{Over, fold_elements};
use crate::tensor::Tensor;

/// Scales all gradients together so that their common L2 norm is at most `max_norm`; returns the norm before:
/// [`torch.nn.utils.clip_grad_norm_`](https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html).
///
/// ```text
/// gradient = gradient · min(1, max_norm / (norm + 1e-6))
/// ```
///
/// Call it between `backward` and `step`. Parameters without a gradient are left out. Pascanu et al., [*On the
/// difficulty of training recurrent neural networks*](https://arxiv.org/abs/1211.5063), 2013.
///
/// # Panics
/// If `max_norm` is not a number.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::clip_grad_norm_;
/// let w = Tensor::zeros([2]).requires_grad_();
/// (&w * &Tensor::new([3.0, 4.0])).sum().backward();
/// assert_eq!(clip_grad_norm_(&[w.clone()], 1.0), 5.0);
/// let clipped = w.grad().unwrap().to_vec::<f32>();
/// assert!((clipped[0] - 0.6).abs() < 1e-6 && (clipped[1] - 0.8).abs() < 1e-6);
/// ```
#[track_caller]
pub fn clip_grad_norm_(params: &[Tensor], max_norm: f64) -> f64 {
    clip_grad_norm_of(params, max_norm, 2.0)
}

/// As [`clip_grad_norm_`], with the norm of order `norm_type`; `f64::INFINITY` is the largest magnitude.
///
/// # Panics
/// If `max_norm` is not a number, or `norm_type` not above 0.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::clip_grad_norm_of;
/// let w = Tensor::zeros([2]).requires_grad_();
/// (&w * &Tensor::new([3.0, -4.0])).sum().backward();
/// assert_eq!(clip_grad_norm_of(&[w.clone()], 10.0, 1.0), 7.0);
/// assert_eq!(clip_grad_norm_of(&[w], 10.0, f64::INFINITY), 4.0);
/// ```
#[track_caller]
pub fn clip_grad_norm_of(params: &[Tensor], max_norm: f64, norm_type: f64) -> f64 {
    check_limits(max_norm, norm_type);
    let norm = get_total_norm(&gradients(params), norm_type);
    clip_grads_with_norm_(params, max_norm, norm);
    norm
}

/// As [`clip_grad_norm_of`], but with gradients that are infinite or not a number an error, and nothing is changed:
/// PyTorch's `error_if_nonfinite=True`.
///
/// # Errors
/// If the norm is infinite or not a number.
///
/// # Panics
/// If `max_norm` is not a number, or `norm_type` not above 0.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::try_clip_grad_norm_;
/// let w = Tensor::zeros([2]).requires_grad_();
/// w.set_grad(Some(Tensor::new([1.0, f64::INFINITY])));
/// let error = try_clip_grad_norm_(&[w.clone()], 1.0, 2.0).unwrap_err();
/// assert!(error.to_string().starts_with("the total norm of order 2 of the gradients is inf"));
/// assert_eq!(w.grad().unwrap().to_vec::<f32>()[0], 1.0);
/// ```
#[track_caller]
pub fn try_clip_grad_norm_(params: &[Tensor], max_norm: f64, norm_type: f64) -> Result<f64, NonFiniteNormError> {
    check_limits(max_norm, norm_type);
    let norm = get_total_norm(&gradients(params), norm_type);
    if !norm.is_finite() {
        return Err(NonFiniteNormError { norm, norm_type });
    }
    clip_grads_with_norm_(params, max_norm, norm);
    Ok(norm)
}

/// The norm of gradients is infinite or not a number, so that they cannot be clipped.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "the total norm of order {norm_type} of the gradients is {norm}, so they cannot be clipped\n  \
     help: leave this step out, or take a lower learning rate"
)]
pub struct NonFiniteNormError {
    /// The norm.
    pub norm: f64,
    /// Its order.
    pub norm_type: f64,
}

fn gradients(params: &[Tensor]) -> Vec<Tensor> {
    params.iter().filter_map(Tensor::grad).collect()
}

/// Scales all gradients by `min(1, max_norm / (total_norm + 1e-6))`, for a norm that is known already:
/// [`torch.nn.utils.clip_grads_with_norm_`](https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html).
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::clip_grads_with_norm_;
/// let w = Tensor::zeros([2]).requires_grad_();
/// w.set_grad(Some(Tensor::new([3.0, 4.0])));
/// clip_grads_with_norm_(&[w.clone()], 1.0, 10.0);
/// assert!((w.grad().unwrap().to_vec::<f32>()[0] - 0.3).abs() < 1e-6);
/// ```
pub fn clip_grads_with_norm_(params: &[Tensor], max_norm: f64, total_norm: f64) {
    let scale = max_norm / (total_norm + 1e-6);
    // A norm that is not a number must reach the gradients, as in PyTorch, so that it is noticed.
    if scale < 1.0 || scale.is_nan() {
        for param in params {
            rewrite_gradient(param, Rewrite::Scale(scale));
        }
    }
}

/// Cuts every element of every gradient to `-clip_value..=clip_value`:
/// [`torch.nn.utils.clip_grad_value_`](https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html).
///
/// # Panics
/// If `clip_value` is negative or not a number.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::clip_grad_value_;
/// let w = Tensor::zeros([3]).requires_grad_();
/// (&w * &Tensor::new([3.0, -4.0, 0.5])).sum().backward();
/// clip_grad_value_(&[w.clone()], 1.0);
/// assert_eq!(w.grad().unwrap().to_vec::<f32>(), [1.0, -1.0, 0.5]);
/// ```
#[track_caller]
pub fn clip_grad_value_(params: &[Tensor], clip_value: f64) {
    if clip_value.is_nan() || clip_value < 0.0 {
        raise(
            ShapeError::new("clip_grad_value_", format!("invalid clip_value: {clip_value}"))
                .help("give a number that is 0 or more"),
        );
    }
    for param in params {
        rewrite_gradient(param, Rewrite::Clamp(clip_value));
    }
}

#[track_caller]
fn check_limits(max_norm: f64, norm_type: f64) {
    if max_norm.is_nan() || norm_type.is_nan() || norm_type <= 0.0 {
        raise(
            ShapeError::new("clip_grad_norm_", format!("a max_norm of {max_norm} for the norm of order {norm_type}"))
                .help("give a number for max_norm, and an order above 0, as in 2.0 or f64::INFINITY"),
        );
    }
}

/// The norm of order `norm_type` of several tensors, as if they were one vector, computed in `f64`; of none it is 0:
/// [`torch.nn.utils.get_total_norm`](https://pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html).
///
/// # Panics
/// If `norm_type` is not above 0, or a tensor does not hold real numbers.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::get_total_norm;
/// let tensors = [Tensor::new([3.0]), Tensor::new([[0.0, -4.0]])];
/// assert_eq!(get_total_norm(&tensors, 2.0), 5.0);
/// assert_eq!(get_total_norm(&tensors, 1.0), 7.0);
/// assert_eq!(get_total_norm(&tensors, f64::INFINITY), 4.0);
/// ```
#[track_caller]
pub fn get_total_norm(tensors: &[Tensor], norm_type: f64) -> f64 {
    check_limits(0.0, norm_type);
    if let Some(other) = tensors.iter().find(|tensor| !tensor.dtype().is_floating_point()) {
        let problem = format!("a tensor of shape {} is {}", other.shape(), other.dtype());
        raise(ShapeError::new("get_total_norm", problem).help("convert it with x.to(DType::F32) first"));
    }
    let order = norm_type;
    let powers = tensors.iter().filter(|tensor| !tensor.is_meta()).map(|tensor| {
        let over = Over::all(tensor);
        let fold = PowerSum { order };
        dispatch_float!(tensor.dtype(), T => fold_elements::<T, f64, _>(tensor, &over, &fold)).item()
    });
    let fold = PowerSum { order };
    let total = powers.fold(0.0, |total, power| Fold::<f64>::merge(&fold, total, power));
    match order {
        2.0 => total.sqrt(),
        order if order.is_infinite() => total,
        order => total.powf(1.0 / order),
    }
}

/// The sum of the magnitudes to the power of `order`; for an infinite order the largest magnitude.
struct PowerSum {
    order: f64,
}

impl<T: Element<Stored = T> + Real> Fold<T> for PowerSum {
    type Accumulator = f64;

    #[inline(always)]
    fn identity(&self) -> f64 {
        0.0
    }

    #[inline(always)]
    fn step(&self, total: f64, element: T) -> f64 {
        let element = element.to_f64();
        let power = match self.order {
            2.0 => element * element,
            1.0 => element.abs(),
            order if order.is_infinite() => element.abs(),
            order => element.abs().powf(order),
        };
        Fold::<T>::merge(self, total, power)
    }

    #[inline(always)]
    fn merge(&self, a: f64, b: f64) -> f64 {
        if !self.order.is_infinite() {
            a + b
        } else if a > b || a.is_nan() {
            a
        } else {
            b
        }
    }
}

#[derive(Clone, Copy)]
enum Rewrite {
    Scale(f64),
    Clamp(f64),
}

/// Changes the elements of a gradient. Another tensor's gradient may be the same tensor, so the change is made to a
/// handle of the parameter's own, in place if nobody else holds the elements.
fn rewrite_gradient(param: &Tensor, rewrite: Rewrite) {
    let Some(shared) = param.grad_slot().and_then(|slot| slot.lock().take()) else { return };
    let gradient = shared.detach();
    drop(shared);
    if !gradient.is_meta() {
        let gradient = gradient.to_memory_order(&gradient.layout().memory_order());
        dispatch_float!(gradient.dtype(), T => gradient.update::<T, _>(|elements| rewrite_elements(elements, rewrite)));
        param.set_grad(Some(gradient));
        return;
    }
    param.set_grad(Some(gradient));
}

fn rewrite_elements<T: Real>(elements: &mut [T], rewrite: Rewrite) {
    match rewrite {
        Rewrite::Scale(scale) => elements.iter_mut().for_each(|element| *element = *element * T::of(scale)),
        Rewrite::Clamp(limit) => {
            let limit = T::of(limit);
            // Comparisons leave an element that is not a number alone; `min` and `max` would hide it.
            elements.iter_mut().filter(|element| element.abs() > limit).for_each(|element| {
                *element = if *element > limit { limit } else { -limit };
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::message;

    fn with_gradient(gradient: Tensor) -> Tensor {
        let w = gradient.zeros_like().requires_grad_();
        w.set_grad(Some(gradient));
        w
    }

    #[test]
    fn a_small_norm_leaves_gradients_alone() {
        let w = with_gradient(Tensor::new([0.3, 0.4]));
        let norm = clip_grad_norm_(&[w.clone(), Tensor::zeros([2]).requires_grad_()], 1.0);
        assert!((norm - 0.5).abs() < 1e-7);
        assert_eq!(w.grad().unwrap().to_vec::<f32>(), [0.3, 0.4]);
        assert_eq!(clip_grad_norm_(&[], 1.0), 0.0);
    }

    #[test]
    fn the_norm_is_common_to_all_gradients() {
        // An expanded gradient repeats its elements in memory, which must not be written through.
        let (a, b) = (with_gradient(Tensor::new([2.0]).expand([4])), with_gradient(Tensor::full([3, 3], 1.0).t()));
        let norm = clip_grad_norm_(&[a.clone(), b.clone()], 0.5);
        assert_eq!(norm, 5.0);
        for (w, expected) in [(a, 0.2), (b, 0.1)] {
            assert!(w.grad().unwrap().to_vec::<f32>().iter().all(|g| (g - expected).abs() < 1e-6));
        }
    }

    #[test]
    fn a_gradient_that_two_parameters_share_is_clipped_once() {
        let gradient = Tensor::new([3.0, 4.0]);
        let (a, b) = (with_gradient(gradient.clone()), with_gradient(gradient.clone()));
        let norm = clip_grad_norm_(&[a.clone(), b.clone()], 1.0);
        assert!((norm - 50f64.sqrt()).abs() < 1e-6);
        for w in [a, b] {
            let clipped = w.grad().unwrap().to_vec::<f32>();
            assert!((f64::from(clipped[0]) - 3.0 / norm).abs() < 1e-6, "{clipped:?}");
        }
        assert_eq!(gradient.to_vec::<f32>(), [3.0, 4.0]);
    }

    #[test]
    fn what_is_not_a_number_stays_visible() {
        let w = with_gradient(Tensor::new([f64::NAN, 2.0]));
        clip_grad_value_(std::slice::from_ref(&w), 1.0);
        let clipped = w.grad().unwrap().to_vec::<f32>();
        assert!(clipped[0].is_nan() && clipped[1] == 1.0);
        assert!(clip_grad_norm_of(std::slice::from_ref(&w), 1.0, f64::INFINITY).is_nan());
        assert!(w.grad().unwrap().to_vec::<f32>()[1].is_nan());
    }

    #[test]
    fn the_order_of_the_norm() {
        let w = with_gradient(Tensor::from_vec(vec![1.0f64, -2.0, 3.0], [3]));
        let norm = clip_grad_norm_of(&[w], 100.0, 3.0);
        assert!((norm - 36f64.powf(1.0 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn limits_without_sense_are_refused() {
        assert!(message(|| clip_grad_value_(&[], -1.0)).contains("invalid clip_value: -1"));
        assert!(message(|| clip_grad_norm_of(&[], 1.0, 0.0)).contains("order 0"));
        assert!(message(|| get_total_norm(&[Tensor::new([1])], 2.0)).contains("a tensor of shape [1] is int64"));
    }

    #[test]
    fn a_norm_that_is_no_number_is_an_error_on_demand() {
        let w = with_gradient(Tensor::new([f64::NAN, 2.0]));
        let error = try_clip_grad_norm_(std::slice::from_ref(&w), 1.0, 1.0).unwrap_err();
        assert!(error.norm.is_nan() && error.norm_type == 1.0);
        assert_eq!(w.grad().unwrap().to_vec::<f32>()[1], 2.0);
        let w = with_gradient(Tensor::new([3.0, 4.0]));
        assert_eq!(try_clip_grad_norm_(std::slice::from_ref(&w), 1.0, 2.0), Ok(5.0));
        assert!((w.grad().unwrap().to_vec::<f32>()[1] - 0.8).abs() < 1e-6);
    }
}
