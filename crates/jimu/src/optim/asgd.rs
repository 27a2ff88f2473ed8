//! Averaged stochastic gradient descent.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::penalized;
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{a_number, anything, at_least_zero};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// Averaged stochastic gradient descent: gradient descent whose parameters are averaged on the way, from step `t0` on:
/// [`torch.optim.ASGD`](https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// θ = (1 - lambd·η)·θ - η·g
/// a = a + μ·(θ - a)                            (the average: `ax` in the state dict)
/// η = lr / (1 + lambd·lr·t)^alpha              μ = 1 / max(1, t - t0)
/// ```
///
/// The parameters themselves are not replaced by their average, which [`averages`](Self::averages) gives. Polyak and
/// Juditsky, [*Acceleration of stochastic approximation by averaging*](https://doi.org/10.1137/0330046), 1992.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Asgd, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = Asgd::new([w.clone()], 0.1);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.01));
/// ```
pub struct Asgd {
    groups: Groups<AsgdOptions>,
}

impl Asgd {
    /// An optimiser of `params` with the learning rate `lr`; 0.01 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Asgd, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Asgd::new([w.clone()], 0.25).lambd(0.0);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert_eq!(w.item(), 0.5);
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, AsgdOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Asgd`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Asgd, AsgdOptions, Optimizer};
    /// let slower = |group: AsgdOptions| group.lr(1e-4);
    /// let opt = Asgd::new([Tensor::zeros([2])], 0.01).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Asgd, AsgdOptions {
        /// How fast the learning rate falls, and the parameters with it: 1e-4 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Asgd};
        /// let opt = Asgd::new([Tensor::zeros([2])], 0.01).lambd(1e-3);
        /// ```
        lambd: f64 = 1e-4, at_least_zero;
        /// The power of the learning rate's fall: 0.75 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Asgd};
        /// let opt = Asgd::new([Tensor::zeros([2])], 0.01).alpha(0.5);
        /// ```
        alpha: f64 = 0.75, at_least_zero;
        /// The step at which the averaging begins: 1e6 by default.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Asgd};
        /// let opt = Asgd::new([Tensor::zeros([2])], 0.01).t0(100.0);
        /// ```
        t0: f64 = 1e6, a_number;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Asgd};
        /// let opt = Asgd::new([Tensor::zeros([2])], 0.01).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Asgd};
        /// let opt = Asgd::new([Tensor::zeros([2])], 0.01).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for AsgdOptions {
    const NAME: &'static str = "Asgd";
    const BUFFERS: &'static [&'static str] = &["ax"];
    const SCALARS: &'static [&'static str] = &["step", "eta", "mu"];
    type Update = AsgdUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, false, false]
    }

    fn initial_scalars(&self) -> [f64; MAX_SCALARS] {
        [0.0, self.lr, 1.0]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> AsgdUpdate {
        let Self { lr, lambd, alpha, t0, weight_decay, maximize } = *self;
        let [step, eta, mu] = scalars;
        let update = AsgdUpdate { eta: *eta, mu: *mu, shrink: 1.0 - lambd * *eta, weight_decay, maximize };
        *step += 1.0;
        *eta = lr / (1.0 + lambd * lr * *step).powf(alpha);
        *mu = 1.0 / (*step - t0).max(1.0);
        update
    }
}

impl Asgd {
    /// The averages of the parameters with a gradient so far, in the order of the parameters; before step `t0` an
    /// average is the parameter itself.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Asgd, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Asgd::new([w.clone()], 0.25).lambd(0.0).t0(1.0);
    /// for _ in 0..4 {
    ///     w.set_grad(Some(Tensor::new([1.0])));
    ///     opt.step();
    /// }
    /// assert_eq!(w.item(), 0.0);
    /// assert_eq!(opt.averages()[0].item(), 0.125); // of 0.25 and 0
    /// ```
    pub fn averages(&self) -> Vec<Tensor> {
        let state = super::Optimizer::state_dict(self);
        let count: usize = state.groups.iter().map(|group| group.params.len()).sum();
        (0..count).filter_map(|number| state.tensors.get(&format!("state.{number}.ax")).cloned()).collect()
    }
}

#[derive(Clone, Copy)]
pub(super) struct AsgdUpdate {
    eta: f64,
    mu: f64,
    shrink: f64,
    weight_decay: f64,
    maximize: bool,
}

impl Update for AsgdUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [eta, mu, shrink] = [self.eta, self.mu, self.shrink].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let Part { values, gradient: gradients, state: [Some(averages), ..] } = part else {
            unreachable!("ASGD has an average")
        };
        for ((value, &g), average) in values.iter_mut().zip(gradients).zip(averages) {
            *value = *value * shrink - eta * gradient(g, *value);
            *average = if self.mu == 1.0 { *value } else { *average + (*value - *average) * mu };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| Asgd::new(w, 0.1), [0.4099653271287788, -1.1699052558102128, 1.879848859273004]);
        follows(
            |w| Asgd::new(w, 0.1).lambd(0.1).alpha(0.5).t0(2.0).weight_decay(0.1).maximize(true),
            [0.5102091477997156, -1.1379043437793674, 1.8081328310561549],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Asgd::new(w, 0.1).t0(2.0).lambd(0.1), |w| Asgd::new(w, 1.0));
    }
}
