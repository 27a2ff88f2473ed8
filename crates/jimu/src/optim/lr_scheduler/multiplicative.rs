//! A function of the epoch, every epoch.

use super::functions::Functions;
use super::schedule::{At, Progress, Schedule, progress};
use crate::io::Value;
use crate::optim::Optimizer;

/// Multiplies the learning rates, every epoch, by a function of the epoch:
/// [`MultiplicativeLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LrScheduler, MultiplicativeLR};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = MultiplicativeLR::new(|_| 0.5).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.8, 0.4, 0.2, 0.1]);
/// ```
pub struct MultiplicativeLR {
    functions: Functions,
    progress: Progress,
}

impl MultiplicativeLR {
    /// One function for all groups.
    pub fn new(lr_lambda: impl Fn(usize) -> f64 + Send + Sync + 'static) -> Self {
        Self { functions: Functions::one(lr_lambda), progress: Progress::default() }
    }

    /// A function for each group.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = MultiplicativeLR::per_group(vec![Box::new(|_| 1.0), Box::new(|epoch| 1.0 / (1.0 + epoch as f64))]);
    /// ```
    pub fn per_group(lr_lambdas: Vec<Box<dyn Fn(usize) -> f64 + Send + Sync>>) -> Self {
        Self { functions: Functions::per_group(lr_lambdas), progress: Progress::default() }
    }
}

progress!(MultiplicativeLR);

impl Schedule for MultiplicativeLR {
    const NAME: &'static str = "MultiplicativeLR";
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
        if at.initial { at.lr } else { at.lr * self.functions.at(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;

    #[test]
    fn follows_pytorch() {
        follows(
            MultiplicativeLR::new(|epoch| 0.95_f64.powi(epoch as i32) + 0.01),
            &[
                0.1,
                0.096,
                0.0876,
                0.07598205,
                0.06264767511281248,
                0.049102053532115573,
                0.036585541899813945,
                0.025914903825438797,
                0.017451625710941564,
                0.011173393060165147,
                0.006801657092352273,
                0.003936799752686332,
                0.002166657456998696,
            ],
        );
    }
}
