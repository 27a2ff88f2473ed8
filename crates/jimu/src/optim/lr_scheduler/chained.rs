//! Several schedulers at once.

use super::schedule::rates;
use super::sequential::{check, load_states, reset, states};
use super::{LrScheduler, SchedulerStateError};
use crate::io::{Dict, FromValue, Value};
use crate::optim::Optimizer;

/// Several schedulers at once: each takes its step from the rates that the one before it has set:
/// [`ChainedScheduler`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{ChainedScheduler, ConstantLR, ExponentialLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 1.0);
/// let low = ConstantLR::new().factor(0.5).total_iters(2);
/// let mut scheduler =
///     ChainedScheduler::new(vec![Box::new(low), Box::new(ExponentialLR::new(0.5))]).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..3 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.5, 0.25, 0.25, 0.125]);
/// ```
pub struct ChainedScheduler {
    schedulers: Vec<Box<dyn LrScheduler>>,
    last_lr: Vec<f64>,
}

impl ChainedScheduler {
    const NAME: &'static str = "ChainedScheduler";

    /// All of `schedulers`, in order.
    ///
    /// # Panics
    /// If there is none, or one needs a metric.
    #[track_caller]
    pub fn new(schedulers: Vec<Box<dyn LrScheduler>>) -> Self {
        check(Self::NAME, &schedulers);
        Self { schedulers, last_lr: Vec::new() }
    }

    #[track_caller]
    fn each(&mut self, optimizer: &mut dyn Optimizer, act: fn(&mut dyn LrScheduler, &mut dyn Optimizer)) {
        for scheduler in &mut self.schedulers {
            act(&mut **scheduler, optimizer);
        }
        self.last_lr = rates(optimizer);
    }
}

impl LrScheduler for ChainedScheduler {
    #[track_caller]
    fn begin(&mut self, optimizer: &mut dyn Optimizer) {
        self.each(optimizer, |scheduler, optimizer| scheduler.begin(optimizer));
    }

    #[track_caller]
    fn step(&mut self, optimizer: &mut dyn Optimizer) {
        self.each(optimizer, |scheduler, optimizer| scheduler.step(optimizer));
    }

    fn get_last_lr(&self) -> Vec<f64> {
        self.last_lr.clone()
    }

    fn last_epoch(&self) -> i64 {
        self.schedulers.iter().map(|scheduler| scheduler.last_epoch()).max().unwrap_or(-1)
    }

    fn state_dict(&self) -> Value {
        Dict::from_iter([
            ("_last_lr".into(), self.last_lr.clone().into()),
            ("_schedulers".into(), states(&self.schedulers)),
        ])
        .into()
    }

    fn load_state_dict(&mut self, state: &Value) -> Result<(), SchedulerStateError> {
        load_states(Self::NAME, &mut self.schedulers, state)?;
        self.last_lr = state.get("_last_lr").and_then(Vec::from_value).unwrap_or_default();
        Ok(())
    }

    /// A chain has no rates of its own: it begins anew.
    #[track_caller]
    fn enter(&mut self, optimizer: &mut dyn Optimizer) {
        reset(optimizer);
        self.each(optimizer, |scheduler, optimizer| scheduler.begin(optimizer));
    }

    #[track_caller]
    fn restart(&mut self, optimizer: &mut dyn Optimizer) {
        self.each(optimizer, |scheduler, optimizer| scheduler.restart(optimizer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::follows;
    use crate::optim::lr_scheduler::{ConstantLR, ExponentialLR, StepLR};

    #[test]
    fn follows_pytorch() {
        follows(
            ChainedScheduler::new(vec![
                Box::new(ConstantLR::new().factor(0.1).total_iters(4)),
                Box::new(ExponentialLR::new(0.9)),
                Box::new(StepLR::new(3).gamma(0.5)),
            ]),
            &[
                0.010000000000000002,
                0.009000000000000003,
                0.008100000000000003,
                0.0036450000000000015,
                0.032805000000000015,
                0.029524500000000013,
                0.013286025000000005,
                0.011957422500000005,
                0.010761680250000006,
                0.0048427561125000025,
                0.004358480501250002,
                0.003922632451125002,
                0.0017651846030062508,
            ],
        );
    }
}
