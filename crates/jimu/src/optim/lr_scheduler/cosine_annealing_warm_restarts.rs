//! Half a cosine, again and again.

use std::f64::consts::PI;

use super::schedule::{At, Progress, Schedule, fields, progress};
use crate::error::{ShapeError, raise};

/// Lets the learning rates fall to `eta_min` along half a cosine and start again, with periods of `t_0`, `t_0·t_mult`,
/// `t_0·t_mult²`, … epochs:
/// [`CosineAnnealingWarmRestarts`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html).
///
/// Loshchilov and Hutter, [*SGDR: stochastic gradient descent with warm restarts*](https://arxiv.org/abs/1608.03983), 2016.
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{CosineAnnealingWarmRestarts, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = CosineAnnealingWarmRestarts::new(2).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert!(rates[0] == 0.8 && (rates[1] - 0.4).abs() < 1e-12 && rates[2] == 0.8);
/// ```
#[derive(Clone, Debug)]
pub struct CosineAnnealingWarmRestarts {
    t_0: usize,
    t_i: usize,
    t_mult: usize,
    eta_min: f64,
    t_cur: i64,
    progress: Progress,
}

impl CosineAnnealingWarmRestarts {
    /// A first period of `t_0` epochs.
    ///
    /// # Panics
    /// If `t_0` is 0.
    #[track_caller]
    pub fn new(t_0: usize) -> Self {
        if t_0 == 0 {
            raise(ShapeError::new(Self::NAME, "a t_0 of 0").help("give the number of epochs of the first period"));
        }
        Self { t_0, t_i: t_0, t_mult: 1, eta_min: 0.0, t_cur: -1, progress: Progress::default() }
    }

    /// Goes on after `last_epoch` steps, with an optimiser that knows its initial learning rates from its state dict; -1,
    /// the default, begins afresh.
    pub fn resume(mut self, last_epoch: i64) -> Self {
        (self.progress.last_epoch, self.t_cur) = (last_epoch, last_epoch);
        self
    }

    /// The factor from period to period: 1 by default.
    ///
    /// # Panics
    /// If it is 0.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CosineAnnealingWarmRestarts::new(10).t_mult(2);
    /// ```
    #[track_caller]
    pub fn t_mult(mut self, t_mult: usize) -> Self {
        if t_mult == 0 {
            raise(ShapeError::new(Self::NAME, "a t_mult of 0").help("give a factor of 1 or more"));
        }
        self.t_mult = t_mult;
        self
    }

    /// The lowest rate: 0 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CosineAnnealingWarmRestarts::new(10).eta_min(1e-5);
    /// ```
    pub fn eta_min(mut self, eta_min: f64) -> Self {
        self.eta_min = eta_min;
        self
    }
}

impl Schedule for CosineAnnealingWarmRestarts {
    const NAME: &'static str = "CosineAnnealingWarmRestarts";
    progress!();
    fields!("T_0" => t_0, "T_i" => t_i, "T_mult" => t_mult, "eta_min" => eta_min, "T_cur" => t_cur);

    fn advance(&mut self) {
        if self.progress.last_epoch == 0 {
            (self.t_cur, self.t_i) = (0, self.t_0);
            return;
        }
        self.t_cur += 1;
        if self.t_cur >= self.t_i as i64 {
            self.t_cur %= self.t_i as i64;
            self.t_i = self.t_i.saturating_mul(self.t_mult);
        }
    }

    fn rate(&self, at: &At<'_>) -> f64 {
        let height = 1.0 + (PI * self.t_cur as f64 / self.t_i as f64).cos();
        self.eta_min + (at.base_lr - self.eta_min) * height / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            CosineAnnealingWarmRestarts::new(3),
            &[
                0.1,
                0.07500000000000001,
                0.025000000000000012,
                0.1,
                0.07500000000000001,
                0.025000000000000012,
                0.1,
                0.07500000000000001,
                0.025000000000000012,
                0.1,
                0.07500000000000001,
                0.025000000000000012,
                0.1,
            ],
        );
        follows(
            CosineAnnealingWarmRestarts::new(2).t_mult(2).eta_min(0.01),
            &[
                0.1,
                0.05500000000000001,
                0.1,
                0.08681980515339464,
                0.05500000000000001,
                0.023180194846605363,
                0.1,
                0.0965745789630079,
                0.08681980515339464,
                0.07222075445642905,
                0.05500000000000001,
                0.03777924554357097,
                0.023180194846605363,
            ],
        );
    }
}
