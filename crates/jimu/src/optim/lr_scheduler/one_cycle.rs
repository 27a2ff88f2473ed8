//! One cycle over the whole training.

use std::f64::consts::PI;

use super::PerGroup;
use super::schedule::{At, Progress, Schedule, progress, set_momentum};
use crate::error::{ShapeError, raise};
use crate::io::{FromValue, Value};
use crate::optim::{HyperParameter, Optimizer, ParamGroup};

/// Raises the learning rates from `max_lr / div_factor` to `max_lr` and lets them fall far below where they began, once
/// over the whole training, and moves the momentum the other way:
/// [`OneCycleLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html).
///
/// It is meant to take a step after each batch. Smith and Topin, [*Super-convergence: very fast training of neural
/// networks using large learning rates*](https://arxiv.org/abs/1708.07120), 2017.
///
/// # Examples
/// ```
/// use jimu::optim::lr_scheduler::{LrScheduler, OneCycleLR};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([jimu::Tensor::zeros([2])], 0.1).momentum(0.9);
/// let mut scheduler = OneCycleLR::new(0.5, 10).attach(&mut opt);
/// assert!((opt.lr() - 0.02).abs() < 1e-12);
/// for _ in 0..2 {
///     scheduler.step(&mut opt);
/// }
/// assert!((opt.lr() - 0.5).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct OneCycleLR {
    max_lr: PerGroup,
    total_steps: usize,
    pct_start: f64,
    anneal_strategy: AnnealStrategy,
    cycle_momentum: bool,
    base_momentum: PerGroup,
    max_momentum: PerGroup,
    div_factor: f64,
    final_div_factor: f64,
    three_phase: bool,
    progress: Progress,
}

/// The form of the way up and down of a [`OneCycleLR`].
///
/// ```
/// # use jimu::optim::lr_scheduler::*;
/// let scheduler = OneCycleLR::new(0.1, 100).anneal_strategy(AnnealStrategy::Linear);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnnealStrategy {
    /// Half a cosine: `"cos"`, the default.
    #[default]
    Cos,
    /// A line: `"linear"`.
    Linear,
}

impl AnnealStrategy {
    fn name(self) -> &'static str {
        match self {
            Self::Cos => "cos",
            Self::Linear => "linear",
        }
    }

    fn between(self, start: f64, end: f64, share: f64) -> f64 {
        match self {
            Self::Cos => end + (start - end) / 2.0 * ((PI * share).cos() + 1.0),
            Self::Linear => (end - start) * share + start,
        }
    }
}

/// Part of the cycle: its last step, and the notes that tell where rate and momentum start and end.
struct Phase {
    end: f64,
    lr: [&'static str; 2],
    momentum: [&'static str; 2],
}

impl OneCycleLR {
    /// Up to `max_lr`, one number or one for each group, in `total_steps` steps.
    ///
    /// # Panics
    /// If `total_steps` is 0.
    #[track_caller]
    pub fn new(max_lr: impl Into<PerGroup>, total_steps: usize) -> Self {
        if total_steps == 0 {
            raise(ShapeError::new(Self::NAME, "a total of 0 steps").help("give epochs times batches an epoch"));
        }
        Self {
            max_lr: max_lr.into(),
            total_steps,
            pct_start: 0.3,
            anneal_strategy: AnnealStrategy::Cos,
            cycle_momentum: true,
            base_momentum: 0.85.into(),
            max_momentum: 0.95.into(),
            div_factor: 25.0,
            final_div_factor: 1e4,
            three_phase: false,
            progress: Progress::default(),
        }
    }

    /// For `epochs` of `steps_per_epoch` batches each.
    ///
    /// # Panics
    /// If one is 0.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::for_epochs(0.1, 10, 938);
    /// ```
    #[track_caller]
    pub fn for_epochs(max_lr: impl Into<PerGroup>, epochs: usize, steps_per_epoch: usize) -> Self {
        Self::new(max_lr, epochs * steps_per_epoch)
    }

    /// The share of the steps on the way up: 0.3 by default.
    ///
    /// # Panics
    /// If it is not in [0, 1].
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).pct_start(0.2);
    /// ```
    #[track_caller]
    pub fn pct_start(mut self, pct_start: f64) -> Self {
        if !(0.0..=1.0).contains(&pct_start) {
            let problem = format!("a pct_start of {pct_start}");
            raise(ShapeError::new(Self::NAME, problem).help("give a number from 0 to 1"));
        }
        self.pct_start = pct_start;
        self
    }

    /// The form of the way: half a cosine by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).anneal_strategy(AnnealStrategy::Linear);
    /// ```
    pub fn anneal_strategy(mut self, anneal_strategy: AnnealStrategy) -> Self {
        self.anneal_strategy = anneal_strategy;
        self
    }

    /// Whether the momentum (or β1) moves against the rate: the default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).cycle_momentum(false);
    /// ```
    pub fn cycle_momentum(mut self, cycle_momentum: bool) -> Self {
        self.cycle_momentum = cycle_momentum;
        self
    }

    /// The lowest momentum, one number or one for each group: 0.85 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).base_momentum(0.8);
    /// ```
    pub fn base_momentum(mut self, base_momentum: impl Into<PerGroup>) -> Self {
        self.base_momentum = base_momentum.into();
        self
    }

    /// The highest momentum, one number or one for each group: 0.95 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).max_momentum(0.9);
    /// ```
    pub fn max_momentum(mut self, max_momentum: impl Into<PerGroup>) -> Self {
        self.max_momentum = max_momentum.into();
        self
    }

    /// The maximum over the first rate: 25 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).div_factor(10.0);
    /// ```
    pub fn div_factor(mut self, div_factor: f64) -> Self {
        self.div_factor = div_factor;
        self
    }

    /// The first rate over the last: 10,000 by default.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).final_div_factor(100.0);
    /// ```
    pub fn final_div_factor(mut self, final_div_factor: f64) -> Self {
        self.final_div_factor = final_div_factor;
        self
    }

    /// Whether the way down stops at the first rate, symmetrically, before the last fall.
    ///
    /// ```
    /// # use jimu::optim::lr_scheduler::*;
    /// let scheduler = OneCycleLR::new(0.1, 100).three_phase(true);
    /// ```
    pub fn three_phase(mut self, three_phase: bool) -> Self {
        self.three_phase = three_phase;
        self
    }

    fn phases(&self) -> Vec<Phase> {
        let total = self.total_steps as f64;
        let (base, max) = ("base_momentum", "max_momentum");
        let up = Phase { end: self.pct_start * total - 1.0, lr: ["initial_lr", "max_lr"], momentum: [max, base] };
        if !self.three_phase {
            return vec![up, Phase { end: total - 1.0, lr: ["max_lr", "min_lr"], momentum: [base, max] }];
        }
        let down =
            Phase { end: 2.0 * self.pct_start * total - 2.0, lr: ["max_lr", "initial_lr"], momentum: [base, max] };
        vec![up, down, Phase { end: total - 1.0, lr: ["initial_lr", "min_lr"], momentum: [max, max] }]
    }

    /// The value at a step between the two that `notes` picks of the step's phase.
    fn value(&self, at: &At<'_>, notes: impl Fn(&Phase) -> [&'static str; 2]) -> f64 {
        let step = at.epoch as f64;
        let phases = self.phases();
        let position = phases.iter().position(|phase| step <= phase.end).unwrap_or(phases.len() - 1);
        let start = if position == 0 { 0.0 } else { phases[position - 1].end };
        let share = (step - start) / (phases[position].end - start);
        let [from, to] = notes(&phases[position]).map(|name| note(at.group, name));
        self.anneal_strategy.between(from, to, share)
    }
}

fn note(group: &dyn ParamGroup, name: &str) -> f64 {
    match group.note(name) {
        Some(HyperParameter::Number(number)) => number,
        _ => f64::NAN,
    }
}

progress!(OneCycleLR);

impl Schedule for OneCycleLR {
    const NAME: &'static str = "OneCycleLR";
    progress!();

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("total_steps", self.total_steps.into()),
            ("_anneal_func_type", self.anneal_strategy.name().into()),
            ("cycle_momentum", self.cycle_momentum.into()),
        ]
    }

    fn set_field(&mut self, name: &str, value: &Value) -> Option<()> {
        let strategies = [AnnealStrategy::Cos, AnnealStrategy::Linear];
        match name {
            "total_steps" => self.total_steps = usize::from_value(value)?,
            "_anneal_func_type" => {
                self.anneal_strategy = strategies.into_iter().find(|way| value.as_text() == Some(way.name()))?;
            }
            "cycle_momentum" => self.cycle_momentum = bool::from_value(value)?,
            _ => {}
        }
        Some(())
    }

    #[track_caller]
    fn prepare(&mut self, optimizer: &mut dyn Optimizer) {
        let count = optimizer.param_groups().len();
        let numbers = |option: &PerGroup, name| option.numbers(count, Self::NAME, name);
        let max_lrs = numbers(&self.max_lr, "max_lr");
        let base_momentums = numbers(&self.base_momentum, "base_momentum");
        let max_momentums = numbers(&self.max_momentum, "max_momentum");
        if self.progress.last_epoch != -1 {
            return;
        }
        for (index, group) in optimizer.param_groups_mut().into_iter().enumerate() {
            let first = max_lrs[index] / self.div_factor;
            group.set_note("initial_lr", first.into());
            group.set_note("max_lr", max_lrs[index].into());
            group.set_note("min_lr", (first / self.final_div_factor).into());
            if self.cycle_momentum {
                set_momentum(group, max_momentums[index], Self::NAME);
                group.set_note("max_momentum", max_momentums[index].into());
                group.set_note("base_momentum", base_momentums[index].into());
            }
        }
    }

    #[track_caller]
    fn rate(&self, at: &At<'_>) -> f64 {
        if at.epoch > self.total_steps as i64 {
            let problem = format!("step {} of a cycle of {} steps", at.epoch, self.total_steps);
            raise(ShapeError::new(Self::NAME, problem).help("give the number of all steps of the training"));
        }
        self.value(at, |phase| phase.lr)
    }

    fn momentum(&self, at: &At<'_>) -> Option<f64> {
        self.cycle_momentum.then(|| self.value(at, |phase| phase.momentum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::lr_scheduler::LrScheduler;
    use crate::optim::lr_scheduler::testing::{follows, follows_with_momentum, optimizer};
    use crate::optim::testing::message;
    use crate::optim::{Adam, Optimizer};

    #[test]
    fn follows_pytorch() {
        follows_with_momentum(
            OneCycleLR::new(0.5, 13),
            &[
                0.020000000000000018,
                0.14758197423205038,
                0.39468489568697174,
                0.4998510357336271,
                0.48218913127508545,
                0.4371279385320271,
                0.36998488955246867,
                0.28868317896823553,
                0.2028167898743663,
                0.12251835883507048,
                0.057263477254429894,
                0.014752527157061277,
                2e-06,
            ],
            &[
                0.95,
                0.9234204220349895,
                0.8719406467318809,
                0.8500297929724464,
                0.8535621879937348,
                0.8625744625914449,
                0.8760031261020107,
                0.8922635332604859,
                0.9094368797726458,
                0.9254966302195068,
                0.938547658739749,
                0.9470498827681187,
                0.95,
            ],
        );
        follows_with_momentum(
            OneCycleLR::for_epochs([0.5, 0.1], 4, 5)
                .pct_start(0.4)
                .anneal_strategy(AnnealStrategy::Linear)
                .three_phase(true)
                .div_factor(10.0)
                .final_div_factor(100.0)
                .base_momentum(0.7)
                .max_momentum(0.8),
            &[
                0.05,
                0.11428571428571428,
                0.17857142857142855,
                0.24285714285714283,
                0.3071428571428571,
                0.37142857142857144,
                0.43571428571428567,
                0.5,
                0.4357142857142857,
                0.37142857142857144,
                0.30714285714285716,
                0.24285714285714288,
                0.17857142857142855,
            ],
            &[
                0.8,
                0.7857142857142857,
                0.7714285714285715,
                0.7571428571428571,
                0.7428571428571429,
                0.7285714285714285,
                0.7142857142857143,
                0.7,
                0.7142857142857143,
                0.7285714285714285,
                0.7428571428571429,
                0.7571428571428571,
                0.7714285714285715,
            ],
        );
        follows(
            OneCycleLR::new(0.5, 13).pct_start(0.5).cycle_momentum(false),
            &[
                0.020000000000000018,
                0.05809915212051653,
                0.16030039687954722,
                0.2941555611855884,
                0.4171665761468684,
                0.4902783136674793,
                0.4927354834146956,
                0.4371279385320271,
                0.33865186715574686,
                0.21986695047284951,
                0.1079853813819578,
                0.0286378790427232,
                2e-06,
            ],
        );
    }

    #[test]
    fn the_first_beta_is_a_momentum() {
        let mut opt = Adam::new([crate::Tensor::zeros([2])], 0.1).betas((0.5, 0.99));
        OneCycleLR::new(0.5, 13).begin(&mut opt);
        assert_eq!(opt.param_groups()[0].hyper_parameter("betas"), Some(HyperParameter::Pair(0.95, 0.99)));
    }

    #[test]
    fn a_step_too_many_is_refused() {
        let mut opt = optimizer();
        let mut scheduler = OneCycleLR::new(0.5, 2).attach(&mut opt);
        (0..2).for_each(|_| scheduler.step(&mut opt));
        let message = message(|| scheduler.step(&mut opt));
        assert!(message.contains("OneCycleLR: step 3 of a cycle of 2 steps"), "{message}");
    }
}
