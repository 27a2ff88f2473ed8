//! Optimisers: how gradients change parameters. [`torch.optim`](https://pytorch.org/docs/stable/optim.html).
//!
//! An optimiser is made over a model's parameters, which are handles: it writes to the same tensors that the model
//! computes with. Options are builder methods with PyTorch's names and defaults.
//!
//! ```
//! use jimu::Tensor;
//! use jimu::optim::{Optimizer, Sgd};
//!
//! let w = Tensor::new([3.0, -2.0]).requires_grad_();
//! let mut opt = Sgd::new([w.clone()], 0.1).momentum(0.9);
//! for _ in 0..100 {
//!     opt.zero_grad();
//!     let loss = (&w * &w).sum();
//!     loss.backward();
//!     opt.step();
//! }
//! assert!(w.to_vec::<f32>().iter().all(|w| w.abs() < 0.05));
//! ```
//!
//! ```text
//! hyper_parameter.rs  values, checks, and the macro that gives an optimiser its options
//! groups.rs           parameter groups, and the step that all optimisers share: gradients in the parameters' memory
//!                     order, state made on first use, one pass over memory for all parameters together
//! state_dict.rs       what an optimiser remembers, as named tensors and values
//! sgd.rs, adam.rs, …  one optimiser each: the formula, its options, the update of an element
//! arithmetic.rs       pieces of formulas that several share
//! line_search.rs      the step length of L-BFGS
//! clip.rs             clipping of gradients
//! lr_scheduler/       how learning rates change over a training
//! ```

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod arithmetic;
mod asgd;
mod clip;
mod groups;
mod hyper_parameter;
mod lbfgs;
mod line_search;
pub mod lr_scheduler;
mod muon;
mod nadam;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;
mod state_dict;
#[cfg(test)]
pub(crate) mod testing;

pub use adadelta::{Adadelta, AdadeltaOptions};
pub use adagrad::{Adagrad, AdagradOptions};
pub use adam::{Adam, AdamOptions};
pub use adamax::{Adamax, AdamaxOptions};
pub use adamw::{AdamW, AdamWOptions};
pub use asgd::{Asgd, AsgdOptions};
pub use clip::{
    NonFiniteNormError, clip_grad_norm_, clip_grad_norm_of, clip_grad_value_, clip_grads_with_norm_, get_total_norm,
    try_clip_grad_norm_,
};
pub use hyper_parameter::{HyperParameter, ParseHyperParameterError};
pub use lbfgs::{Lbfgs, LbfgsOptions, LineSearch};
pub use muon::{AdjustLr, Muon, MuonOptions};
pub use nadam::{NAdam, NAdamOptions};
pub use radam::{RAdam, RAdamOptions};
pub use rmsprop::{RmsProp, RmsPropOptions};
pub use rprop::{Rprop, RpropOptions};
pub use sgd::{Sgd, SgdOptions};
pub use state_dict::{GroupState, OptimizerState, OptimizerStateError};

use groups::{Groups, Rule};
use hyper_parameter::{Options, optimizer};

use crate::Tensor;

/// What every optimiser can do; schedulers and training loops take `&mut dyn Optimizer`.
///
/// An optimiser of your own is a type that implements [`step`](Self::step) and lists its groups.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{AdamW, Optimizer, Sgd};
///
/// let w = Tensor::new([1.0]).requires_grad_();
/// let optimizers: [Box<dyn Optimizer>; 2] =
///     [Box::new(Sgd::new([w.clone()], 0.1)), Box::new(AdamW::new([w.clone()], 1e-3))];
/// for mut opt in optimizers {
///     opt.zero_grad();
///     (&w * &w).sum().backward();
///     let before = w.item();
///     opt.step();
///     assert!(w.item() < before);
/// }
/// ```
pub trait Optimizer {
    /// Changes every parameter by its gradient. Parameters without a gradient are left alone.
    ///
    /// # Panics
    /// If a gradient has not its parameter's shape and type, or hyper-parameters contradict each other.
    #[track_caller]
    fn step(&mut self);

    /// Computes the loss and its gradients by `closure`, and takes a step; returns the loss: PyTorch's
    /// `optimizer.step(closure)`. [`Lbfgs`] evaluates the closure several times and needs this form.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd};
    /// let w = Tensor::new([3.0]).requires_grad_();
    /// let mut opt = Sgd::new([w.clone()], 0.5);
    /// let loss = opt.step_with(&mut || {
    ///     w.set_grad(None);
    ///     let loss = (&w * &w).sum();
    ///     loss.backward();
    ///     loss
    /// });
    /// assert_eq!((loss.item(), w.item()), (9.0, 0.0));
    /// ```
    #[track_caller]
    fn step_with(&mut self, closure: &mut dyn FnMut() -> Tensor) -> Tensor {
        let loss = closure();
        self.step();
        loss
    }

    /// The groups of parameters, each with its own hyper-parameters.
    fn param_groups(&self) -> Vec<&dyn ParamGroup>;

    /// The groups, to change their hyper-parameters.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd};
    /// let mut opt = Sgd::new([Tensor::zeros([2]).requires_grad_()], 0.1);
    /// for group in opt.param_groups_mut() {
    ///     group.set_lr(group.lr() / 2.0);
    /// }
    /// assert_eq!(opt.lr(), 0.05);
    /// ```
    fn param_groups_mut(&mut self) -> Vec<&mut dyn ParamGroup>;

    /// All that a stopped training needs to go on: the state of each parameter and the hyper-parameters.
    fn state_dict(&self) -> OptimizerState;

    /// Takes over what [`state_dict`](Self::state_dict) gave, perhaps in another program.
    ///
    /// # Errors
    /// If the state is that of another optimiser or of other parameters; the optimiser is unchanged then.
    fn load_state_dict(&mut self, state: &OptimizerState) -> Result<(), OptimizerStateError>;

    /// Clears the gradient of every parameter, so that the next backward starts afresh. In PyTorch's words, sets it to
    /// `None`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd};
    /// let w = Tensor::new([1.0]).requires_grad_();
    /// let opt = Sgd::new([w.clone()], 0.1);
    /// w.sum().backward();
    /// opt.zero_grad();
    /// assert!(w.grad().is_none());
    /// ```
    fn zero_grad(&self) {
        for group in self.param_groups() {
            group.params().iter().for_each(|param| param.set_grad(None));
        }
    }

    /// The learning rate of the first group.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd};
    /// assert_eq!(Sgd::new([Tensor::zeros([2])], 0.1).lr(), 0.1);
    /// ```
    fn lr(&self) -> f64 {
        self.param_groups()[0].lr()
    }

    /// Gives every group the learning rate `lr`.
    ///
    /// # Panics
    /// If it is negative.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::optim::{Optimizer, Sgd};
    /// let mut opt = Sgd::new([Tensor::zeros([2])], 0.1);
    /// opt.set_lr(0.01);
    /// assert_eq!(opt.lr(), 0.01);
    /// ```
    #[track_caller]
    fn set_lr(&mut self, lr: f64) {
        for group in self.param_groups_mut() {
            group.set_lr(lr);
        }
    }
}

/// Parameters that share hyper-parameters: an entry of PyTorch's `optimizer.param_groups`.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{HyperParameter, Optimizer, Sgd};
///
/// let (weight, bias) = (Tensor::zeros([3, 2]).requires_grad_(), Tensor::zeros([3]).requires_grad_());
/// let opt = Sgd::new([weight], 0.1)
///     .weight_decay(5e-4)
///     .add_param_group([bias], |group| group.lr(0.2).weight_decay(0.0));
/// let bias_group = opt.param_groups()[1];
/// assert_eq!(bias_group.lr(), 0.2);
/// assert_eq!(bias_group.hyper_parameter("weight_decay"), Some(HyperParameter::Number(0.0)));
/// assert_eq!(bias_group.params()[0].size(), [3]);
/// ```
pub trait ParamGroup {
    /// The parameters.
    fn params(&self) -> &[Tensor];

    /// The learning rate.
    fn lr(&self) -> f64;

    /// Changes the learning rate.
    ///
    /// # Panics
    /// If it is negative.
    #[track_caller]
    fn set_lr(&mut self, lr: f64) {
        self.set_hyper_parameter("lr", lr.into());
    }

    /// What a scheduler of the learning rate has left with the group under one of PyTorch's names: `initial_lr`,
    /// `max_lr`, `min_lr`, `max_momentum` or `base_momentum`. Notes are part of the optimiser's state dict.
    fn note(&self, name: &str) -> Option<HyperParameter>;

    /// Leaves a note.
    ///
    /// # Panics
    /// If `name` is none of the names of notes.
    #[track_caller]
    fn set_note(&mut self, name: &str, value: HyperParameter);

    /// The learning rate before any scheduler changed it; `None` if there has been no scheduler.
    fn initial_lr(&self) -> Option<f64> {
        match self.note("initial_lr") {
            Some(HyperParameter::Number(lr)) => Some(lr),
            _ => None,
        }
    }

    /// The hyper-parameters with PyTorch's names, `lr` first.
    fn hyper_parameters(&self) -> Vec<(&'static str, HyperParameter)>;

    /// The hyper-parameter called `name`, if the optimiser has it.
    fn hyper_parameter(&self, name: &str) -> Option<HyperParameter> {
        self.hyper_parameters().into_iter().find(|&(own, _)| own == name).map(|(_, value)| value)
    }

    /// Changes a hyper-parameter.
    ///
    /// # Panics
    /// If there is none of that name, or the value is not valid for it.
    #[track_caller]
    fn set_hyper_parameter(&mut self, name: &str, value: HyperParameter);
}
