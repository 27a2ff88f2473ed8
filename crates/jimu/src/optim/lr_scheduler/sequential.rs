//! One scheduler after the other.

use super::schedule::rates;
use super::{LinearLR, LrScheduler, SchedulerStateError};
use crate::error::{ShapeError, raise};
use crate::io::{Dict, FromValue, Value};
use crate::optim::Optimizer;

/// Schedulers one after the other: at each milestone the next takes over, beginning at its epoch 0:
/// [`SequentialLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{ConstantLR, ExponentialLR, LrScheduler, SequentialLR};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 1.0);
/// let first = ConstantLR::new().factor(0.1).total_iters(2);
/// let mut scheduler =
///     SequentialLR::new(vec![Box::new(first), Box::new(ExponentialLR::new(0.5))], [2]).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..4 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.1, 0.1, 1.0, 0.5, 0.25]);
/// ```
pub struct SequentialLR {
    schedulers: Vec<Box<dyn LrScheduler>>,
    milestones: Vec<usize>,
    last_epoch: i64,
    last_lr: Vec<f64>,
}

impl SequentialLR {
    const NAME: &'static str = "SequentialLR";

    /// The second of `schedulers` takes over at the first of `milestones`, and so on.
    ///
    /// # Panics
    /// If there is no scheduler, the milestones are not one less than the schedulers, or a scheduler needs a metric.
    #[track_caller]
    pub fn new(schedulers: Vec<Box<dyn LrScheduler>>, milestones: impl Into<Vec<usize>>) -> Self {
        let milestones = milestones.into();
        check(Self::NAME, &schedulers);
        if milestones.len() + 1 != schedulers.len() {
            let problem = format!("{} schedulers with {} milestones", schedulers.len(), milestones.len());
            raise(ShapeError::new(Self::NAME, problem).help("give the epoch at which each but the first begins"));
        }
        Self { schedulers, milestones, last_epoch: -1, last_lr: Vec::new() }
    }

    /// `after`, with a warm-up before it: for `steps` steps the learning rates rise along a line, beginning with
    /// `start_factor` times the full ones.
    ///
    /// ```
    /// use jimu::optim::lr_scheduler::{CosineAnnealingLR, LrScheduler, SequentialLR};
    /// use jimu::optim::{Optimizer, Sgd};
    /// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
    /// let mut scheduler = SequentialLR::warm_up(0.25, 3, CosineAnnealingLR::new(90)).attach(&mut opt);
    /// let mut rates = vec![opt.lr()];
    /// for _ in 0..3 {
    ///     scheduler.step(&mut opt);
    ///     rates.push(opt.lr());
    /// }
    /// let expected = [0.2, 0.4, 0.6, 0.8];
    /// assert!(rates.iter().zip(expected).all(|(rate, expected)| (rate - expected).abs() < 1e-12));
    /// ```
    #[track_caller]
    pub fn warm_up(start_factor: f64, steps: usize, after: impl LrScheduler + 'static) -> Self {
        let rise = LinearLR::new().start_factor(start_factor).total_iters(steps);
        Self::new(vec![Box::new(rise), Box::new(after)], [steps])
    }

    /// Which scheduler has the word at an epoch.
    fn turn(&self, epoch: i64) -> usize {
        self.milestones.iter().filter(|&&milestone| milestone as i64 <= epoch).count()
    }

    /// Goes back to the initial learning rates.
    #[track_caller]
    fn first(&mut self, optimizer: &mut dyn Optimizer) {
        reset(optimizer);
        self.last_epoch = 0;
        let turn = self.turn(0);
        self.schedulers[turn].restart(optimizer);
        self.last_lr = self.schedulers[turn].get_last_lr();
    }
}

/// Refuses what cannot be combined.
#[track_caller]
pub(super) fn check(name: &str, schedulers: &[Box<dyn LrScheduler>]) {
    if schedulers.is_empty() {
        raise(ShapeError::new(name, "there is no scheduler").help("give at least one"));
    }
    if schedulers.iter().any(|scheduler| scheduler.needs_metric()) {
        raise(ShapeError::new(name, "a scheduler needs a metric").help("use ReduceLROnPlateau by itself"));
    }
}

/// Gives every group its initial learning rate.
pub(super) fn reset(optimizer: &mut dyn Optimizer) {
    for group in optimizer.param_groups_mut() {
        if let Some(lr) = group.initial_lr() {
            group.set_lr(lr);
        }
    }
}

/// The states of several schedulers.
pub(super) fn states(schedulers: &[Box<dyn LrScheduler>]) -> Value {
    Value::List(schedulers.iter().map(|scheduler| scheduler.state_dict()).collect())
}

/// Loads them.
pub(super) fn load_states(
    name: &'static str,
    schedulers: &mut [Box<dyn LrScheduler>],
    state: &Value,
) -> Result<(), SchedulerStateError> {
    let states = state.get("_schedulers").and_then(Value::as_list);
    let states = states.ok_or_else(|| SchedulerStateError::new(name, "it has no list `_schedulers`"))?;
    if states.len() != schedulers.len() {
        let (found, expected) = (states.len(), schedulers.len());
        return Err(SchedulerStateError::new(name, format!("it is one of {found} schedulers, not of {expected}")));
    }
    schedulers.iter_mut().zip(states).try_for_each(|(scheduler, state)| scheduler.load_state_dict(state))
}

impl LrScheduler for SequentialLR {
    #[track_caller]
    fn begin(&mut self, optimizer: &mut dyn Optimizer) {
        for scheduler in &mut self.schedulers {
            scheduler.begin(optimizer);
        }
        self.first(optimizer);
    }

    #[track_caller]
    fn step(&mut self, optimizer: &mut dyn Optimizer) {
        self.last_epoch += 1;
        let turn = self.turn(self.last_epoch);
        let scheduler = &mut self.schedulers[turn];
        if turn > 0 && self.milestones[turn - 1] as i64 == self.last_epoch {
            scheduler.enter(optimizer);
        } else {
            scheduler.step(optimizer);
        }
        self.last_lr = rates(optimizer);
    }

    fn get_last_lr(&self) -> Vec<f64> {
        self.last_lr.clone()
    }

    fn last_epoch(&self) -> i64 {
        self.last_epoch
    }

    fn state_dict(&self) -> Value {
        Dict::from_iter([
            ("_milestones".into(), self.milestones.clone().into()),
            ("last_epoch".into(), self.last_epoch.into()),
            ("_last_lr".into(), self.last_lr.clone().into()),
            ("_schedulers".into(), states(&self.schedulers)),
        ])
        .into()
    }

    fn load_state_dict(&mut self, state: &Value) -> Result<(), SchedulerStateError> {
        let field = |name: &str| {
            state.get(name).ok_or_else(|| SchedulerStateError::new(Self::NAME, format!("it has no `{name}`")))
        };
        let wrong = |name, value| SchedulerStateError::wrong_kind(Self::NAME, name, value);
        let epoch = field("last_epoch")?;
        let epoch = i64::from_value(epoch).ok_or_else(|| wrong("last_epoch", epoch))?;
        let milestones = field("_milestones")?;
        let milestones: Vec<usize> = Vec::from_value(milestones).ok_or_else(|| wrong("_milestones", milestones))?;
        if milestones.len() != self.milestones.len() {
            return Err(SchedulerStateError::new(Self::NAME, "it has another number of milestones"));
        }
        load_states(Self::NAME, &mut self.schedulers, state)?;
        (self.last_epoch, self.milestones) = (epoch, milestones);
        self.last_lr = state.get("_last_lr").and_then(Vec::from_value).unwrap_or_default();
        Ok(())
    }

    #[track_caller]
    fn enter(&mut self, optimizer: &mut dyn Optimizer) {
        self.first(optimizer);
    }

    #[track_caller]
    fn restart(&mut self, optimizer: &mut dyn Optimizer) {
        self.first(optimizer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::{follows, optimizer};
    use crate::optim::lr_scheduler::{CosineAnnealingLR, CosineAnnealingWarmRestarts, MultiStepLR, ReduceLROnPlateau};
    use crate::optim::testing::message;

    #[test]
    fn follows_pytorch() {
        follows(
            SequentialLR::new(
                vec![
                    Box::new(LinearLR::new().start_factor(0.1).total_iters(3)),
                    Box::new(CosineAnnealingLR::new(4)),
                    Box::new(MultiStepLR::new([2]).gamma(0.5)),
                ],
                [3, 8],
            ),
            &[
                0.010000000000000002,
                0.04,
                0.07,
                0.1,
                0.08535533905932738,
                0.05,
                0.014644660940672627,
                0.0,
                0.1,
                0.1,
                0.05,
                0.05,
                0.05,
            ],
        );
        follows(
            SequentialLR::warm_up(0.2, 4, CosineAnnealingWarmRestarts::new(3)),
            &[
                0.020000000000000004,
                0.04000000000000001,
                0.06000000000000001,
                0.08000000000000002,
                0.1,
                0.07500000000000001,
                0.025000000000000012,
                0.1,
                0.07500000000000001,
                0.025000000000000012,
                0.1,
                0.07500000000000001,
                0.025000000000000012,
            ],
        );
    }

    #[test]
    fn a_stopped_training_resumes() {
        let make = || SequentialLR::warm_up(0.2, 4, CosineAnnealingLR::new(9));
        for stop in [2, 4, 6] {
            let (mut opt, mut straight) = (optimizer(), optimizer());
            let mut expected = make().attach(&mut straight);
            let mut first = make().attach(&mut opt);
            (0..stop).for_each(|_| first.step(&mut opt));
            let mut resumed = SequentialLR::warm_up(0.9, 4, CosineAnnealingLR::new(2)).attach(&mut opt);
            resumed.load_state_dict(&first.state_dict()).unwrap();
            opt.param_groups_mut().into_iter().zip(first.get_last_lr()).for_each(|(group, lr)| group.set_lr(lr));
            (0..stop).for_each(|_| expected.step(&mut straight));
            for _ in 0..5 {
                expected.step(&mut straight);
                resumed.step(&mut opt);
                assert_eq!(opt.lr(), straight.lr());
            }
        }
    }

    #[test]
    fn refusals_name_the_fix() {
        let scheduler = || -> Box<dyn LrScheduler> { Box::new(LinearLR::new()) };
        for (message, expected) in [
            (message(|| SequentialLR::new(vec![], [])), "there is no scheduler"),
            (message(|| SequentialLR::new(vec![scheduler(), scheduler()], [1, 2])), "2 schedulers with 2 milestones"),
            (message(|| SequentialLR::new(vec![Box::new(ReduceLROnPlateau::new())], [])), "needs a metric"),
            (message(|| LinearLR::new().step(&mut optimizer())), "the scheduler belongs to no optimizer yet"),
            (
                message(|| LinearLR::new().resume(3).begin(&mut optimizer())),
                "help: load the optimizer's state dict before the scheduler is attached",
            ),
        ] {
            assert!(message.contains(expected), "{message}");
        }
    }
}
