//! Adadelta.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::{mean_square, penalized};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero, at_most_one};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// Adadelta: each element's step is its gradient times the ratio of two running root mean squares, of its past steps
/// and of its gradient, so that steps have the units of the parameters:
/// [`torch.optim.Adadelta`](https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// v = rho·v + (1 - rho)·g²
/// δ = √(u + eps) / √(v + eps) · g
/// u = rho·u + (1 - rho)·δ²
/// θ = θ - lr·δ
/// ```
///
/// Zeiler, [*ADADELTA: an adaptive learning rate method*](https://arxiv.org/abs/1212.5701), 2012.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Adadelta, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = Adadelta::new([w.clone()], 10.0);
/// for _ in 0..300 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.1));
/// ```
pub struct Adadelta {
    groups: Groups<AdadeltaOptions>,
}

impl Adadelta {
    /// An optimiser of `params` with the learning rate `lr`; 1.0 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adadelta, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Adadelta::new([w.clone()], 1.0);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.996838).abs() < 1e-6); // √eps / √((1 - rho)·4) · 2: the first steps are small
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, AdadeltaOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Adadelta`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adadelta, AdadeltaOptions, Optimizer};
    /// let slower = |group: AdadeltaOptions| group.lr(1e-4);
    /// let opt = Adadelta::new([Tensor::zeros([2])], 1.0).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Adadelta, AdadeltaOptions {
        /// The weight of the past in both running averages: 0.9 by default.
        ///
        /// # Panics
        /// If it is not in [0, 1].
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adadelta};
        /// let opt = Adadelta::new([Tensor::zeros([2])], 1.0).rho(0.95);
        /// ```
        rho: f64 = 0.9, at_most_one;
        /// Added under both roots; the first step is about its root: 1e-6 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adadelta};
        /// let opt = Adadelta::new([Tensor::zeros([2])], 1.0).eps(1e-5);
        /// ```
        eps: f64 = 1e-6, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adadelta};
        /// let opt = Adadelta::new([Tensor::zeros([2])], 1.0).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adadelta};
        /// let opt = Adadelta::new([Tensor::zeros([2])], 1.0).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for AdadeltaOptions {
    const NAME: &'static str = "Adadelta";
    const BUFFERS: &'static [&'static str] = &["square_avg", "acc_delta"];
    const SCALARS: &'static [&'static str] = &["step"];
    type Update = AdadeltaUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, false]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> AdadeltaUpdate {
        let Self { lr, rho, eps, weight_decay, maximize } = *self;
        scalars[0] += 1.0;
        AdadeltaUpdate { lr, rho, eps, weight_decay, maximize }
    }
}

#[derive(Clone, Copy)]
pub(super) struct AdadeltaUpdate {
    lr: f64,
    rho: f64,
    eps: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Update for AdadeltaUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [lr, eps] = [self.lr, self.eps].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let average = mean_square(self.rho);
        let Part { values, gradient: gradients, state: [Some(squares), Some(deltas), _] } = part else {
            unreachable!("Adadelta has two averages")
        };
        for (((value, &g), square), delta_square) in values.iter_mut().zip(gradients).zip(squares).zip(deltas) {
            let g = gradient(g, *value);
            *square = average(*square, g);
            let delta = (*delta_square + eps).sqrt() / (*square + eps).sqrt() * g;
            *delta_square = average(*delta_square, delta);
            *value = *value - lr * delta;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| Adadelta::new(w, 1.0), [0.4910989182157534, -1.2449968520690444, 1.9959519360742142]);
        follows(
            |w| Adadelta::new(w, 0.5).rho(0.8).eps(1e-4).weight_decay(0.1).maximize(true),
            [0.5197760563764311, -1.243635641410489, 1.9945111840490544],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Adadelta::new(w, 1.0), |w| Adadelta::new(w, 0.1).rho(0.5));
    }
}
