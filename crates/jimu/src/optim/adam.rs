//! Adam.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::groups::{MAX_SCALARS, penalized};
use super::hyper_parameter::{anything, at_least_zero, below_one};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// Adam: each element's step is scaled by running averages of its gradient and of the gradient's square:
/// [`torch.optim.Adam`](https://pytorch.org/docs/stable/generated/torch.optim.Adam.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// m = β1·m + (1 - β1)·g               m̂ = m / (1 - β1^t)
/// v = β2·v + (1 - β2)·g²              v̂ = v / (1 - β2^t)      (amsgrad: the largest v so far)
/// θ = θ - lr·m̂ / (√v̂ + eps)
/// ```
///
/// Kingma and Ba, [*Adam: a method for stochastic optimization*](https://arxiv.org/abs/1412.6980), 2014; AMSGrad: Reddi
/// et al., [*On the convergence of Adam and beyond*](https://arxiv.org/abs/1904.09237), 2018. For weight decay that is
/// not scaled by the averages use [`AdamW`](super::AdamW).
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Adam, Optimizer};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = Adam::new([w.clone()], 0.1);
/// for _ in 0..200 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.01));
/// ```
pub struct Adam {
    groups: Groups<AdamOptions>,
}

impl Adam {
    /// An optimiser of `params` with the learning rate `lr`; 0.001 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adam, Optimizer};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = Adam::new([w.clone()], 0.001);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.999).abs() < 1e-6); // the first step is lr, whatever the gradient's size
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, AdamOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`Adam`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Adam, AdamOptions, Optimizer};
    /// let steady = |group: AdamOptions| group.lr(1e-4).betas((0.95, 0.999));
    /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).add_param_group([Tensor::zeros([3])], steady);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    Adam, AdamOptions {
        /// β1 and β2, the weights of the past in the running averages of the gradient and of its square: (0.9, 0.999)
        /// by default.
        ///
        /// # Panics
        /// If one is not in [0, 1).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).betas((0.9, 0.99));
        /// ```
        betas: (f64, f64) = (0.9, 0.999), below_one;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).eps(1e-6);
        /// ```
        eps: f64 = 1e-8, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// Whether to divide by the largest average of squares so far (AMSGrad).
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).amsgrad(true);
        /// ```
        amsgrad: bool = false, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for AdamOptions {
    const NAME: &'static str = "Adam";
    const BUFFERS: &'static [&'static str] = BUFFERS;
    const SCALARS: &'static [(&'static str, f64)] = SCALARS;
    type Update = AdamUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, true, self.amsgrad]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> AdamUpdate {
        let Self { lr, betas, eps, weight_decay, maximize, .. } = *self;
        scalars[0] += 1.0;
        AdamUpdate::new(lr, betas, eps, maximize, scalars[0]).weight_decay(weight_decay)
    }
}

pub(super) const BUFFERS: &[&str] = &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];
pub(super) const SCALARS: &[(&str, f64)] = &[("step", 0.0)];

/// The update of Adam and, with `shrink` in place of `weight_decay`, of AdamW.
#[derive(Clone, Copy)]
pub(super) struct AdamUpdate {
    /// What the elements are multiplied by first.
    shrink: f64,
    weight_decay: f64,
    betas: (f64, f64),
    eps: f64,
    maximize: bool,
    step_size: f64,
    /// √(1 - β2^t).
    correction: f64,
}

impl AdamUpdate {
    /// The update of step `step`, counted from 1, without weight decay of either kind.
    pub(super) fn new(lr: f64, betas: (f64, f64), eps: f64, maximize: bool, step: f64) -> Self {
        let step_size = lr / (1.0 - betas.0.powf(step));
        let correction = (1.0 - betas.1.powf(step)).sqrt();
        Self { shrink: 1.0, weight_decay: 0.0, betas, eps, maximize, step_size, correction }
    }

    pub(super) fn weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    pub(super) fn shrink(self, shrink: f64) -> Self {
        Self { shrink, ..self }
    }
}

impl Update for AdamUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let [shrink, eps, step_size, correction] = [self.shrink, self.eps, self.step_size, self.correction].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let average = lerp(1.0 - self.betas.0);
        let square = mean_square(self.betas.1);
        let Part { values, gradient: gradients, state: [Some(averages), Some(squares), largest] } = part else {
            unreachable!("Adam has two averages")
        };
        let moved = descend(step_size, correction, eps);
        let elements = values.iter_mut().zip(gradients).zip(averages).zip(squares);
        match largest {
            None => elements.for_each(|(((value, &g), m), v)| {
                let g = gradient(g, *value);
                (*m, *v) = (average(*m, g), square(*v, g));
                *value = moved(*value * shrink, *m, *v);
            }),
            Some(largest) => elements.zip(largest).for_each(|((((value, &g), m), v), largest)| {
                let g = gradient(g, *value);
                (*m, *v) = (average(*m, g), square(*v, g));
                *largest = if *v > *largest || v.is_nan() { *v } else { *largest };
                *value = moved(*value * shrink, *m, *largest);
            }),
        }
    }
}

/// `value - step_size·average / (√square / correction + eps)`.
#[inline(always)]
fn descend<T: Real>(step_size: T, correction: T, eps: T) -> impl Fn(T, T, T) -> T + Copy {
    #[inline(always)]
    move |value, average, square| value - step_size * average / (square.sqrt() / correction + eps)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, message, resumes, start};

    #[test]
    fn follows_pytorch() {
        follows(|w| Adam::new(w, 0.01), [0.47540102207137824, -1.2158533115828396, 1.959426962533091]);
        follows(
            |w| Adam::new(w, 0.02).betas((0.8, 0.99)).eps(1e-6).weight_decay(0.1),
            [0.43179136338219837, -1.1517084557041204, 1.9020201112745718],
        );
        follows(
            |w| Adam::new(w, 0.05).betas((0.5, 0.6)).amsgrad(true).maximize(true),
            [0.6135484994912609, -1.3834825654705316, 2.131036425854304],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| Adam::new(w, 0.01).amsgrad(true), |w| Adam::new(w, 1.0));
    }

    #[test]
    fn betas_must_be_below_one() {
        let message = message(|| Adam::new([start(crate::DType::F32)], 0.01).betas((0.9, 1.0)));
        assert!(message.contains("Adam: invalid betas: [0.9, 1.0]\n  help: give two numbers"), "{message}");
    }
}
