//! A factor at first.

use super::schedule::{At, Progress, Schedule, fields, progress};
use crate::error::{ShapeError, raise};

/// Multiplies the learning rates by `factor` until `total_iters` epochs are over:
/// [`ConstantLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{ConstantLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = ConstantLR::new().factor(0.5).total_iters(2).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.4, 0.4, 0.8, 0.8]);
/// ```
#[derive(Clone, Debug)]
pub struct ConstantLR {
    factor: f64,
    total_iters: usize,
    progress: Progress,
}

impl Default for ConstantLR {
    fn default() -> Self {
        Self::new()
    }
}

impl ConstantLR {
    /// A third of the rates for 5 epochs.
    pub fn new() -> Self {
        Self { factor: 1.0 / 3.0, total_iters: 5, progress: Progress::default() }
    }

    /// The factor: 1/3 by default.
    ///
    /// # Panics
    /// If it is not in [0, 1].
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ConstantLR::new().factor(0.1);
    /// ```
    #[track_caller]
    pub fn factor(mut self, factor: f64) -> Self {
        if !(0.0..=1.0).contains(&factor) {
            raise(ShapeError::new("ConstantLR", format!("a factor of {factor}")).help("give a number from 0 to 1"));
        }
        self.factor = factor;
        self
    }

    /// How many epochs it lasts: 5 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ConstantLR::new().total_iters(10);
    /// ```
    pub fn total_iters(mut self, total_iters: usize) -> Self {
        self.total_iters = total_iters;
        self
    }
}

progress!(ConstantLR);

impl Schedule for ConstantLR {
    const NAME: &'static str = "ConstantLR";
    progress!();
    fields!("factor" => factor, "total_iters" => total_iters);

    fn rate(&self, at: &At<'_>) -> f64 {
        if at.epoch == 0 {
            at.lr * self.factor
        } else if at.epoch == self.total_iters as i64 {
            at.lr * (1.0 / self.factor)
        } else {
            at.lr
        }
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        Some(if at.epoch >= self.total_iters as i64 { at.base_lr } else { at.base_lr * self.factor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            ConstantLR::new(),
            &[
                0.03333333333333333,
                0.03333333333333333,
                0.03333333333333333,
                0.03333333333333333,
                0.03333333333333333,
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
                0.1,
            ],
        );
        follows(
            ConstantLR::new().factor(0.3).total_iters(3),
            &[0.03, 0.03, 0.03, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
        );
    }
}
