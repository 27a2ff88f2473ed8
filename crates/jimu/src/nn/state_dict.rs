//! Parameters and buffers by name.

use std::fmt;

use indexmap::IndexMap;

use crate::autograd::no_grad;
use crate::tensor::{Shape, Tensor};

/// Parameters and buffers by name, in order: what [`Module::state_dict`](super::Module::state_dict) gives.
pub type StateDict = IndexMap<String, Tensor>;

/// Why a [`StateDict`] does not fit a model. Everything that is wrong is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadStateDictError {
    /// The model's kind.
    pub model: String,
    /// Names that the model has and the state lacks.
    pub missing: Vec<String>,
    /// Names that the state has and the model lacks.
    pub unexpected: Vec<String>,
    /// Names whose shapes differ: the model's shape, then the state's.
    pub mismatched: Vec<(String, Shape, Shape)>,
}

impl fmt::Display for LoadStateDictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the state does not fit the model {}", self.model)?;
        if !self.missing.is_empty() {
            write!(f, "\n  missing: {}", self.missing.join(", "))?;
        }
        if !self.unexpected.is_empty() {
            write!(f, "\n  unexpected: {}", self.unexpected.join(", "))?;
        }
        for (name, own, given) in &self.mismatched {
            write!(f, "\n  {name}: the model has shape {own}, the state {given}")?;
        }
        write!(f, "\n  help: load it into a model of the same layers, names and sizes")
    }
}

impl std::error::Error for LoadStateDictError {}

/// Copies `state` into `own` if all names and shapes agree.
pub(super) fn load(model: &str, own: &StateDict, state: &StateDict) -> Result<(), LoadStateDictError> {
    let mut error = LoadStateDictError { model: model.to_owned(), ..Default::default() };
    error.missing = own.keys().filter(|name| !state.contains_key(*name)).cloned().collect();
    error.unexpected = state.keys().filter(|name| !own.contains_key(*name)).cloned().collect();
    for (name, tensor) in own {
        if let Some(given) = state.get(name)
            && given.shape() != tensor.shape()
        {
            error.mismatched.push((name.clone(), tensor.size(), given.size()));
        }
    }
    if !error.missing.is_empty() || !error.unexpected.is_empty() || !error.mismatched.is_empty() {
        return Err(error);
    }
    no_grad(|| {
        for (name, tensor) in own {
            tensor.copy_(&state[name]);
        }
    });
    Ok(())
}
