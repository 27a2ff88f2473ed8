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
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HyperParameter {
    /// None of the choices: no line search.
    None,
    /// A choice of two: Nesterov's momentum or not.
    Switch(bool),
    /// A whole number: a number of iterations.
    Integer(i64),
    /// A real number: a learning rate, a momentum.
    Number(f64),
    /// Two real numbers: the betas of Adam.
    Pair(f64, f64),
    /// Three real numbers: the coefficients of Muon's polynomial.
    Triple(f64, f64, f64),
    /// A choice by name: `strong_wolfe`.
    Text(String),
}

impl fmt::Display for HyperParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "none"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::Integer(number) => write!(f, "{number}"),
            // `{:?}` writes the shortest text that reads back as the same number.
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Pair(first, second) => write!(f, "[{first:?}, {second:?}]"),
            Self::Triple(first, second, third) => write!(f, "[{first:?}, {second:?}, {third:?}]"),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// The text is not a hyper-parameter: no number, no two or three numbers in brackets, no text in quotes, and none of
/// `true`, `false` and `none`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of: a number, two or three numbers in brackets, a text in quotes, true, false, none")]
pub struct ParseHyperParameterError(String);

impl FromStr for HyperParameter {
    type Err = ParseHyperParameterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseHyperParameterError(text.to_owned());
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| error());
        let inside = |open, close| text.trim().strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
        if let Some(list) = inside('[', ']') {
            let numbers: Vec<f64> = list.split(',').map(number).collect::<Result<_, _>>()?;
            return match numbers[..] {
                [first, second] => Ok(Self::Pair(first, second)),
                [first, second, third] => Ok(Self::Triple(first, second, third)),
                _ => Err(error()),
            };
        }
        if let Some(text) = inside('"', '"') {
            return Ok(Self::Text(text.to_owned()));
        }
        match text.trim() {
            "none" => Ok(Self::None),
            "true" => Ok(Self::Switch(true)),
            "false" => Ok(Self::Switch(false)),
            text => text.parse().map(Self::Integer).or_else(|_| number(text).map(Self::Number)),
        }
    }
}

/// The Rust types that hyper-parameters have.
pub(super) trait Value: Into<HyperParameter> + Clone {
    fn from_hyper_parameter(value: &HyperParameter) -> Option<Self>;
}

/// How a type becomes a [`HyperParameter`] and comes back.
macro_rules! value {
    ($($type:ty, |$own:ident| $into:expr, $($pattern:pat => $from:expr),+;)*) => {$(
        impl From<$type> for HyperParameter {
            fn from($own: $type) -> Self {
                $into
            }
        }

        impl crate::optim::hyper_parameter::Value for $type {
            fn from_hyper_parameter(value: &HyperParameter) -> Option<Self> {
                match value {
                    $($pattern => $from,)+
                    _ => None,
                }
            }
        }
    )*};
}
value! {
    // PyTorch keeps whole numbers where a user has written them, as in `weight_decay=0`.
    f64, |number| Self::Number(number),
        HyperParameter::Number(number) => Some(*number), HyperParameter::Integer(number) => Some(*number as f64);
    (f64, f64), |pair| Self::Pair(pair.0, pair.1), HyperParameter::Pair(first, second) => Some((*first, *second));
    (f64, f64, f64), |three| Self::Triple(three.0, three.1, three.2),
        HyperParameter::Triple(first, second, third) => Some((*first, *second, *third));
    bool, |on| Self::Switch(on), HyperParameter::Switch(on) => Some(*on);
    usize, |number| Self::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
        HyperParameter::Integer(number) => usize::try_from(*number).ok();
    Option<usize>, |number| number.map_or(Self::None, Self::from),
        HyperParameter::None => Some(None), HyperParameter::Integer(number) => usize::try_from(*number).ok().map(Some);
}
pub(super) use value;

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

pub(super) fn at_most_one(value: f64) -> Result<(), &'static str> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err("give a number from 0 to 1") }
}

pub(super) fn anything<V>(_: V) -> Result<(), &'static str> {
    Ok(())
}

/// Checks `value`; the refusal names the optimiser, the hyper-parameter, the value and the fix.
pub(super) fn validate<V: Value>(optimizer: &str, name: &str, value: V, check: Check<V>) -> Result<(), ShapeError> {
    check(value.clone())
        .map_err(|fix| ShapeError::new(optimizer, format!("invalid {name}: {}", value.into())).help(fix))
}

/// The hyper-parameters of one group by name, for schedulers and state dicts.
pub(super) trait Options: Clone {
    fn get(&self, name: &str) -> Option<HyperParameter>;
    fn set(&mut self, name: &str, value: &HyperParameter) -> Result<(), ShapeError>;
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
        crate::optim::hyper_parameter::options! {
            $(#[$options_doc])*
            $Optimizer, $Options {
                $( $(#[$doc])* $field: $type = $default, $check; )*
            }
        }

        impl $Optimizer {
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

            fn zero_grad(&self) {
                self.groups.zero_grad();
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

/// The part of [`optimizer`] that makes the hyper-parameters and their builder methods.
macro_rules! options {
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
                crate::error::OrRaise::or_raise(crate::optim::Options::set(&mut self, "lr", &lr.into()));
                self
            }

            $(
                #[doc = concat!("As [`", stringify!($Optimizer), "::", stringify!($field), "`], for one group.")]
                #[track_caller]
                pub fn $field(mut self, $field: $type) -> Self {
                    let value = $field.into();
                    crate::error::OrRaise::or_raise(crate::optim::Options::set(&mut self, stringify!($field), &value));
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
                value: &crate::optim::HyperParameter,
            ) -> Result<(), crate::error::ShapeError> {
                use crate::optim::hyper_parameter::{self, Value, unknown, validate, wrong_kind};
                if name == "lr" {
                    let lr = f64::from_hyper_parameter(value).ok_or_else(|| wrong_kind(Self::OPTIMIZER, name, value))?;
                    validate(Self::OPTIMIZER, "lr", lr, hyper_parameter::at_least_zero)?;
                    self.lr = lr;
                    return Ok(());
                }
                $(
                    if name == stringify!($field) {
                        let value = <$type>::from_hyper_parameter(value)
                            .ok_or_else(|| wrong_kind(Self::OPTIMIZER, name, value))?;
                        validate(Self::OPTIMIZER, name, value.clone(), $check)?;
                        self.$field = value;
                        return Ok(());
                    }
                )*
                Err(unknown(Self::OPTIMIZER, name, &self.list()))
            }

            fn list(&self) -> Vec<(&'static str, crate::optim::HyperParameter)> {
                vec![("lr", self.lr.into()), $((stringify!($field), self.$field.clone().into()),)*]
            }
        }

        impl $Optimizer {
            $(
                $(#[$doc])*
                #[track_caller]
                pub fn $field(mut self, $field: $type) -> Self {
                    let value = $field.into();
                    crate::error::OrRaise::or_raise(self.groups.configure(stringify!($field), &value));
                    self
                }
            )*
        }
    };
}
pub(super) use options;

pub(super) fn wrong_kind(optimizer: &str, name: &str, value: &HyperParameter) -> ShapeError {
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
        let values: [HyperParameter; 9] = [
            0.1.into(),
            1e-300.into(),
            f64::INFINITY.into(),
            (0.9, 0.1 + 0.2).into(),
            (3.4445, -4.775, 2.0315).into(),
            true.into(),
            20_usize.into(),
            HyperParameter::None,
            HyperParameter::Text("strong_wolfe".into()),
        ];
        for value in values {
            assert_eq!(value.to_string().parse(), Ok(value));
        }
        assert_eq!("5.0".parse(), Ok(HyperParameter::Number(5.0)));
        for text in ["", "[1]", "[1, x]", "yes", "[1, 2", "[1, 2, 3, 4]", "\"a"] {
            let message = text.parse::<HyperParameter>().unwrap_err().to_string();
            assert!(message.contains(&format!("`{text}`")), "{message}");
        }
    }
}
