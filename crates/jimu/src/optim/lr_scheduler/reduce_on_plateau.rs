//! A factor when a metric no longer improves.

use super::schedule::{key_text, rates};
use super::{LrScheduler, PerGroup, SchedulerStateError};
use crate::error::{ShapeError, raise};
use crate::io::{Dict, FromValue, Value};
use crate::optim::Optimizer;

/// Multiplies the learning rates by `factor` when a metric has not improved for more than `patience` epochs:
/// [`ReduceLROnPlateau`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html).
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LrScheduler, ReduceLROnPlateau};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 1.0);
/// let mut scheduler = ReduceLROnPlateau::new().factor(0.5).patience(1).attach(&mut opt);
/// let mut rates = Vec::new();
/// for loss in [3.0, 2.0, 2.0, 2.1, 2.0, 2.0] {
///     scheduler.step_metric(&mut opt, loss);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]);
/// ```
#[derive(Clone, Debug)]
pub struct ReduceLROnPlateau {
    mode: PlateauMode,
    factor: f64,
    patience: usize,
    threshold: f64,
    threshold_mode: ThresholdMode,
    cooldown: usize,
    min_lr: PerGroup,
    eps: f64,
    min_lrs: Vec<f64>,
    best: Option<f64>,
    cooldown_counter: usize,
    num_bad_epochs: usize,
    last_epoch: i64,
    last_lr: Vec<f64>,
}

/// What a better metric is.
///
/// ```
/// # use jimu::optim::lr_scheduler::*;
/// let scheduler = ReduceLROnPlateau::new().mode(PlateauMode::Max); // an accuracy
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlateauMode {
    /// A smaller one, such as a loss: `"min"`, the default.
    #[default]
    Min,
    /// A larger one, such as an accuracy: `"max"`.
    Max,
}

/// How the threshold of [`ReduceLROnPlateau`] is meant.
///
/// ```
/// # use jimu::optim::lr_scheduler::*;
/// let scheduler = ReduceLROnPlateau::new().threshold(0.01).threshold_mode(ThresholdMode::Abs);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThresholdMode {
    /// As a share of the best metric: `"rel"`, the default.
    #[default]
    Rel,
    /// As a difference: `"abs"`.
    Abs,
}

impl Default for ReduceLROnPlateau {
    fn default() -> Self {
        Self::new()
    }
}

impl ReduceLROnPlateau {
    const NAME: &'static str = "ReduceLROnPlateau";

    /// A tenth after 10 epochs without a smaller metric.
    pub fn new() -> Self {
        Self {
            mode: PlateauMode::Min,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            threshold_mode: ThresholdMode::Rel,
            cooldown: 0,
            min_lr: 0.0.into(),
            eps: 1e-8,
            min_lrs: Vec::new(),
            best: None,
            cooldown_counter: 0,
            num_bad_epochs: 0,
            last_epoch: -1,
            last_lr: Vec::new(),
        }
    }

    /// What a better metric is: a smaller one by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().mode(PlateauMode::Max);
    /// ```
    pub fn mode(mut self, mode: PlateauMode) -> Self {
        self.mode = mode;
        self
    }

    /// The factor: 0.1 by default.
    ///
    /// # Panics
    /// If it is not below 1.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().factor(0.5);
    /// ```
    #[track_caller]
    pub fn factor(mut self, factor: f64) -> Self {
        if factor.is_nan() || factor >= 1.0 {
            raise(ShapeError::new(Self::NAME, format!("a factor of {factor}")).help("give a number below 1"));
        }
        self.factor = factor;
        self
    }

    /// How many epochs without a better metric are borne: 10 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().patience(3);
    /// ```
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// By how much a metric must be better to count: 1e-4 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().threshold(1e-3);
    /// ```
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// How the threshold is meant: as a share of the best metric by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().threshold_mode(ThresholdMode::Abs);
    /// ```
    pub fn threshold_mode(mut self, threshold_mode: ThresholdMode) -> Self {
        self.threshold_mode = threshold_mode;
        self
    }

    /// For how many epochs after a reduction nothing is counted: 0 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().cooldown(2);
    /// ```
    pub fn cooldown(mut self, cooldown: usize) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// The lowest rate, one number or one for each group: 0 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().min_lr(1e-6);
    /// ```
    pub fn min_lr(mut self, min_lr: impl Into<PerGroup>) -> Self {
        self.min_lr = min_lr.into();
        self
    }

    /// The least change of a rate that is made: 1e-8 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = ReduceLROnPlateau::new().eps(1e-10);
    /// ```
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    fn worst(&self) -> f64 {
        if self.mode == PlateauMode::Min { f64::INFINITY } else { f64::NEG_INFINITY }
    }

    fn is_better(&self, metric: f64) -> bool {
        let best = self.best.unwrap_or(self.worst());
        match (self.mode, self.threshold_mode) {
            (PlateauMode::Min, ThresholdMode::Rel) => metric < best * (1.0 - self.threshold),
            (PlateauMode::Min, ThresholdMode::Abs) => metric < best - self.threshold,
            (PlateauMode::Max, ThresholdMode::Rel) => metric > best * (1.0 + self.threshold),
            (PlateauMode::Max, ThresholdMode::Abs) => metric > best + self.threshold,
        }
    }

    #[track_caller]
    fn reduce(&mut self, optimizer: &mut dyn Optimizer) {
        let count = optimizer.param_groups().len();
        if self.min_lrs.len() != count {
            self.min_lrs = self.min_lr.numbers(count, Self::NAME, "min_lr");
        }
        for (group, &min_lr) in optimizer.param_groups_mut().into_iter().zip(&self.min_lrs) {
            let (old, new) = (group.lr(), (group.lr() * self.factor).max(min_lr));
            if old - new > self.eps {
                group.set_lr(new);
            }
        }
    }

    fn set_field(&mut self, name: &str, value: &Value) -> Option<()> {
        match name {
            "factor" => self.factor = f64::from_value(value)?,
            "min_lrs" => self.min_lrs = Vec::from_value(value)?,
            "patience" => self.patience = usize::from_value(value)?,
            "cooldown" => self.cooldown = usize::from_value(value)?,
            "eps" => self.eps = f64::from_value(value)?,
            "last_epoch" => self.last_epoch = i64::from_value(value)?,
            "_last_lr" => self.last_lr = Vec::from_value(value)?,
            "best" => self.best = Some(f64::from_value(value)?),
            "cooldown_counter" => self.cooldown_counter = usize::from_value(value)?,
            "num_bad_epochs" => self.num_bad_epochs = usize::from_value(value)?,
            "threshold" => self.threshold = f64::from_value(value)?,
            "mode" => {
                self.mode = match value.as_text()? {
                    "min" => PlateauMode::Min,
                    "max" => PlateauMode::Max,
                    _ => return None,
                }
            }
            "threshold_mode" => {
                self.threshold_mode = match value.as_text()? {
                    "rel" => ThresholdMode::Rel,
                    "abs" => ThresholdMode::Abs,
                    _ => return None,
                }
            }
            _ => {}
        }
        Some(())
    }
}

impl LrScheduler for ReduceLROnPlateau {
    #[track_caller]
    fn begin(&mut self, optimizer: &mut dyn Optimizer) {
        self.min_lrs = self.min_lr.numbers(optimizer.param_groups().len(), Self::NAME, "min_lr");
        (self.best, self.cooldown_counter, self.num_bad_epochs) = (None, 0, 0);
        (self.last_epoch, self.last_lr) = (0, rates(optimizer));
    }

    #[track_caller]
    fn step(&mut self, _optimizer: &mut dyn Optimizer) {
        raise(
            ShapeError::new(Self::NAME, "the scheduler needs the metric that is to improve")
                .help("give it one, such as the validation loss: scheduler.step_metric(&mut optimizer, loss)"),
        );
    }

    #[track_caller]
    fn step_metric(&mut self, optimizer: &mut dyn Optimizer, metric: f64) {
        self.last_epoch = self.last_epoch.max(0) + 1;
        if self.is_better(metric) {
            (self.best, self.num_bad_epochs) = (Some(metric), 0);
        } else {
            self.num_bad_epochs += 1;
        }
        if self.cooldown_counter > 0 {
            self.cooldown_counter -= 1;
            self.num_bad_epochs = 0;
        }
        if self.num_bad_epochs > self.patience {
            self.reduce(optimizer);
            (self.cooldown_counter, self.num_bad_epochs) = (self.cooldown, 0);
        }
        self.last_lr = rates(optimizer);
    }

    fn needs_metric(&self) -> bool {
        true
    }

    fn get_last_lr(&self) -> Vec<f64> {
        self.last_lr.clone()
    }

    fn last_epoch(&self) -> i64 {
        self.last_epoch
    }

    fn state_dict(&self) -> Value {
        let default_min_lr = if let PerGroup::All(min_lr) = self.min_lr { Some(min_lr) } else { None };
        let mode = if self.mode == PlateauMode::Min { "min" } else { "max" };
        let threshold_mode = if self.threshold_mode == ThresholdMode::Rel { "rel" } else { "abs" };
        let state: [(&str, Value); 15] = [
            ("factor", self.factor.into()),
            ("default_min_lr", default_min_lr.into()),
            ("min_lrs", self.min_lrs.clone().into()),
            ("patience", self.patience.into()),
            ("cooldown", self.cooldown.into()),
            ("eps", self.eps.into()),
            ("last_epoch", self.last_epoch.into()),
            ("_last_lr", self.last_lr.clone().into()),
            ("mode_worse", self.worst().into()),
            ("mode", mode.into()),
            ("threshold", self.threshold.into()),
            ("threshold_mode", threshold_mode.into()),
            ("best", self.best.unwrap_or(self.worst()).into()),
            ("cooldown_counter", self.cooldown_counter.into()),
            ("num_bad_epochs", self.num_bad_epochs.into()),
        ];
        state.into_iter().map(|(name, value)| (name.into(), value)).collect::<Dict>().into()
    }

    fn load_state_dict(&mut self, state: &Value) -> Result<(), SchedulerStateError> {
        let dict =
            state.as_dict().ok_or_else(|| SchedulerStateError::new(Self::NAME, format!("it is {}", state.kind())))?;
        let mut loaded = self.clone();
        for (name, value) in dict.iter().filter_map(|(key, value)| Some((key_text(key)?, value))) {
            let known = loaded.set_field(name, value);
            known.ok_or_else(|| SchedulerStateError::wrong_kind(Self::NAME, name, value))?;
        }
        *self = loaded;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::optimizer;
    use crate::optim::testing::message;

    const METRICS: [f64; 12] = [3.0, 2.0, 2.0, 1.9999, 2.5, 1.9, f64::NAN, 1.9, 1.9, 1.8, 1.8, 1.8];

    fn run(scheduler: ReduceLROnPlateau, expected: [f64; 12]) {
        let mut opt = optimizer();
        let mut scheduler = scheduler.attach(&mut opt);
        for (epoch, (metric, expected)) in METRICS.into_iter().zip(expected).enumerate() {
            scheduler.step_metric(&mut opt, metric);
            assert!((opt.lr() - expected).abs() < 1e-12, "epoch {epoch}: {} instead of {expected}", opt.lr());
            // Stopped and resumed after every epoch.
            let state = scheduler.state_dict();
            scheduler = ReduceLROnPlateau::new();
            scheduler.load_state_dict(&state).unwrap();
        }
        assert_eq!(scheduler.get_last_lr()[0], opt.lr());
    }

    #[test]
    fn follows_pytorch() {
        run(
            ReduceLROnPlateau::new().factor(0.5).patience(1),
            [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.0125],
        );
        run(
            ReduceLROnPlateau::new()
                .factor(0.5)
                .patience(0)
                .threshold(0.15)
                .threshold_mode(ThresholdMode::Abs)
                .cooldown(2),
            [0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.0125, 0.0125, 0.0125, 0.00625],
        );
        run(
            ReduceLROnPlateau::new().mode(PlateauMode::Max).factor(0.1).patience(1).min_lr([0.005, 0.01]),
            [
                0.1,
                0.1,
                0.010000000000000002,
                0.010000000000000002,
                0.005,
                0.005,
                0.005,
                0.005,
                0.005,
                0.005,
                0.005,
                0.005,
            ],
        );
    }

    #[test]
    fn a_step_needs_a_metric() {
        let mut opt = optimizer();
        let message = message(|| ReduceLROnPlateau::new().attach(&mut opt).step(&mut opt));
        assert!(message.contains("help: give it one, such as the validation loss"), "{message}");
    }
}
