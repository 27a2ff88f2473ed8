//! `ParameterList`.

use std::ops::{Deref, DerefMut};

use super::field::{Field, Fields, Parameter};
use super::module::{Module, fmt_module};

/// Parameters in a list:
/// [`torch.nn.ParameterList`](https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html). They are named `0`,
/// `1`, … in the `state_dict`. It dereferences to [`Vec`].
///
/// # Examples
/// ```
/// use jimu::nn::{Module, Parameter, ParameterList};
/// use jimu::Tensor;
///
/// #[derive(Module)]
/// struct Scales { gains: ParameterList }
///
/// let scales = Scales { gains: (0..3).map(|_| Parameter::new(Tensor::ones([4]))).collect() };
/// assert_eq!(scales.named_parameters()[2].0, "gains.2");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ParameterList {
    parameters: Vec<Parameter>,
}

impl ParameterList {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }
}

impl From<Vec<Parameter>> for ParameterList {
    fn from(parameters: Vec<Parameter>) -> Self {
        Self { parameters }
    }
}

impl FromIterator<Parameter> for ParameterList {
    fn from_iter<I: IntoIterator<Item = Parameter>>(parameters: I) -> Self {
        Self { parameters: parameters.into_iter().collect() }
    }
}

impl Deref for ParameterList {
    type Target = Vec<Parameter>;
    fn deref(&self) -> &Vec<Parameter> {
        &self.parameters
    }
}

impl DerefMut for ParameterList {
    fn deref_mut(&mut self) -> &mut Vec<Parameter> {
        &mut self.parameters
    }
}

impl Module for ParameterList {
    fn kind(&self) -> &str {
        "ParameterList"
    }

    fn fields(&self) -> Fields<'_> {
        let named = self.parameters.iter().enumerate();
        named.map(|(index, parameter)| (index.to_string(), Field::Parameter(parameter))).collect()
    }
}

impl std::fmt::Display for ParameterList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_module(self, f)
    }
}
