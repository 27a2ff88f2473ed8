//! Automatic differentiation: the record of what was computed, and its way back.
//!
//! Define-by-run, as in PyTorch: each differentiable operation on a tensor that requires gradients leaves a node behind;
//! [`Tensor::backward`](crate::Tensor::backward) visits the nodes from the last to the first. What each kind of operation must say is the trait
//! [`Operation`]; that it has a derivative, or that it has none, is part of its type.

mod backward;
mod function;
mod gradcheck;
mod mode;
mod node;
mod operation;
pub(crate) mod trace;

pub use backward::{BackwardOptions, backward, grad};
pub use function::{Function, apply_function};
pub use gradcheck::{GradcheckError, gradcheck, gradgradcheck};
pub use mode::{is_grad_enabled, no_grad, with_grad};
pub(crate) use node::Node;
pub use operation::{Context, Gradients, Operation, Saves, Spec};
pub(crate) use operation::{NoDerivative, apply, apply_without_derivative, attach, try_apply};
