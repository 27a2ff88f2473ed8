//! RMSprop.

use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update};

use super::arithmetic::{lerp, mean_square, penalized, settled};
use super::groups::MAX_SCALARS;
use super::hyper_parameter::{anything, at_least_zero};
use super::{Groups, Rule, optimizer};
use crate::Tensor;

/// RMSprop: each element's step is divided by a running root mean square of its gradient:
/// [`torch.optim.RMSprop`](https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html).
///
/// ```text
/// g = gradient + weight_decay·θ
/// v = alpha·v + (1 - alpha)·g²
/// a = alpha·a + (1 - alpha)·g                 (centered)
/// d = √v + eps                                (centered: √(v - a²) + eps)
/// b = momentum·b + g / d
/// θ = θ - lr·b                                (no momentum: θ - lr·g / d)
/// ```
///
/// Tieleman and Hinton, *Lecture 6.5: rmsprop*, [Neural networks for machine
/// learning](https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf), 2012; the centred form is due to
/// Graves, [*Generating sequences with recurrent neural networks*](https://arxiv.org/abs/1308.0850), 2013.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Optimizer, RmsProp};
///
/// let w = Tensor::new([3.0, -2.0]).requires_grad_();
/// let mut opt = RmsProp::new([w.clone()], 0.05);
/// for _ in 0..300 {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     opt.step();
/// }
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.06));
/// ```
pub struct RmsProp {
    groups: Groups<RmsPropOptions>,
}

impl RmsProp {
    /// An optimiser of `params` with the learning rate `lr`; 0.01 is PyTorch's default.
    ///
    /// # Panics
    /// If `lr` is negative, there are no parameters, or one cannot be trained (it is not a leaf, or its elements are
    /// not real numbers).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, RmsProp};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let mut opt = RmsProp::new([w.clone()], 0.01).alpha(0.99);
    /// (&w * 2.0).sum().backward();
    /// opt.step();
    /// assert!((w.item() - 0.9).abs() < 1e-6); // lr·g / √((1 - alpha)·g²), whatever the gradient's size
    /// ```
    #[track_caller]
    pub fn new(params: impl IntoIterator<Item = Tensor>, lr: f64) -> Self {
        Self { groups: Groups::new(params, RmsPropOptions::new(lr)) }
    }
}

optimizer! {
    /// The hyper-parameters of one group of [`RmsProp`].
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, RmsProp, RmsPropOptions};
    /// let slower = |group: RmsPropOptions| group.lr(1e-4);
    /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).add_param_group([Tensor::zeros([3])], slower);
    /// assert_eq!(opt.param_groups()[1].lr(), 1e-4);
    /// ```
    RmsProp, RmsPropOptions {
        /// The weight of the past in the running average of the gradient's square: 0.99 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RmsProp};
        /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).alpha(0.9);
        /// ```
        alpha: f64 = 0.99, at_least_zero;
        /// Added to the denominator, so that a gradient of 0 divides by no 0: 1e-8 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RmsProp};
        /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).eps(1e-6);
        /// ```
        eps: f64 = 1e-8, at_least_zero;
        /// The L2 penalty: its gradient, `weight_decay·θ`, is added to that of the loss. 0 by default.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RmsProp};
        /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).weight_decay(1e-4);
        /// ```
        weight_decay: f64 = 0.0, at_least_zero;
        /// The share of the last update that goes into the next: 0 (the default) for none.
        ///
        /// # Panics
        /// If it is negative.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RmsProp};
        /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).momentum(0.9);
        /// ```
        momentum: f64 = 0.0, at_least_zero;
        /// Whether to divide by an estimate of the deviation, the mean square less the square of the mean.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RmsProp};
        /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).centered(true);
        /// ```
        centered: bool = false, anything;
        /// Whether to climb the gradient rather than to descend.
        ///
        /// ```
        /// # use jimu::{Tensor, optim::RmsProp};
        /// let opt = RmsProp::new([Tensor::zeros([2])], 0.01).maximize(true);
        /// ```
        maximize: bool = false, anything;
    }
}

impl Rule for RmsPropOptions {
    const NAME: &'static str = "RmsProp";
    const BUFFERS: &'static [&'static str] = &["square_avg", "momentum_buffer", "grad_avg"];
    const SCALARS: &'static [&'static str] = &["step"];
    type Update = RmsPropUpdate;

    fn uses(&self) -> [bool; MAX_STATE] {
        [true, self.momentum > 0.0, self.centered]
    }

    fn update(&self, scalars: &mut [f64; MAX_SCALARS], _: bool) -> RmsPropUpdate {
        scalars[0] += 1.0;
        let Self { lr, alpha, eps, weight_decay, momentum, maximize, .. } = *self;
        RmsPropUpdate { lr, alpha, eps, weight_decay, momentum, maximize }
    }
}

#[derive(Clone, Copy)]
pub(super) struct RmsPropUpdate {
    lr: f64,
    alpha: f64,
    eps: f64,
    weight_decay: f64,
    momentum: f64,
    maximize: bool,
}

impl RmsPropUpdate {
    /// What happens to an element, its gradient, and the averages that there are for it: the mean of squares, the
    /// momentum and the mean.
    #[inline(always)]
    fn element<T: Real>(self) -> impl Fn(&mut T, T, &mut T, Option<&mut T>, Option<&mut T>) + Copy {
        let [lr, eps, momentum] = [self.lr, self.eps, self.momentum].map(T::of);
        let gradient = penalized(self.maximize, self.weight_decay);
        let (square, mean) = (mean_square(self.alpha), lerp(1.0 - self.alpha));
        #[inline(always)]
        move |value: &mut T, g: T, squares: &mut T, velocity: Option<&mut T>, average: Option<&mut T>| {
            let g = gradient(g, *value);
            *squares = square(*squares, g);
            let variance = average.map_or(*squares, |average| {
                *average = mean(*average, g);
                *squares - *average * *average
            });
            let direction = g / (variance.sqrt() + eps);
            let step = velocity.map_or(direction, |velocity| {
                *velocity = settled(*velocity * momentum + direction);
                *velocity
            });
            *value = *value - lr * step;
        }
    }
}

impl Update for RmsPropUpdate {
    #[inline(always)]
    fn apply<T: Real>(&self, part: Part<'_, T>) {
        let element = self.element();
        let Part { values, gradient: gradients, state: [Some(squares), velocities, averages] } = part else {
            unreachable!("RMSprop has an average")
        };
        let elements = values.iter_mut().zip(gradients).zip(squares);
        match (velocities, averages) {
            (None, None) => elements.for_each(|((x, &g), s)| element(x, g, s, None, None)),
            (Some(b), None) => elements.zip(b).for_each(|(((x, &g), s), b)| element(x, g, s, Some(b), None)),
            (None, Some(a)) => elements.zip(a).for_each(|(((x, &g), s), a)| element(x, g, s, None, Some(a))),
            (Some(b), Some(a)) => {
                elements.zip(b).zip(a).for_each(|((((x, &g), s), b), a)| element(x, g, s, Some(b), Some(a)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::{follows, resumes};

    #[test]
    fn follows_pytorch() {
        follows(|w| RmsProp::new(w, 0.01), [0.3563248150374687, -1.114914400249456, 1.8717615191145025]);
        follows(
            |w| RmsProp::new(w, 0.02).alpha(0.9).eps(1e-6).weight_decay(0.1).momentum(0.8).maximize(true),
            [0.7087622740107618, -1.359267660198147, 2.208247503900159],
        );
        follows(
            |w| RmsProp::new(w, 0.02).centered(true),
            [0.21109463128788286, -0.9774366786364761, 1.7409051135306906],
        );
        follows(
            |w| RmsProp::new(w, 0.02).centered(true).momentum(0.9),
            [-0.677873818992159, 0.13493586896220683, 0.3760866759238179],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        resumes(|w| RmsProp::new(w, 0.01).centered(true).momentum(0.9), |w| RmsProp::new(w, 1.0));
    }
}
