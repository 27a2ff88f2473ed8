//! Hyper-parameters: their types, their checks, and the macro that gives an optimiser its options.

use std::fmt;
use std::str::FromStr;

use crate::error::ShapeError;

/// The value of a hyper-parameter, as a parameter group lists it and a state dict keeps it.
///
/// Its text is what [`FromStr`] reads back, so that it can be kept as a file's metadata.
///
/// ```
/// use jimu::optim::HyperParameter;
/// let betas = HyperParameter::Pair(0.9, 0.999);
/// assert_eq!(betas.to_string(), "[0.9, 0.999]");
/// assert_eq!("[0.9, 0.999]".parse(), Ok(betas));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HyperParameter {
    /// A real number: a learning rate, a momentum.
    Number(f64),
    /// Two real numbers: the betas of Adam.
    Pair(f64, f64),
    /// A choice: Nesterov's momentum or not.
    Switch(bool),
}

impl fmt::Display for HyperParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // `{:?}` writes the shortest text that reads back as the same number.
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Pair(first, second) => write!(f, "[{first:?}, {second:?}]"),
            Self::Switch(on) => write!(f, "{on}"),
        }
    }
}

/// The text is not a hyper-parameter: neither a number, nor a pair in brackets, nor `true` or `false`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a number, nor a pair of numbers in brackets, nor true or false")]
pub struct ParseHyperParameterError(String);

impl FromStr for HyperParameter {
    type Err = ParseHyperParameterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseHyperParameterError(text.to_owned());
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| error());
        if let Some(pair) = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (first, second) = pair.split_once(',').ok_or_else(error)?;
            return Ok(Self::Pair(number(first)?, number(second)?));
        }
        match text.trim().parse() {
            Ok(on) => Ok(Self::Switch(on)),
            Err(_) => number(text).map(Self::Number),
        }
    }
}

impl From<f64> for HyperParameter {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<(f64, f64)> for HyperParameter {
    fn from((first, second): (f64, f64)) -> Self {
        Self::Pair(first, second)
    }
}

impl From<bool> for HyperParameter {
    fn from(on: bool) -> Self {
        Self::Switch(on)
    }
}

/// The Rust types that hyper-parameters have.
pub(super) trait Value: Into<HyperParameter> + Copy {
    fn from_hyper_parameter(value: HyperParameter) -> Option<Self>;
}

impl Value for f64 {
    fn from_hyper_parameter(value: HyperParameter) -> Option<Self> {
        if let HyperParameter::Number(number) = value { Some(number) } else { None }
    }
}

impl Value for (f64, f64) {
    fn from_hyper_parameter(value: HyperParameter) -> Option<Self> {
        if let HyperParameter::Pair(first, second) = value { Some((first, second)) } else { None }
    }
}

impl Value for bool {
    fn from_hyper_parameter(value: HyperParameter) -> Option<Self> {
        if let HyperParameter::Switch(on) = value { Some(on) } else { None }
    }
}

/// What a hyper-parameter must be: `Err` says which values are allowed.
pub(super) type Check<V> = fn(V) -> Result<(), &'static str>;

pub(super) fn at_least_zero(value: f64) -> Result<(), &'static str> {
    if value >= 0.0 { Ok(()) } else { Err("give a number that is 0 or more") }
}

pub(super) fn below_one((first, second): (f64, f64)) -> Result<(), &'static str> {
    let valid = 0.0..1.0;
    match valid.contains(&first) && valid.contains(&second) {
        true => Ok(()),
        false => Err("give two numbers that are 0 or more and less than 1, as in (0.9, 0.999)"),
    }
}

pub(super) fn a_number(value: f64) -> Result<(), &'static str> {
    if value.is_nan() { Err("give a number") } else { Ok(()) }
}

pub(super) fn anything(_: bool) -> Result<(), &'static str> {
    Ok(())
}

/// Checks `value`; the refusal names the optimiser, the hyper-parameter, the value and the fix.
pub(super) fn validate<V: Value>(optimizer: &str, name: &str, value: V, check: Check<V>) -> Result<(), ShapeError> {
    check(value).map_err(|fix| ShapeError::new(optimizer, format!("invalid {name}: {}", value.into())).help(fix))
}

/// The hyper-parameters of one group by name, for schedulers and state dicts.
pub(super) trait Options: Clone {
    fn get(&self, name: &str) -> Option<HyperParameter>;
    fn set(&mut self, name: &str, value: HyperParameter) -> Result<(), ShapeError>;
    fn list(&self) -> Vec<(&'static str, HyperParameter)>;
}

/// Makes the struct of an optimiser's hyper-parameters, with a builder method for each on the struct and on the
/// optimiser, and the optimiser's `add_param_group` and `impl Optimizer`. The optimiser must have the field
/// `groups: Groups<$Options>`.
macro_rules! optimizer {
    (
        $(#[$options_doc:meta])*
        $Optimizer:ident, $Options:ident {
            $( $(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $check:path; )*
        }
    ) => {
        $(#[$options_doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Options {
            lr: f64,
            $($field: $type,)*
        }

        impl $Options {
            const OPTIMIZER: &str = stringify!($Optimizer);

            #[track_caller]
            fn new(lr: f64) -> Self {
                Self { lr: 0.0, $($field: $default,)* }.lr(lr)
            }

            /// The learning rate of the group: 0 or more.
            #[track_caller]
            pub fn lr(mut self, lr: f64) -> Self {
                crate::error::OrRaise::or_raise(crate::optim::Options::set(&mut self, "lr", lr.into()));
                self
            }

            $(
                #[doc = concat!("As [`", stringify!($Optimizer), "::", stringify!($field), "`], for one group.")]
                #[track_caller]
                pub fn $field(mut self, $field: $type) -> Self {
                    let value = $field.into();
                    crate::error::OrRaise::or_raise(crate::optim::Options::set(&mut self, stringify!($field), value));
                    self
                }
            )*
        }

        impl crate::optim::Options for $Options {
            fn get(&self, name: &str) -> Option<crate::optim::HyperParameter> {
                self.list().into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
            }

            fn set(
                &mut self,
                name: &str,
                value: crate::optim::HyperParameter,
            ) -> Result<(), crate::error::ShapeError> {
                use crate::optim::hyper_parameter::{Value, validate, wrong_kind, unknown};
                if name == "lr" {
                    let lr = f64::from_hyper_parameter(value).ok_or_else(|| wrong_kind(Self::OPTIMIZER, name, value))?;
                    validate(Self::OPTIMIZER, "lr", lr, crate::optim::hyper_parameter::at_least_zero)?;
                    self.lr = lr;
                    return Ok(());
                }
                $(
                    if name == stringify!($field) {
                        let value = <$type>::from_hyper_parameter(value)
                            .ok_or_else(|| wrong_kind(Self::OPTIMIZER, name, value))?;
                        validate(Self::OPTIMIZER, name, value, $check)?;
                        self.$field = value;
                        return Ok(());
                    }
                )*
                Err(unknown(Self::OPTIMIZER, name, &self.list()))
            }

            fn list(&self) -> Vec<(&'static str, crate::optim::HyperParameter)> {
                vec![("lr", self.lr.into()), $((stringify!($field), self.$field.into()),)*]
            }
        }

        impl $Optimizer {
            $(
                $(#[$doc])*
                #[track_caller]
                pub fn $field(mut self, $field: $type) -> Self {
                    let value = $field.into();
                    crate::error::OrRaise::or_raise(self.groups.configure(stringify!($field), value));
                    self
                }
            )*

            /// Adds parameters with hyper-parameters of their own; what `configure` leaves alone is as for the
            /// optimiser so far. See [`ParamGroup`](crate::optim::ParamGroup).
            ///
            /// # Panics
            /// If there are no parameters, one cannot be trained (it is not a leaf, or its elements are not real
            /// numbers), or is in another group already.
            #[track_caller]
            pub fn add_param_group(
                mut self,
                params: impl IntoIterator<Item = crate::Tensor>,
                configure: impl FnOnce($Options) -> $Options,
            ) -> Self {
                let options = configure(self.groups.defaults.clone());
                self.groups.add(params, options);
                self
            }
        }

        impl crate::optim::Optimizer for $Optimizer {
            #[track_caller]
            fn step(&mut self) {
                self.groups.step();
            }

            fn param_groups(&self) -> Vec<&dyn crate::optim::ParamGroup> {
                self.groups.param_groups()
            }

            fn param_groups_mut(&mut self) -> Vec<&mut dyn crate::optim::ParamGroup> {
                self.groups.param_groups_mut()
            }

            fn state_dict(&self) -> crate::optim::OptimizerState {
                self.groups.state_dict()
            }

            fn load_state_dict(
                &mut self,
                state: &crate::optim::OptimizerState,
            ) -> Result<(), crate::optim::OptimizerStateError> {
                self.groups.load_state_dict(state)
            }
        }
    };
}
pub(super) use optimizer;

pub(super) fn wrong_kind(optimizer: &str, name: &str, value: HyperParameter) -> ShapeError {
    ShapeError::new(optimizer, format!("{value} is of the wrong kind for {name}"))
        .help("give a value of the kind that param_groups() shows for it")
}

pub(super) fn unknown(optimizer: &str, name: &str, known: &[(&'static str, HyperParameter)]) -> ShapeError {
    let known: Vec<&str> = known.iter().map(|&(name, _)| name).collect();
    ShapeError::new(optimizer, format!("there is no hyper-parameter `{name}`"))
        .help(format!("choose one of {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back_as_the_same_value() {
        let values: [HyperParameter; 5] =
            [0.1.into(), 1e-300.into(), f64::INFINITY.into(), (0.9, 0.1 + 0.2).into(), true.into()];
        for value in values {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        for text in ["", "[1]", "[1, x]", "yes", "[1, 2"] {
            let message = text.parse::<HyperParameter>().unwrap_err().to_string();
            assert!(message.contains(&format!("`{text}`")), "{message}");
        }
    }
}
