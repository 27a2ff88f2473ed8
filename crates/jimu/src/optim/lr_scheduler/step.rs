//! A factor every few epochs.

use super::schedule::{At, Progress, Schedule, fields, progress};
use crate::error::{ShapeError, raise};

/// Multiplies the learning rates by `gamma` every `step_size` epochs:
/// [`StepLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LrScheduler, StepLR};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = StepLR::new(2).gamma(0.5).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.8, 0.8, 0.4, 0.4]);
/// ```
#[derive(Clone, Debug)]
pub struct StepLR {
    step_size: usize,
    gamma: f64,
    progress: Progress,
}

impl StepLR {
    /// A step every `step_size` epochs.
    ///
    /// # Panics
    /// If `step_size` is 0.
    #[track_caller]
    pub fn new(step_size: usize) -> Self {
        if step_size == 0 {
            raise(ShapeError::new("StepLR", "a step_size of 0").help("give the number of epochs between two steps"));
        }
        Self { step_size, gamma: 0.1, progress: Progress::default() }
    }

    /// The factor: 0.1 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = StepLR::new(30).gamma(0.5);
    /// ```
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }
}

progress!(StepLR);

impl Schedule for StepLR {
    const NAME: &'static str = "StepLR";
    progress!();
    fields!("step_size" => step_size, "gamma" => gamma);

    fn rate(&self, at: &At<'_>) -> f64 {
        match at.epoch != 0 && at.epoch % self.step_size as i64 == 0 {
            true => at.lr * self.gamma,
            false => at.lr,
        }
    }

    fn closed_form(&self, at: &At<'_>) -> Option<f64> {
        Some(at.base_lr * self.gamma.powi((at.epoch / self.step_size as i64) as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            StepLR::new(3).gamma(0.5),
            &[0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.00625],
        );
    }
}
