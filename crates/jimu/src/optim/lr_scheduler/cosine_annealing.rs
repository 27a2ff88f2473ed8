//! Half a cosine.

use std::f64::consts::PI;

use super::schedule::{At, Progress, Schedule, fields, progress};
use crate::error::{ShapeError, raise};

/// Lets the learning rates fall to `eta_min` along half a cosine within `t_max` epochs, and then rise again:
/// [`CosineAnnealingLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html).
///
/// ```text
/// lr = eta_min + (initial_lr - eta_min)·(1 + cos(π·epoch / t_max)) / 2
/// ```
///
/// Loshchilov and Hutter, [*SGDR: stochastic gradient descent with warm restarts*](https://arxiv.org/abs/1608.03983), 2016.
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{CosineAnnealingLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = CosineAnnealingLR::new(2).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert!((rates[1] - 0.4).abs() < 1e-12 && rates[2].abs() < 1e-12 && (rates[3] - 0.4).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct CosineAnnealingLR {
    t_max: usize,
    eta_min: f64,
    progress: Progress,
}

impl CosineAnnealingLR {
    /// A fall within `t_max` epochs.
    ///
    /// # Panics
    /// If `t_max` is 0.
    #[track_caller]
    pub fn new(t_max: usize) -> Self {
        if t_max == 0 {
            raise(ShapeError::new("CosineAnnealingLR", "a t_max of 0").help("give the number of epochs of the fall"));
        }
        Self { t_max, eta_min: 0.0, progress: Progress::default() }
    }

    /// The lowest rate: 0 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CosineAnnealingLR::new(90).eta_min(1e-5);
    /// ```
    pub fn eta_min(mut self, eta_min: f64) -> Self {
        self.eta_min = eta_min;
        self
    }
}

progress!(CosineAnnealingLR);

impl Schedule for CosineAnnealingLR {
    const NAME: &'static str = "CosineAnnealingLR";
    progress!();
    fields!("T_max" => t_max, "eta_min" => eta_min);

    fn rate(&self, at: &At<'_>) -> f64 {
        let (period, span) = (self.t_max as f64, at.base_lr - self.eta_min);
        if at.initial {
            return at.lr;
        }
        if at.first && at.epoch > 0 {
            return self.eta_min + span * (1.0 + (PI * at.epoch as f64 / period).cos()) / 2.0;
        }
        // From the bottom there is no factor that leads up.
        if (at.epoch - 1 - self.t_max as i64).rem_euclid(2 * self.t_max as i64) == 0 {
            return at.lr + span * (1.0 - (PI / period).cos()) / 2.0;
        }
        let height = |epoch: i64| 1.0 + (PI * epoch as f64 / period).cos();
        height(at.epoch) / height(at.epoch - 1) * (at.lr - self.eta_min) + self.eta_min
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        let height = 1.0 + (PI * at.epoch as f64 / self.t_max as f64).cos();
        Some(self.eta_min + (at.base_lr - self.eta_min) * height / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            CosineAnnealingLR::new(4),
            &[
                0.1,
                0.08535533905932738,
                0.05,
                0.014644660940672627,
                0.0,
                0.014644660940672622,
                0.05000000000000001,
                0.0853553390593274,
                0.10000000000000003,
                0.0853553390593274,
                0.05000000000000003,
                0.014644660940672672,
                0.0,
            ],
        );
        follows(
            CosineAnnealingLR::new(10).eta_min(0.01),
            &[
                0.1,
                0.09779754323328192,
                0.09140576474687263,
                0.08145033635316129,
                0.06890576474687264,
                0.05500000000000001,
                0.04109423525312737,
                0.028549663646838717,
                0.01859423525312737,
                0.012202456766718092,
                0.01,
                0.012202456766718092,
                0.0185942352531274,
            ],
        );
    }
}
