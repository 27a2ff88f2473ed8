//! Up and down between two rates.

use std::fmt;
use std::sync::Arc;

use super::PerGroup;
use super::schedule::{At, Progress, Schedule, progress, set_momentum};
use crate::io::{FromValue, Value};
use crate::optim::Optimizer;

/// Moves the learning rates up and down between `base_lr` and `max_lr`, step by step, and the momentum the other way:
/// [`CyclicLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html).
///
/// It is meant to take a step after each batch. Smith, [*Cyclical learning rates for training neural
/// networks*](https://arxiv.org/abs/1506.01186), 2015.
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{CyclicLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.8);
/// let mut scheduler = CyclicLR::new(0.0, 1.0).step_size_up(2).cycle_momentum(false).attach(&mut opt);
/// let mut rates = vec![opt.lr()];
/// for _ in 0..4 {
///     scheduler.step(&mut opt);
///     rates.push(opt.lr());
/// }
/// assert_eq!(rates, [0.0, 0.5, 1.0, 0.5, 0.0]);
/// ```
#[derive(Clone)]
pub struct CyclicLR {
    base_lr: PerGroup,
    max_lr: PerGroup,
    step_size_up: usize,
    step_size_down: Option<usize>,
    mode: CyclicMode,
    gamma: f64,
    scale_fn: Option<Arc<dyn Fn(f64) -> f64 + Send + Sync>>,
    scale_mode: ScaleMode,
    cycle_momentum: bool,
    base_momentum: PerGroup,
    max_momentum: PerGroup,
    groups: Groups,
    progress: Progress,
}

/// What the options come to for each group.
#[derive(Clone, Debug, Default)]
struct Groups {
    base_lrs: Vec<f64>,
    max_lrs: Vec<f64>,
    base_momentums: Vec<f64>,
    max_momentums: Vec<f64>,
}

impl fmt::Debug for CyclicLR {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CyclicLR")
            .field("groups", &self.groups)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// How the amplitude of a [`CyclicLR`] changes.
///
/// ```
/// # use jimu::optim::lr_scheduler::*;
/// let scheduler = CyclicLR::new(1e-3, 1e-1).mode(CyclicMode::Triangular2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CyclicMode {
    /// It does not: `"triangular"`, the default.
    #[default]
    Triangular,
    /// It is halved every cycle: `"triangular2"`.
    Triangular2,
    /// It is multiplied by `gamma` every step: `"exp_range"`.
    ExpRange,
}

impl CyclicMode {
    fn name(self) -> &'static str {
        match self {
            Self::Triangular => "triangular",
            Self::Triangular2 => "triangular2",
            Self::ExpRange => "exp_range",
        }
    }
}

/// What the function of [`CyclicLR::scale_fn`] is given.
///
/// ```
/// # use jimu::optim::lr_scheduler::*;
/// let scheduler = CyclicLR::new(1e-3, 1e-1).scale_fn(|step| 0.999_f64.powf(step), ScaleMode::Iterations);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleMode {
    /// The number of the cycle, from 1.
    #[default]
    Cycle,
    /// The number of steps.
    Iterations,
}

impl ScaleMode {
    fn name(self) -> &'static str {
        match self {
            Self::Cycle => "cycle",
            Self::Iterations => "iterations",
        }
    }
}

impl CyclicLR {
    /// Between `base_lr` and `max_lr`, each one number or one for each group, in 2000 steps up and 2000 down.
    pub fn new(base_lr: impl Into<PerGroup>, max_lr: impl Into<PerGroup>) -> Self {
        Self {
            base_lr: base_lr.into(),
            max_lr: max_lr.into(),
            step_size_up: 2000,
            step_size_down: None,
            mode: CyclicMode::Triangular,
            gamma: 1.0,
            scale_fn: None,
            scale_mode: ScaleMode::Cycle,
            cycle_momentum: true,
            base_momentum: 0.8.into(),
            max_momentum: 0.9.into(),
            groups: Groups::default(),
            progress: Progress::default(),
        }
    }

    /// The steps from the base to the maximum: 2000 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).step_size_up(500);
    /// ```
    pub fn step_size_up(mut self, step_size_up: usize) -> Self {
        self.step_size_up = step_size_up;
        self
    }

    /// The steps from the maximum to the base: as many as up by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).step_size_up(500).step_size_down(1500);
    /// ```
    pub fn step_size_down(mut self, step_size_down: usize) -> Self {
        self.step_size_down = Some(step_size_down);
        self
    }

    /// How the amplitude changes: not at all by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).mode(CyclicMode::Triangular2);
    /// ```
    pub fn mode(mut self, mode: CyclicMode) -> Self {
        self.mode = mode;
        self
    }

    /// The factor of [`CyclicMode::ExpRange`]: 1 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).mode(CyclicMode::ExpRange).gamma(0.9994);
    /// ```
    pub fn gamma(mut self, gamma: f64) -> Self {
        self.gamma = gamma;
        self
    }

    /// The amplitude as a function of the cycle or of the step; the mode has no say then.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).scale_fn(|cycle| 1.0 / cycle, ScaleMode::Cycle);
    /// ```
    pub fn scale_fn(mut self, scale_fn: impl Fn(f64) -> f64 + Send + Sync + 'static, scale_mode: ScaleMode) -> Self {
        self.scale_fn = Some(Arc::new(scale_fn));
        self.scale_mode = scale_mode;
        self
    }

    /// Whether the momentum (or β1) moves against the rate: the default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).cycle_momentum(false);
    /// ```
    pub fn cycle_momentum(mut self, cycle_momentum: bool) -> Self {
        self.cycle_momentum = cycle_momentum;
        self
    }

    /// The lowest momentum, one number or one for each group: 0.8 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).base_momentum(0.85);
    /// ```
    pub fn base_momentum(mut self, base_momentum: impl Into<PerGroup>) -> Self {
        self.base_momentum = base_momentum.into();
        self
    }

    /// The highest momentum, one number or one for each group: 0.9 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = CyclicLR::new(1e-3, 1e-1).max_momentum(0.95);
    /// ```
    pub fn max_momentum(mut self, max_momentum: impl Into<PerGroup>) -> Self {
        self.max_momentum = max_momentum.into();
        self
    }

    fn total_size(&self) -> f64 {
        (self.step_size_up + self.step_size_down.unwrap_or(self.step_size_up)) as f64
    }

    /// How far between base and maximum the step `epoch` is, with the amplitude of the cycle.
    fn height(&self, epoch: i64) -> f64 {
        let cycle = (1.0 + epoch as f64 / self.total_size()).floor();
        let position = 1.0 + epoch as f64 / self.total_size() - cycle;
        let top = self.step_size_up as f64 / self.total_size();
        let height = if position <= top { position / top } else { (position - 1.0) / (top - 1.0) };
        height * self.amplitude(cycle, epoch as f64)
    }

    fn amplitude(&self, cycle: f64, step: f64) -> f64 {
        match (&self.scale_fn, self.mode) {
            (Some(scale), _) if self.scale_mode == ScaleMode::Cycle => scale(cycle),
            (Some(scale), _) => scale(step),
            (None, CyclicMode::Triangular) => 1.0,
            (None, CyclicMode::Triangular2) => 1.0 / 2.0_f64.powf(cycle - 1.0),
            (None, CyclicMode::ExpRange) => self.gamma.powf(step),
        }
    }
}

progress!(CyclicLR);

impl Schedule for CyclicLR {
    const NAME: &'static str = "CyclicLR";
    progress!();

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let scale_mode = match (&self.scale_fn, self.mode) {
            (None, CyclicMode::ExpRange) => ScaleMode::Iterations,
            (None, _) => ScaleMode::Cycle,
            _ => self.scale_mode,
        };
        vec![
            ("max_lrs", self.groups.max_lrs.clone().into()),
            ("total_size", self.total_size().into()),
            ("step_ratio", (self.step_size_up as f64 / self.total_size()).into()),
            ("mode", self.mode.name().into()),
            ("gamma", self.gamma.into()),
            ("scale_mode", scale_mode.name().into()),
            ("cycle_momentum", self.cycle_momentum.into()),
            ("base_momentums", self.groups.base_momentums.clone().into()),
            ("max_momentums", self.groups.max_momentums.clone().into()),
            // A function cannot be kept.
            ("_scale_fn_custom", Value::None),
        ]
    }

    fn set_field(&mut self, name: &str, value: &Value) -> Option<()> {
        let modes = [CyclicMode::Triangular, CyclicMode::Triangular2, CyclicMode::ExpRange];
        match name {
            "max_lrs" => self.groups.max_lrs = Vec::from_value(value)?,
            "total_size" => {
                let (total, ratio) = (f64::from_value(value)?, self.step_size_up as f64 / self.total_size());
                self.set_sizes(total, ratio);
            }
            "step_ratio" => self.set_sizes(self.total_size(), f64::from_value(value)?),
            "mode" => self.mode = modes.into_iter().find(|mode| value.as_text() == Some(mode.name()))?,
            "gamma" => self.gamma = f64::from_value(value)?,
            "cycle_momentum" => self.cycle_momentum = bool::from_value(value)?,
            "base_momentums" => self.groups.base_momentums = Vec::from_value(value)?,
            "max_momentums" => self.groups.max_momentums = Vec::from_value(value)?,
            _ => {}
        }
        Some(())
    }

    #[track_caller]
    fn prepare(&mut self, optimizer: &mut dyn Optimizer) {
        let count = optimizer.param_groups().len();
        let numbers = |option: &PerGroup, name| option.numbers(count, Self::NAME, name);
        self.groups = Groups {
            base_lrs: numbers(&self.base_lr, "base_lr"),
            max_lrs: numbers(&self.max_lr, "max_lr"),
            base_momentums: numbers(&self.base_momentum, "base_momentum"),
            max_momentums: numbers(&self.max_momentum, "max_momentum"),
        };
        if self.progress.last_epoch != -1 {
            return;
        }
        for (index, group) in optimizer.param_groups_mut().into_iter().enumerate() {
            group.set_lr(self.groups.base_lrs[index]);
            if self.cycle_momentum {
                let (base, max) = (self.groups.base_momentums[index], self.groups.max_momentums[index]);
                set_momentum(group, max, Self::NAME);
                group.set_note("max_momentum", max.into());
                group.set_note("base_momentum", base.into());
            }
        }
    }

    /// Earlier schedulers may have left other initial rates.
    fn settle(&mut self) {
        self.progress.base_lrs = self.groups.base_lrs.clone();
    }

    fn rate(&self, at: &At<'_>) -> f64 {
        at.base_lr + (self.groups.max_lrs[at.index] - at.base_lr) * self.height(at.epoch)
    }

    fn momentum(&self, at: &At<'_>) -> Option<f64> {
        let (base, max) = (self.groups.base_momentums.get(at.index)?, self.groups.max_momentums.get(at.index)?);
        self.cycle_momentum.then(|| max - (max - base) * self.height(at.epoch))
    }
}

impl CyclicLR {
    fn set_sizes(&mut self, total: f64, ratio: f64) {
        let up = (total * ratio).round();
        (self.step_size_up, self.step_size_down) = (up as usize, Some((total - up) as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::testing::{follows, follows_with_momentum};

    #[test]
    fn follows_pytorch() {
        follows_with_momentum(
            CyclicLR::new(0.01, 0.2).step_size_up(3).mode(CyclicMode::Triangular2),
            &[
                0.01,
                0.07333333333333336,
                0.13666666666666666,
                0.2,
                0.13666666666666674,
                0.07333333333333328,
                0.01,
                0.04166666666666673,
                0.07333333333333328,
                0.105,
                0.07333333333333328,
                0.04166666666666673,
                0.01,
            ],
            &[
                0.9,
                0.8666666666666667,
                0.8333333333333334,
                0.8,
                0.8333333333333334,
                0.8666666666666667,
                0.9,
                0.8833333333333333,
                0.8666666666666667,
                0.8500000000000001,
                0.8666666666666667,
                0.8833333333333333,
                0.9,
            ],
        );
        follows(
            CyclicLR::new(0.01, 0.2).step_size_up(2).step_size_down(3).mode(CyclicMode::ExpRange).gamma(0.9),
            &[
                0.01,
                0.09549999999999997,
                0.16389999999999996,
                0.10234,
                0.051552999999999995,
                0.01,
                0.060486895000000054,
                0.10087641099999999,
                0.0645258466,
                0.03453663097000003,
                0.01,
                0.039812006628550035,
                0.06366161193139,
            ],
        );
        follows(
            CyclicLR::new(0.01, 0.2).step_size_up(2).scale_fn(|cycle| 1.0 / cycle, ScaleMode::Cycle),
            &[
                0.01,
                0.105,
                0.2,
                0.105,
                0.01,
                0.0575,
                0.105,
                0.0575,
                0.01,
                0.041666666666666664,
                0.07333333333333332,
                0.041666666666666664,
                0.01,
            ],
        );
    }
}
