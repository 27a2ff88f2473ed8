//! Resilient backpropagation.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::penalized;
use super::groups::MAX_SCALARS;
use super::hyper_parameter::anything;
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// Resilient backpropagation: each element has a step size of its own, which grows while the sign of its gradient stays
/// and shrinks when it changes; the gradient's size has no say:
/// [`torch.optim.Rprop`](https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html).
///
/// ```text
/// s = s·η⁺ if g·g_before > 0,  s·η⁻ if < 0,  s otherwise;  cut to step_sizes
/// g = 0 if g·g_before < 0
/// θ = θ - s·sign(g)
/// ```
///
/// For gradients of the whole training set, not of batches. Riedmiller and Braun, *A direct adaptive method for faster
/// backpropagation learning: the RPROP algorithm*, 1993.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Optimizer, Rprop};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = Rprop::new([w.clone()], 0.1);
/// for _ in 0..100 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.01));
/// ```
pub struct Rprop {
    groups: Groups<RpropOptions>,
}

impl Rprop {
    /// An optimiser of `params` with the learning rate `lr`; 0.01 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Rprop};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Rprop::new([w.clone()], 0.25);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert_eq!(w.item(), 0.75); // the first step is lr
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, RpropOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Rprop`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Rprop, RpropOptions};
    /// let slower = |group: RpropOptions| group.lr(1e-4);
    /// let opt = Rprop::new([Tensor::zeros([2])], 0.01).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Rprop, RpropOptions {
        /// η⁻ and η⁺, the factors by which a step size shrinks and grows: (0.5, 1.2) by default.
        ///
        /// # Panics
        /// If they are not 0 < η⁻ < 1 < η⁺.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Rprop};
        /// let opt = Rprop::new([Tensor::zeros([2])], 0.01).etas((0.4, 1.5));
        /// ```
        etas: (f64, f64) = (0.5, 1.2), around_one;
        /// The smallest and the largest step size: (1e-6, 50) by default.
        ///
        /// # Panics
        /// If the first is larger than the second.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Rprop};
        /// let opt = Rprop::new([Tensor::zeros([2])], 0.01).step_sizes((1e-5, 1.0));
        /// ```
        step_sizes: (f64, f64) = (1e-6, 50.0), in_order;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Rprop};
        /// let opt = Rprop::new([Tensor::zeros([2])], 0.01).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for RpropOptions {
    const NAME: &'static str = "Rprop";
    const BUFFERS: &'static [&'static str] = &["prev", "step_size"];
    const SCALARS: &'static [&'static str] = &["step"];
    type Update = RpropUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, false]
    }

    fn initial(&self, buffer: usize) -> f64 {
        [0.0, self.lr][buffer]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> RpropUpdate {
        let Self { etas, step_sizes, maximize, .. } = *self;
        scalars[0] += 1.0;
        RpropUpdate { etas, step_sizes, maximize }
    }
}

fn around_one((shrink, grow): (f64, f64)) -> Result<(), &'static str> {
    match 0.0 < shrink && shrink < 1.0 && 1.0 < grow {
        true => Ok(()),
        false => Err("give a number between 0 and 1 and one above 1, as in (0.5, 1.2)"),
    }
}

fn in_order((smallest, largest): (f64, f64)) -> Result<(), &'static str> {
    if smallest <= largest { Ok(()) } else { Err("give the smallest step size first, as in (1e-6, 50.0)") }
}

#[derive(Clone, Copy)]
pub(super) struct RpropUpdate {
    etas: (f64, f64),
    step_sizes: (f64, f64),
    maximize: bool,
}

impl Update for RpropUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [shrink, grow, smallest, largest] =
            [self.etas.0, self.etas.1, self.step_sizes.0, self.step_sizes.1].map(T::of);
        let gradient = penalized(self.maximize, 0.0);
        let Part { values, gradient: gradients, state: [Some(before), Some(sizes), _] } = part else {
            unreachable!("Rprop has the last gradient and the step sizes")
        };
        for (((value, &g), before), size) in values.iter_mut().zip(gradients).zip(before).zip(sizes) {
            let mut g = gradient(g, *value);
            let agreement = g * *before;
            let factor = if agreement > T::zero() {
                grow
            } else if agreement < T::zero() {
                shrink
            } else {
                T::one()
            };
            *size = (*size * factor).max(smallest).min(largest);
            if agreement < T::zero() {
                g = T::zero();
            }
            let sign = if g > T::zero() {
                T::one()
            } else if g < T::zero() {
                -T::one()
            } else {
                T::zero()
            };
            *value = *value - sign * *size;
            *before = g;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    use crate::optim::testing::{message, start};

    #[test]
    fn follows_pytorch() {
        follows(|w| Rprop::new(w, 0.01), [0.46388, -1.2312500000000002, 1.9825000000000002]);
        follows(
            |w| Rprop::new(w, 0.1).etas((0.4, 1.5)).step_sizes((0.05, 0.2)).maximize(true),
            [0.9625000000000001, -1.5000000000000002, 2.19],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Rprop::new(w, 0.01), |w| Rprop::new(w, 1.0));
    }

    #[test]
    fn factors_must_shrink_and_grow() {
        let message = message(|| Rprop::new([start(crate::DType::F32)], 0.01).etas((1.2, 0.5)));
        assert!(
            message.contains("Rprop: invalid etas: [1.2, 0.5]\n  help: give a number between 0 and 1"),
            "{message}"
        );
    }
}
