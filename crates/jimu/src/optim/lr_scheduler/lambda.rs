//! A function of the epoch.

use super::functions::Functions;
use super::schedule::{At, Progress, Schedule, progress};
use crate::io::Value;
use crate::optim::Optimizer;

/// Multiplies the initial learning rates by a function of the epoch:
/// [`LambdaLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LambdaLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = LambdaLR::new(|epoch| 0.5_f64.powi(epoch as i32)).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.8, 0.4, 0.2, 0.1]);
/// ```
pub struct LambdaLR {
    functions: Functions,
    progress: Progress,
}

impl LambdaLR {
    /// One function for all groups.
    pub fn new(lr_lambda: impl Fn(usize) -> f64 + Send + Sync + 'static) -> Self {
        Self { functions: Functions::one(lr_lambda), progress: Progress::default() }
    }

    /// A function for each group.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = LambdaLR::per_group(vec![Box::new(|_| 1.0), Box::new(|epoch| 1.0 / (1.0 + epoch as f64))]);
    /// ```
    pub fn per_group(lr_lambdas: Vec<Box<dyn Fn(usize) -> f64 + Send + Sync>>) -> Self {
        Self { functions: Functions::per_group(lr_lambdas), progress: Progress::default() }
    }
}

progress!(LambdaLR);

impl Schedule for LambdaLR {
    const NAME: &'static str = "LambdaLR";
    progress!();

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.functions.state()
    }

    fn set_field(&mut self, _name: &str, _value: &Value) -> Option<()> {
        Some(())
    }

    #[track_caller]
    fn prepare(&mut self, optimizer: &mut dyn Optimizer) {
        self.functions.share_out(optimizer.param_groups().len(), Self::NAME);
    }

    fn rate(&self, at: &At<'_>) -> f64 {
        at.base_lr * self.functions.at(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            LambdaLR::new(|epoch| 0.95_f64.powi(epoch as i32) + 0.01),
            &[
                0.101,
                0.096,
                0.09125,
                0.0867375,
                0.082450625,
                0.07837809374999999,
                0.07450918906249998,
                0.07083372960937498,
                0.06734204312890622,
                0.0640249409724609,
                0.060873693923837874,
                0.05788000922764597,
                0.05503600876626367,
            ],
        );
    }
}
