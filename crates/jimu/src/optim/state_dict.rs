//! What an optimiser remembers, as named tensors and values that can be kept in a file.

use std::collections::BTreeMap;

use super::HyperParameter;
use crate::{DType, Tensor};

/// The whole state of an optimiser: [`Optimizer::state_dict`](super::Optimizer::state_dict).
///
/// Parameters are numbered through all groups, in order; the tensors' names are PyTorch's, flattened:
/// `state.0.momentum_buffer`, `state.3.exp_avg_sq`, `state.3.step`.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Optimizer, Sgd};
///
/// let w = Tensor::new([1.0, 2.0]).requires_grad_();
/// let mut opt = Sgd::new([w.clone()], 0.1).momentum(0.9);
/// (&w * &w).sum().backward();
/// opt.step();
/// let state = opt.state_dict();
/// assert_eq!(state.tensors["state.0.momentum_buffer"].to_vec::<f32>(), [2.0, 4.0]);
///
/// let mut resumed = Sgd::new([w.clone()], 1.0);
/// resumed.load_state_dict(&state).unwrap();
/// assert_eq!(resumed.lr(), 0.1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct OptimizerState {
    /// The state of the parameters, by name.
    pub tensors: BTreeMap<String, Tensor>,
    /// The groups, in order.
    pub groups: Vec<GroupState>,
}

/// One group of an [`OptimizerState`].
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Adam, HyperParameter, Optimizer};
/// let state = Adam::new([Tensor::zeros([2])], 0.1).state_dict();
/// assert_eq!(state.groups[0].params, [0]);
/// assert_eq!(state.groups[0].hyper_parameters["betas"], HyperParameter::Pair(0.9, 0.999));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupState {
    /// The hyper-parameters by name, and `initial_lr` once a scheduler has run.
    pub hyper_parameters: BTreeMap<String, HyperParameter>,
    /// The numbers of the group's parameters.
    pub params: Vec<usize>,
}

/// Why [`Optimizer::load_state_dict`](super::Optimizer::load_state_dict) refuses a state.
///
/// ```
/// use jimu::Tensor;
/// use jimu::optim::{Adam, Optimizer, OptimizerStateError};
/// let state = Adam::new([Tensor::zeros([2])], 0.1).state_dict();
/// let mut other = Adam::new([Tensor::zeros([2]), Tensor::zeros([3])], 0.1);
/// let error = other.load_state_dict(&state).unwrap_err();
/// assert!(matches!(error, OptimizerStateError::Params { group: 0, found: 1, expected: 2 }));
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerStateError {
    /// The number of groups differs.
    #[error("the state has {found} parameter groups, but the optimizer has {expected}")]
    Groups {
        /// In the state.
        found: usize,
        /// In the optimiser.
        expected: usize,
    },
    /// The number of parameters of a group differs.
    #[error("group {group} of the state has {found} parameters, but that of the optimizer has {expected}")]
    Params {
        /// The group's position.
        group: usize,
        /// In the state.
        found: usize,
        /// In the optimiser.
        expected: usize,
    },
    /// A hyper-parameter is unknown or its value not valid: the state is that of another optimiser.
    #[error("group {group} of the state: {problem}")]
    HyperParameter {
        /// The group's position.
        group: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A tensor's name is not one that this optimiser would give.
    #[error("the state has a tensor `{name}`, which a state of {optimizer} does not have")]
    UnknownTensor {
        /// The tensor's name.
        name: String,
        /// The optimiser that refuses.
        optimizer: &'static str,
    },
    /// A tensor has not the shape of the parameter it belongs to.
    #[error("`{name}` of the state has shape {found:?}, but its parameter has shape {expected:?}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// In the state.
        found: Vec<usize>,
        /// The parameter's.
        expected: Vec<usize>,
    },
    /// A tensor's elements are not real numbers, or it has none.
    #[error("`{name}` of the state is a {dtype} tensor on {device}, but must hold real numbers in memory")]
    Elements {
        /// The tensor's name.
        name: String,
        /// The type of its elements.
        dtype: DType,
        /// Where it is.
        device: crate::Device,
    },
}
