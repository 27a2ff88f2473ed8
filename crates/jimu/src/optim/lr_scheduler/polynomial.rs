//! A fall along a polynomial.

use super::schedule::{At, Progress, Schedule, fields, progress};

/// Lets the learning rates fall to 0 within `total_iters` epochs, as `(1 - epoch / total_iters)^power`:
/// [`PolynomialLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LrScheduler, PolynomialLR};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = PolynomialLR::new().total_iters(2).power(2.0).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.8, 0.2, 0.0, 0.0]);
/// ```
#[derive(Clone, Debug)]
pub struct PolynomialLR {
    total_iters: usize,
    power: f64,
    progress: Progress,
}

impl Default for PolynomialLR {
    fn default() -> Self {
        Self::new()
    }
}

impl PolynomialLR {
    /// A line that reaches 0 after 5 epochs.
    pub fn new() -> Self {
        Self { total_iters: 5, power: 1.0, progress: Progress::default() }
    }

    /// How many epochs the fall takes: 5 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = PolynomialLR::new().total_iters(90);
    /// ```
    pub fn total_iters(mut self, total_iters: usize) -> Self {
        self.total_iters = total_iters;
        self
    }

    /// The power: 1 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = PolynomialLR::new().power(0.9);
    /// ```
    pub fn power(mut self, power: f64) -> Self {
        self.power = power;
        self
    }
}

progress!(PolynomialLR);

impl Schedule for PolynomialLR {
    const NAME: &'static str = "PolynomialLR";
    progress!();
    fields!("total_iters" => total_iters, "power" => power);

    fn rate(&self, at: &At<'_>) -> f64 {
        if at.initial || at.epoch > self.total_iters as i64 {
            return at.lr;
        }
        let left = |epoch: i64| 1.0 - epoch as f64 / self.total_iters as f64;
        at.lr * (left(at.epoch) / left(at.epoch - 1)).powf(self.power)
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        let share = (self.total_iters as f64).min(at.epoch as f64) / self.total_iters as f64;
        Some(at.base_lr * (1.0 - share).powf(self.power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            PolynomialLR::new(),
            &[
                0.1,
                0.08000000000000002,
                0.060000000000000005,
                0.04000000000000001,
                0.02,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
            ],
        );
        follows(
            PolynomialLR::new().total_iters(8).power(2.0),
            &[
                0.1,
                0.0765625,
                0.05625,
                0.03906250000000001,
                0.02500000000000001,
                0.014062500000000006,
                0.006250000000000002,
                0.0015625000000000005,
                0.0,
                0.0,
                0.0,
                0.0,
                0.0,
            ],
        );
    }
}
