//! Automatic differentiation: the record of what was computed, and its way back.
//!
//! Define-by-run, as in PyTorch: each differentiable operation on a tensor that requires gradients leaves a node behind;
//! [`Tensor::backward`](crate::Tensor::backward) visits the nodes from the last to the first. What each kind of operation must say is the trait
//! [`Operation`]; that it has a derivative, or that it has none, is part of its type.

mod backward;
mod checkpoint;
mod function;
mod gradcheck;
mod hooks;
mod mode;
mod node;
mod operation;
pub(crate) mod trace;

pub(crate) use backward::gradients_of_leaves;
pub use backward::{BackwardOptions, backward, grad, grad_allow_unused};
pub use checkpoint::checkpoint;
pub(crate) use checkpoint::gradients_through;
pub use function::{Function, apply_function};
pub use gradcheck::{GradcheckError, gradcheck, gradcheck_in_place, gradgradcheck, gradgradcheck_in_place};
pub use hooks::HookHandle;
pub(crate) use hooks::Hooks;
pub use mode::{is_grad_enabled, no_grad, with_grad};
#[cfg(test)]
pub(crate) use node::Edge;
pub(crate) use node::Node;
pub use operation::{Context, Gradients, Operation, Saves, Spec};
pub(crate) use operation::{NoDerivative, apply, apply_without_derivative, attach, try_apply};
