//! A factor that changes along a line.

use super::schedule::{At, Progress, Schedule, fields, progress};
use crate::error::{ShapeError, raise};

/// Multiplies the learning rates by a factor that goes from `start_factor` to `end_factor` along a line within
/// `total_iters` epochs: a warm-up.
/// [`LinearLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LinearLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = LinearLR::new().start_factor(0.25).total_iters(3).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// let expected = [0.2, 0.4, 0.6, 0.8];
/// assert!(rates.iter().zip(expected).all(|(rate, expected)| (rate - expected).abs() < 1e-12));
/// ```
#[derive(Clone, Debug)]
pub struct LinearLR {
    start_factor: f64,
    end_factor: f64,
    total_iters: usize,
    progress: Progress,
}

impl Default for LinearLR {
    fn default() -> Self {
        Self::new()
    }
}

impl LinearLR {
    /// From a third of the rates to all of them within 5 epochs.
    pub fn new() -> Self {
        Self { start_factor: 1.0 / 3.0, end_factor: 1.0, total_iters: 5, progress: Progress::default() }
    }

    /// The first factor: 1/3 by default.
    ///
    /// # Panics
    /// If it is not in (0, 1].
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = LinearLR::new().start_factor(0.1);
    /// ```
    #[track_caller]
    pub fn start_factor(mut self, start_factor: f64) -> Self {
        if !(start_factor > 0.0 && start_factor <= 1.0) {
            let problem = format!("a start_factor of {start_factor}");
            raise(ShapeError::new("LinearLR", problem).help("give a number above 0 that is at most 1"));
        }
        self.start_factor = start_factor;
        self
    }

    /// The last factor: 1 by default.
    ///
    /// # Panics
    /// If it is not in [0, 1].
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = LinearLR::new().start_factor(1.0).end_factor(0.1);
    /// ```
    #[track_caller]
    pub fn end_factor(mut self, end_factor: f64) -> Self {
        if !(0.0..=1.0).contains(&end_factor) {
            let problem = format!("an end_factor of {end_factor}");
            raise(ShapeError::new("LinearLR", problem).help("give a number from 0 to 1"));
        }
        self.end_factor = end_factor;
        self
    }

    /// How many epochs it lasts: 5 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = LinearLR::new().total_iters(10);
    /// ```
    pub fn total_iters(mut self, total_iters: usize) -> Self {
        self.total_iters = total_iters;
        self
    }
}

progress!(LinearLR);

impl Schedule for LinearLR {
    const NAME: &'static str = "LinearLR";
    progress!();
    fields!("start_factor" => start_factor, "end_factor" => end_factor, "total_iters" => total_iters);

    fn rate(&self, at: &At<'_>) -> f64 {
        if at.epoch == 0 {
            return at.lr * self.start_factor;
        }
        if at.initial || at.epoch > self.total_iters as i64 {
            return at.lr;
        }
        let rise = self.end_factor - self.start_factor;
        let before = self.total_iters as f64 * self.start_factor + (at.epoch - 1) as f64 * rise;
        at.lr * (1.0 + rise / before)
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        let share = (self.total_iters as f64).min(at.epoch as f64) / self.total_iters as f64;
        Some(at.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            LinearLR::new(),
            &[
                0.03333333333333333,
                0.04666666666666667,
                0.060000000000000005,
                0.07333333333333335,
                0.08666666666666668,
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
            LinearLR::new().start_factor(0.9).end_factor(0.2).total_iters(4),
            &[
                0.09000000000000001,
                0.07250000000000001,
                0.055000000000000014,
                0.03750000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
                0.02000000000000001,
            ],
        );
    }
}
