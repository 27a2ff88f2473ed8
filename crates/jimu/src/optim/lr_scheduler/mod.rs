//! How learning rates change over a training:
//! [`torch.optim.lr_scheduler`](https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate).
//!
//! A scheduler is described by its options and then attached to an optimiser, whose rates it takes for the initial ones.
//! After that it takes a step after each epoch (or after each batch, if it is meant so).
//!
//! ```
//! use jimu::Tensor;
//! use jimu::optim::lr_scheduler::{LrScheduler, StepLR};
//! use jimu::optim::{Optimizer, Sgd};
//!
//! let w = Tensor::new([3.0]).requires_grad_();
//! let mut opt = Sgd::new([w.clone()], 0.1);
//! let mut scheduler = StepLR::new(2).gamma(0.5).attach(&mut opt);
//! let mut rates = Vec::new();
//! for epoch in 0..5 {
//!     rates.push(opt.lr());
//!     opt.zero_grad();
//!     (&w * &w).sum().backward();
//!     opt.step();
//!     scheduler.step(&mut opt);
//! }
//! assert_eq!(rates, [0.1, 0.1, 0.05, 0.05, 0.025]);
//! ```
//!
//! A warm-up is a [`LinearLR`] before another scheduler: [`SequentialLR::warm_up`].
//!
//! ```text
//! schedule.rs       what one scheduler differs in from another, and the step that all share
//! step.rs, …        one scheduler each
//! sequential.rs     one scheduler after the other; chained.rs: several at once
//! ```

mod chained;
mod constant;
mod cosine_annealing;
mod cosine_annealing_warm_restarts;
mod cyclic;
mod exponential;
mod functions;
mod lambda;
mod linear;
mod multi_step;
mod multiplicative;
mod one_cycle;
mod per_group;
mod polynomial;
mod reduce_on_plateau;
mod schedule;
mod sequential;
mod step;
#[cfg(test)]
mod testing;

pub use chained::ChainedScheduler;
pub use constant::ConstantLR;
pub use cosine_annealing::CosineAnnealingLR;
pub use cosine_annealing_warm_restarts::CosineAnnealingWarmRestarts;
pub use cyclic::{CyclicLR, CyclicMode, ScaleMode};
pub use exponential::ExponentialLR;
pub use lambda::LambdaLR;
pub use linear::LinearLR;
pub use multi_step::MultiStepLR;
pub use multiplicative::MultiplicativeLR;
pub use one_cycle::{AnnealStrategy, OneCycleLR};
pub use per_group::PerGroup;
pub use polynomial::PolynomialLR;
pub use reduce_on_plateau::{PlateauMode, ReduceLROnPlateau, ThresholdMode};
pub use sequential::SequentialLR;
pub use step::StepLR;

use crate::io::Value;
use crate::optim::Optimizer;

/// What every scheduler can do.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::lr_scheduler::{ExponentialLR, LrScheduler};
/// use jimu::optim::{Optimizer, Sgd};
/// let mut opt = Sgd::new([Tensor::zeros([2])], 1.0);
/// let mut scheduler = ExponentialLR::new(0.5).attach(&mut opt);
/// scheduler.step(&mut opt);
/// assert_eq!((opt.lr(), scheduler.last_epoch()), (0.5, 1));
///
/// // A stopped training resumes.
/// let mut resumed = ExponentialLR::new(0.9).attach(&mut opt);
/// resumed.load_state_dict(&scheduler.state_dict()).unwrap();
/// resumed.step(&mut opt);
/// assert_eq!(opt.lr(), 0.25);
/// ```
pub trait LrScheduler {
    /// Takes the optimiser's learning rates for the initial ones, and sets the first: what PyTorch's constructor does.
    ///
    /// # Panics
    /// If the optimiser does not fit the scheduler's options.
    #[track_caller]
    fn begin(&mut self, optimizer: &mut dyn Optimizer);

    /// [`begin`](Self::begin), for the end of a chain of options.
    #[track_caller]
    fn attach(mut self, optimizer: &mut dyn Optimizer) -> Self
    where
        Self: Sized,
    {
        self.begin(optimizer);
        self
    }

    /// Sets the next learning rates; call it after the optimiser's steps.
    ///
    /// # Panics
    /// If the scheduler was never attached, or needs a metric.
    #[track_caller]
    fn step(&mut self, optimizer: &mut dyn Optimizer);

    /// As [`step`](Self::step), for schedulers that look at a metric such as the validation loss; others ignore it.
    #[track_caller]
    fn step_metric(&mut self, optimizer: &mut dyn Optimizer, _metric: f64) {
        self.step(optimizer);
    }

    /// Whether the scheduler needs a metric: [`ReduceLROnPlateau`] does.
    fn needs_metric(&self) -> bool {
        false
    }

    /// The learning rates that the scheduler has set last, by group.
    fn get_last_lr(&self) -> Vec<f64>;

    /// How many steps were taken; -1 before [`begin`](Self::begin).
    fn last_epoch(&self) -> i64;

    /// All that a stopped training needs to go on, by PyTorch's names.
    fn state_dict(&self) -> Value;

    /// Takes over what [`state_dict`](Self::state_dict) gave, perhaps in another program or in PyTorch. Names that the
    /// scheduler does not know are passed over, as PyTorch does.
    ///
    /// # Errors
    /// If a value is of the wrong kind.
    fn load_state_dict(&mut self, state: &Value) -> Result<(), SchedulerStateError>;

    /// Goes to epoch 0, with the rates that it has then: [`SequentialLR`] has come to this scheduler.
    #[track_caller]
    fn enter(&mut self, optimizer: &mut dyn Optimizer) {
        self.begin(optimizer);
    }

    /// Begins once more with the initial rates that it has taken already.
    #[track_caller]
    fn restart(&mut self, optimizer: &mut dyn Optimizer) {
        self.begin(optimizer);
    }
}

/// Why [`LrScheduler::load_state_dict`] refuses a state.
///
/// ```
/// use jimu::io::{Dict, Value};
/// use jimu::optim::lr_scheduler::{LrScheduler, StepLR};
/// let state = Value::from(Dict::from_iter([("gamma".into(), Value::from("half"))]));
/// let error = StepLR::new(3).load_state_dict(&state).unwrap_err();
/// assert_eq!(error.to_string(), "the state is not that of a StepLR: `gamma` is a str");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state is not that of a {scheduler}: {problem}")]
pub struct SchedulerStateError {
    scheduler: &'static str,
    problem: String,
}

impl SchedulerStateError {
    fn new(scheduler: &'static str, problem: impl Into<String>) -> Self {
        Self { scheduler, problem: problem.into() }
    }

    fn wrong_kind(scheduler: &'static str, name: &str, value: &Value) -> Self {
        Self::new(scheduler, format!("`{name}` is {}", value.kind()))
    }
}
