//! Functions of the epoch that the user gives.

use std::sync::Arc;

use super::schedule::At;
use crate::error::{ShapeError, raise};
use crate::io::Value;

type Function = Arc<dyn Fn(usize) -> f64 + Send + Sync>;

/// A function for all parameter groups, or one for each.
pub(super) struct Functions {
    given: Vec<Function>,
    /// One for each group, as soon as the optimiser is known.
    of_groups: Vec<Function>,
}

impl Functions {
    pub(super) fn one(function: impl Fn(usize) -> f64 + Send + Sync + 'static) -> Self {
        Self { given: vec![Arc::new(function)], of_groups: Vec::new() }
    }

    pub(super) fn per_group(functions: Vec<Box<dyn Fn(usize) -> f64 + Send + Sync>>) -> Self {
        Self { given: functions.into_iter().map(Arc::from).collect(), of_groups: Vec::new() }
    }

    /// Gives each of so many groups its function.
    #[track_caller]
    pub(super) fn share_out(&mut self, groups: usize, scheduler: &str) {
        self.of_groups = match &self.given[..] {
            [one] => vec![one.clone(); groups],
            each if each.len() == groups => each.to_vec(),
            each => {
                let problem = format!("{} functions for {groups} parameter groups", each.len());
                raise(ShapeError::new(scheduler, problem).help("give one function, or one for each group"))
            }
        };
    }

    /// What the group's function says of the epoch.
    pub(super) fn at(&self, at: &At<'_>) -> f64 {
        (self.of_groups[at.index])(at.epoch as usize)
    }

    /// The functions as a state dict has them. A function cannot be kept: PyTorch has a None for each.
    pub(super) fn state(&self) -> Vec<(&'static str, Value)> {
        vec![("lr_lambdas", Value::List(vec![Value::None; self.of_groups.len()]))]
    }
}
