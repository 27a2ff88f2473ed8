//! Values as Python programs keep them in files.

use std::fmt;

use indexmap::IndexMap;

use crate::tensor::Tensor;

/// A value as a Python program has it: what PyTorch's files hold, and the state of a scheduler.
///
/// ```
/// use jimu::io::{Dict, Value};
/// use jimu::Tensor;
/// let checkpoint = Value::from(Dict::from_iter([
///     ("epoch".into(), Value::from(3)),
///     ("weight".into(), Value::from(Tensor::new([1.0, 2.0]))),
/// ]));
/// assert_eq!(checkpoint.get("epoch").and_then(Value::as_int), Some(3));
/// assert_eq!(checkpoint.get("weight").unwrap().as_tensor().unwrap().size(), [2]);
/// assert!(checkpoint.get("bias").is_none());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// `None`.
    #[default]
    None,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `str`.
    Text(String),
    /// A `bytes`.
    Bytes(Vec<u8>),
    /// A `list`, or a `set`.
    List(Vec<Value>),
    /// A `tuple`.
    Tuple(Vec<Value>),
    /// A `dict`, in its order.
    Dict(Dict),
    /// A `torch.Tensor`.
    Tensor(Tensor),
}

/// A Python `dict`, in its order.
pub type Dict = IndexMap<Key, Value>;

/// A key of a [`Dict`].
///
/// ```
/// use jimu::io::Key;
/// assert_eq!(Key::from("lr").to_string(), "\"lr\"");
/// assert_eq!(Key::from(3), Key::Int(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Key {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl Value {
    /// The value at `key`, if this is a dictionary that has it.
    pub fn get(&self, key: impl Into<Key>) -> Option<&Value> {
        self.as_dict()?.get(&key.into())
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(on) = self { Some(*on) } else { None }
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// The number: a real or a whole one, or the only element of a tensor of no dimensions.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Tensor(tensor) if tensor.dim() == 0 && !tensor.is_meta() => Some(tensor.item()),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The elements of a list or tuple.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(values) | Self::Tuple(values) => Some(values),
            _ => None,
        }
    }

    /// The dictionary, if it is one.
    pub fn as_dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    /// The tensor, if it is one.
    pub fn as_tensor(&self) -> Option<&Tensor> {
        if let Self::Tensor(tensor) = self { Some(tensor) } else { None }
    }

    /// What the value is, for messages: Python's name of its type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Float(_) => "a float",
            Self::Text(_) => "a str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a dict",
            Self::Tensor(_) => "a tensor",
        }
    }
}

macro_rules! from {
    ($($type:ty => |$own:ident| $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($own: $type) -> Self {
                $value
            }
        }
    )*};
}
from! {
    bool => |on| Self::Bool(on);
    i32 => |number| Self::Int(number.into());
    i64 => |number| Self::Int(number);
    usize => |number| Self::Int(number as i64);
    f64 => |number| Self::Float(number);
    &str => |text| Self::Text(text.to_owned());
    String => |text| Self::Text(text);
    Dict => |dict| Self::Dict(dict);
    Tensor => |tensor| Self::Tensor(tensor);
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

/// A Rust type that a [`Value`] can be read as.
pub(crate) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty => |$value:ident| $read:expr;)*) => {$(
        impl FromValue for $type {
            fn from_value($value: &Value) -> Option<Self> {
                $read
            }
        }
    )*};
}
from_value! {
    bool => |value| value.as_bool();
    i64 => |value| value.as_int();
    usize => |value| usize::try_from(value.as_int()?).ok();
    f64 => |value| value.as_float();
    String => |value| value.as_text().map(str::to_owned);
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_list()?.iter().map(T::from_value).collect()
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::None => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
