//! Adam.

use jimu_kernels::optimizer::{Part, Real, Update};

use super::Groups;
use super::arithmetic::{lerp, mean_square, penalized};
use super::hyper_parameter::anything;
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

/// The options and the rule of Adam and AdamW, which differ in the weight decay alone.
macro_rules! adam {
    (
        $(#[$options_doc:meta])*
        $Optimizer:ident, $Options:ident {
            $(#[$weight_decay_doc:meta])*
            weight_decay: $weight_decay:expr;
            $(#[$decoupled_doc:meta])*
            decoupled_weight_decay: $decoupled:expr, $check:path;
        }
    ) => {
        crate::optim::hyper_parameter::optimizer! {
            $(#[$options_doc])*
            $Optimizer, $Options {
                /// β1 and β2, the weights of the past in the running averages of the gradient and of its square:
                /// (0.9, 0.999) by default.
                ///
                /// # Panics
                /// If one is not in [0, 1).
                ///
                /// ```
                #[doc = concat!("# use jimu::{Tensor, optim::", stringify!($Optimizer), "};")]
                #[doc = concat!("let opt = ", stringify!($Optimizer), "::new([Tensor::zeros([2])], 1e-3).betas((0.9, 0.99));")]
                /// ```
                betas: (f64, f64) = (0.9, 0.999), crate::optim::hyper_parameter::below_one;
                /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
                ///
                /// # Panics
                /// If it is negative.
                ///
                /// ```
                #[doc = concat!("# use jimu::{Tensor, optim::", stringify!($Optimizer), "};")]
                #[doc = concat!("let opt = ", stringify!($Optimizer), "::new([Tensor::zeros([2])], 1e-3).eps(1e-6);")]
                /// ```
                eps: f64 = 1e-8, crate::optim::hyper_parameter::at_least_zero;
                $(#[$weight_decay_doc])*
                weight_decay: f64 = $weight_decay, crate::optim::hyper_parameter::at_least_zero;
                /// Whether to divide by the largest average of squares so far (AMSGrad).
                ///
                /// ```
                #[doc = concat!("# use jimu::{Tensor, optim::", stringify!($Optimizer), "};")]
                #[doc = concat!("let opt = ", stringify!($Optimizer), "::new([Tensor::zeros([2])], 1e-3).amsgrad(true);")]
                /// ```
                amsgrad: bool = false, crate::optim::hyper_parameter::anything;
                /// Whether to climb the gradient rather than to descend.
                ///
                /// ```
                #[doc = concat!("# use jimu::{Tensor, optim::", stringify!($Optimizer), "};")]
                #[doc = concat!("let opt = ", stringify!($Optimizer), "::new([Tensor::zeros([2])], 1e-3).maximize(true);")]
                /// ```
                maximize: bool = false, crate::optim::hyper_parameter::anything;
                $(#[$decoupled_doc])*
                decoupled_weight_decay: bool = $decoupled, $check;
            }
        }

        impl crate::optim::Rule for $Options {
            const NAME: &'static str = stringify!($Optimizer);
            const BUFFERS: &'static [&'static str] = &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];
            const SCALARS: &'static [&'static str] = &["step"];
            type Update = crate::optim::adam::AdamUpdate;

            fn uses(&self) -> [bool; jimu_kernels::optimizer::MAX_STATE] {
                [true, true, self.amsgrad]
            }

            fn update(
                &self,
                scalars: &mut [f64; crate::optim::groups::MAX_SCALARS],
                _: bool,
            ) -> crate::optim::adam::AdamUpdate {
                let Self { lr, betas, eps, weight_decay, maximize, decoupled_weight_decay, .. } = *self;
                scalars[0] += 1.0;
                let decay = crate::optim::arithmetic::split_weight_decay(lr, weight_decay, decoupled_weight_decay);
                crate::optim::adam::AdamUpdate::new(lr, betas, eps, maximize, scalars[0], decay)
            }
        }
    };
}
pub(super) use adam;

adam! {
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
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).weight_decay(1e-4);
        /// ```
        weight_decay: 0.0;
        /// Whether the weight decay takes its share of the parameters themselves, as in [`AdamW`](super::AdamW), rather
        /// than to be part of the gradient.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::Adam};
        /// let opt = Adam::new([Tensor::zeros([2])], 1e-3).weight_decay(0.01).decoupled_weight_decay(true);
        /// ```
        decoupled_weight_decay: false, anything;
    }
}

/// The update of Adam and AdamW.
#[derive(Clone, Copy)]
pub(super) struct AdamUpdate {
    /// What the elements are multiplied by first.
    shrink: f64,
    weight_decay: f64,
    betas: (f64, f64),
    eps: f64,
    maximize: bool,
    step_size: f64,
    /// 1 / √(1 - β2^t).
    correction: f64,
}

impl AdamUpdate {
    /// The update of step `step`, counted from 1, with what [`split_weight_decay`](super::arithmetic) says.
    pub(super) fn new(
        lr: f64,
        betas: (f64, f64),
        eps: f64,
        maximize: bool,
        step: f64,
        (shrink, weight_decay): (f64, f64),
    ) -> Self {
        let step_size = lr / (1.0 - betas.0.powf(step));
        let correction = 1.0 / (1.0 - betas.1.powf(step)).sqrt();
        Self { shrink, weight_decay, betas, eps, maximize, step_size, correction }
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

/// `value - step_size·average / (√square·correction + eps)`: a multiplication where the definition divides a second time, which
/// takes far longer.
#[inline(always)]
fn descend<T: Real>(step_size: T, correction: T, eps: T) -> impl Fn(T, T, T) -> T + Copy {
    #[inline(always)]
    move |value, average, square| value - step_size * average / (square.sqrt() * correction + eps)
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
        // AdamW's numbers.
        follows(
            |w| Adam::new(w, 0.05).betas((0.5, 0.6)).weight_decay(0.2).amsgrad(true).decoupled_weight_decay(true),
            [0.3518762262105064, -1.0259605868596415, 1.7218551979926842],
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
