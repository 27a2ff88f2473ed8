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

/// `state`, or zero where it is subnormal. A state that fades, such as the momentum of a unit that is never active, would
/// otherwise be rounded to a subnormal number again and again, and some processors take a hundred cycles for each.
#[inline(always)]
pub(super) fn settled<T: Real>(state: T) -> T {
    if state.abs() < T::min_positive_value() { T::zero() } else { state }
}

/// `average + weight·(g - average)`, [`settled`], from the nearer end: PyTorch's `lerp`.
#[inline(always)]
pub(super) fn lerp<T: Real>(weight: f64) -> impl Fn(T, T) -> T + Copy {
    let (near, far) = (T::of(weight), T::of(1.0 - weight));
    #[inline(always)]
    move |average, g| settled(if weight < 0.5 { average + near * (g - average) } else { g - (g - average) * far })
}

/// `beta·square + (1 - beta)·g²`, [`settled`].
#[inline(always)]
pub(super) fn mean_square<T: Real>(beta: f64) -> impl Fn(T, T) -> T + Copy {
    let (old, new) = (T::of(beta), T::of(1.0 - beta));
    #[inline(always)]
    move |square, g| settled(square * old + new * g * g)
}

/// What the elements are multiplied by before anything else, and the share of them that is added to the gradient: the
/// two kinds of weight decay, of which one does nothing.
pub(super) fn split_weight_decay(lr: f64, weight_decay: f64, decoupled: bool) -> (f64, f64) {
    if decoupled { (1.0 - lr * weight_decay, 0.0) } else { (1.0, weight_decay) }
}

#[cfg(test)]
mod tests {
    use crate::Tensor;
    use crate::optim::{Adam, Optimizer, RmsProp, Sgd};

    #[test]
    fn states_fade_to_zero() {
        type Make = fn(Tensor) -> Box<dyn Optimizer>;
        let optimizers: [(&str, Make); 3] = [
            ("momentum_buffer", |w| Box::new(Sgd::new([w], 0.1).momentum(0.1))),
            ("exp_avg", |w| Box::new(Adam::new([w], 0.1).betas((0.1, 0.1)))),
            ("momentum_buffer", |w| Box::new(RmsProp::new([w], 0.1).momentum(0.1).alpha(0.1))),
        ];
        for (name, optimizer) in optimizers {
            let w = Tensor::ones([3]).requires_grad_();
            let mut opt = optimizer(w.clone());
            let fade = |opt: &mut dyn Optimizer, gradient: [f32; 3]| {
                w.set_grad(Some(Tensor::new(gradient)));
                opt.step();
                opt.state_dict().tensors[&format!("state.0.{name}")].to_vec::<f32>()
            };
            assert!(fade(opt.as_mut(), [1.0, -1.0, f32::NAN])[0] > 0.0);
            let states = (0..80).map(|_| fade(opt.as_mut(), [0.0; 3])).collect::<Vec<_>>();
            assert!(states.iter().flatten().all(|state| !state.is_subnormal()), "{name}");
            assert!(states[79][..2] == [0.0; 2] && states[79][2].is_nan(), "{name}: {:?}", states[79]);
        }
    }
}
