//! Options that can differ from group to group.

use crate::error::{ShapeError, raise};

/// One number for all parameter groups, or one for each.
///
/// ```
/// use jimu::optim::lr_scheduler::OneCycleLR;
/// let one = OneCycleLR::new(0.1, 100);
/// let each = OneCycleLR::new([0.1, 0.01], 100);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum PerGroup {
    /// The same for all.
    All(f64),
    /// One for each, in order.
    Each(Vec<f64>),
}

impl From<f64> for PerGroup {
    fn from(number: f64) -> Self {
        Self::All(number)
    }
}

impl From<Vec<f64>> for PerGroup {
    fn from(numbers: Vec<f64>) -> Self {
        Self::Each(numbers)
    }
}

impl<const N: usize> From<[f64; N]> for PerGroup {
    fn from(numbers: [f64; N]) -> Self {
        Self::Each(numbers.to_vec())
    }
}

impl PerGroup {
    /// The numbers for `groups` groups.
    #[track_caller]
    pub(super) fn numbers(&self, groups: usize, scheduler: &str, name: &str) -> Vec<f64> {
        match self {
            Self::All(number) => vec![*number; groups],
            Self::Each(numbers) if numbers.len() == groups => numbers.clone(),
            Self::Each(numbers) => {
                let given = numbers.len();
                let problem = format!("{name} has {given} numbers, but the optimizer has {groups} parameter groups");
                raise(ShapeError::new(scheduler, problem).help("give one number for all groups, or one for each"))
            }
        }
    }
}
