//! What one scheduler differs in from another, and the step that all share.

use super::{LrScheduler, SchedulerStateError};
use crate::error::{ShapeError, raise};
use crate::io::{Dict, FromValue, Value};
use crate::optim::{HyperParameter, Optimizer, ParamGroup};

/// How far a scheduler has come.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) last_epoch: i64,
    pub(super) base_lrs: Vec<f64>,
    /// Steps since the beginning, the first of which is the beginning itself.
    step_count: i64,
    last_lr: Vec<f64>,
    begun: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self { last_epoch: -1, base_lrs: Vec::new(), step_count: 0, last_lr: Vec::new(), begun: false }
    }
}

/// Where a group stands when its next rate is asked for.
pub(super) struct At<'a> {
    pub(super) group: &'a dyn ParamGroup,
    /// Its position among the groups.
    pub(super) index: usize,
    pub(super) epoch: i64,
    pub(super) lr: f64,
    pub(super) base_lr: f64,
    /// Whether this is the beginning, not a step.
    pub(super) initial: bool,
    /// Whether no step was taken since the beginning.
    pub(super) first: bool,
}

/// A scheduler that computes each group's rate from its last one.
pub(super) trait Schedule {
    /// PyTorch's name.
    const NAME: &'static str;

    fn progress(&self) -> &Progress;
    fn progress_mut(&mut self) -> &mut Progress;

    /// The options and counters, by PyTorch's names.
    fn fields(&self) -> Vec<(&'static str, Value)>;

    /// Sets one of them; a name that is not known is passed over. `None` says that the value is of the wrong kind.
    fn set_field(&mut self, name: &str, value: &Value) -> Option<()>;

    /// What is to be done before the initial rates are noted.
    #[track_caller]
    fn prepare(&mut self, _optimizer: &mut dyn Optimizer) {}

    /// What is to be done after the first rates are set.
    fn settle(&mut self) {}

    /// What is to be done before the rates of a step, besides counting the epoch.
    fn advance(&mut self) {}

    /// The rate at an epoch, given that of the epoch before.
    #[track_caller]
    fn rate(&self, at: &At<'_>) -> f64;

    /// The rate at an epoch, without that of the epoch before, if there is a formula.
    fn closed_form(&self, _at: &At<'_>) -> Option<f64> {
        None
    }

    /// The momentum that goes with the rate.
    fn momentum(&self, _at: &At<'_>) -> Option<f64> {
        None
    }
}

/// The state of a scheduler as fields of the same names.
macro_rules! fields {
    ($($name:literal => $field:ident),* $(,)?) => {
        fn fields(&self) -> Vec<(&'static str, crate::io::Value)> {
            vec![$(($name, crate::io::Value::from(self.$field.clone()))),*]
        }

        fn set_field(&mut self, name: &str, value: &crate::io::Value) -> Option<()> {
            match name {
                $($name => self.$field = crate::io::FromValue::from_value(value)?,)*
                _ => {}
            }
            Some(())
        }
    };
}
pub(super) use fields;

/// The accessors of the field `progress`, and the option `last_epoch`.
macro_rules! progress {
    () => {
        fn progress(&self) -> &crate::optim::lr_scheduler::schedule::Progress {
            &self.progress
        }

        fn progress_mut(&mut self) -> &mut crate::optim::lr_scheduler::schedule::Progress {
            &mut self.progress
        }
    };
    ($Scheduler:ident) => {
        impl $Scheduler {
            /// Goes on after `last_epoch` steps, with an optimiser that knows its initial learning rates from its state
            /// dict; -1, the default, begins afresh.
            pub fn resume(mut self, last_epoch: i64) -> Self {
                self.progress.last_epoch = last_epoch;
                self
            }
        }
    };
}
pub(super) use progress;

enum Mode {
    /// The first rates.
    Initial,
    /// The next ones.
    Next,
    /// Those of the epoch that was set.
    Here,
}

/// Sets the rates, and momenta if there are any, of all groups.
#[track_caller]
fn set_rates<S: Schedule>(scheduler: &mut S, optimizer: &mut dyn Optimizer, mode: &Mode) {
    let count = optimizer.param_groups().len();
    let progress = scheduler.progress();
    if progress.base_lrs.len() != count {
        let begun = progress.base_lrs.len();
        raise(
            ShapeError::new(S::NAME, format!("the optimizer has {count} parameter groups, but had {begun} at first"))
                .help("add all groups before the scheduler is attached"),
        );
    }
    let (epoch, first) = (progress.last_epoch, progress.step_count == 1);
    let mut wanted = Vec::new();
    for (index, group) in optimizer.param_groups().into_iter().enumerate() {
        let base_lr = progress.base_lrs[index];
        let initial = matches!(mode, Mode::Initial);
        let at = At { group, index, epoch, lr: group.lr(), base_lr, initial, first };
        let closed = if let Mode::Here = mode { scheduler.closed_form(&at) } else { None };
        wanted.push((closed.unwrap_or_else(|| scheduler.rate(&at)), scheduler.momentum(&at)));
    }
    for (group, (lr, momentum)) in optimizer.param_groups_mut().into_iter().zip(wanted) {
        group.set_lr(lr);
        if let Some(momentum) = momentum {
            set_momentum(group, momentum, S::NAME);
        }
    }
    scheduler.progress_mut().last_lr = rates(optimizer);
}

pub(super) fn rates(optimizer: &dyn Optimizer) -> Vec<f64> {
    optimizer.param_groups().iter().map(|group| group.lr()).collect()
}

/// Sets the momentum, or β1 where there are betas.
#[track_caller]
pub(super) fn set_momentum(group: &mut dyn ParamGroup, momentum: f64, scheduler: &str) {
    match (group.hyper_parameter("betas"), group.hyper_parameter("momentum")) {
        (Some(HyperParameter::Pair(_, second)), _) => group.set_hyper_parameter("betas", (momentum, second).into()),
        (_, Some(_)) => group.set_hyper_parameter("momentum", momentum.into()),
        _ => raise(
            ShapeError::new(scheduler, "the optimizer has neither a momentum nor betas to cycle")
                .help("use an optimizer that has, or .cycle_momentum(false)"),
        ),
    }
}

#[track_caller]
fn initial_step<S: Schedule>(scheduler: &mut S, optimizer: &mut dyn Optimizer) {
    let progress = scheduler.progress_mut();
    (progress.step_count, progress.begun) = (1, true);
    progress.last_epoch += 1;
    scheduler.advance();
    set_rates(scheduler, optimizer, &Mode::Initial);
}

impl<S: Schedule> LrScheduler for S {
    #[track_caller]
    fn begin(&mut self, optimizer: &mut dyn Optimizer) {
        self.prepare(optimizer);
        let resumes = self.progress().last_epoch != -1;
        let mut base_lrs = Vec::new();
        for group in optimizer.param_groups_mut() {
            if group.initial_lr().is_none() && resumes {
                raise(
                    ShapeError::new(S::NAME, "the optimizer does not know its initial learning rates")
                        .help("load the optimizer's state dict before the scheduler is attached"),
                );
            }
            let base_lr = group.initial_lr().unwrap_or(group.lr());
            group.set_note("initial_lr", base_lr.into());
            base_lrs.push(base_lr);
        }
        self.progress_mut().base_lrs = base_lrs;
        initial_step(self, optimizer);
        self.settle();
    }

    #[track_caller]
    fn step(&mut self, optimizer: &mut dyn Optimizer) {
        if !self.progress().begun {
            raise(ShapeError::new(S::NAME, "the scheduler belongs to no optimizer yet").help(format!(
                "attach it where it is made: let mut scheduler = {}::new(…).attach(&mut optimizer)",
                S::NAME
            )));
        }
        self.progress_mut().step_count += 1;
        self.progress_mut().last_epoch += 1;
        self.advance();
        set_rates(self, optimizer, &Mode::Next);
    }

    fn get_last_lr(&self) -> Vec<f64> {
        self.progress().last_lr.clone()
    }

    fn last_epoch(&self) -> i64 {
        self.progress().last_epoch
    }

    fn state_dict(&self) -> Value {
        let progress = self.progress();
        let mut state: Dict = self.fields().into_iter().map(|(name, value)| (name.into(), value)).collect();
        for (name, value) in [
            ("base_lrs", progress.base_lrs.clone().into()),
            ("last_epoch", progress.last_epoch.into()),
            ("_step_count", progress.step_count.into()),
            ("_is_initial", false.into()),
            ("_get_lr_called_within_step", false.into()),
            ("_last_lr", Value::from(progress.last_lr.clone())),
        ] {
            state.insert(name.into(), value);
        }
        state.into()
    }

    fn load_state_dict(&mut self, state: &Value) -> Result<(), SchedulerStateError> {
        let dict =
            state.as_dict().ok_or_else(|| SchedulerStateError::new(S::NAME, format!("it is {}", state.kind())))?;
        let mut progress = self.progress().clone();
        for (name, value) in dict.iter().filter_map(|(key, value)| Some((key_text(key)?, value))) {
            let known = match name {
                "base_lrs" => Vec::from_value(value).map(|rates| progress.base_lrs = rates),
                "last_epoch" => i64::from_value(value).map(|epoch| progress.last_epoch = epoch),
                "_step_count" => i64::from_value(value).map(|count| progress.step_count = count),
                "_last_lr" => Vec::from_value(value).map(|rates| progress.last_lr = rates),
                name => self.set_field(name, value),
            };
            known.ok_or_else(|| SchedulerStateError::wrong_kind(S::NAME, name, value))?;
        }
        progress.begun |= !progress.base_lrs.is_empty();
        *self.progress_mut() = progress;
        Ok(())
    }

    #[track_caller]
    fn enter(&mut self, optimizer: &mut dyn Optimizer) {
        self.progress_mut().last_epoch = 0;
        set_rates(self, optimizer, &Mode::Here);
    }

    #[track_caller]
    fn restart(&mut self, optimizer: &mut dyn Optimizer) {
        self.progress_mut().last_epoch -= 1;
        initial_step(self, optimizer);
    }
}

pub(super) fn key_text(key: &crate::io::Key) -> Option<&str> {
    if let crate::io::Key::Text(text) = key { Some(text) } else { None }
}
