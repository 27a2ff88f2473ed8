//! Arguments as PyTorch's functions take them, and their conversion to what a Rust function takes.

use anyhow::{Result, anyhow, bail};
use jimu::{DType, Dims, Scalar, Shape, Tensor, TensorOrScalar};

/// What a Python argument can be.
#[derive(Clone)]
pub enum Value {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `str`.
    Text(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// `slice(start, stop, step)`.
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// A `torch.dtype`.
    DType(DType),
    /// A `torch.Tensor`.
    Tensor(Tensor),
}

impl Value {
    /// What the value is, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::None => "None".into(),
            Self::Bool(value) => format!("the bool {value}"),
            Self::Int(value) => format!("the int {value}"),
            Self::Float(value) => format!("the float {value}"),
            Self::Text(value) => format!("the str {value:?}"),
            Self::List(values) => {
                format!("[{}]", values.iter().map(Self::describe).collect::<Vec<_>>().join(", "))
            }
            Self::Slice(start, stop, step) => format!("slice({start:?}, {stop:?}, {step:?})"),
            Self::DType(dtype) => format!("the dtype {dtype}"),
            Self::Tensor(tensor) => format!("a {} tensor of shape {}", tensor.dtype(), tensor.shape()),
        }
    }

    /// Whether it is a tensor: what tells PyTorch's overloads `max(x, other)` and `max(x, dim)` apart.
    pub fn is_tensor(&self) -> bool {
        matches!(self, Self::Tensor(_))
    }
}

/// PyTorch's name of an element type.
///
/// # Errors
/// If jimu has no such type.
pub fn dtype(name: &str) -> Result<DType> {
    let types = [DType::Bool, DType::U8, DType::I64, DType::F32, DType::F64];
    types.into_iter().find(|dtype| dtype.to_string() == name).ok_or_else(|| anyhow!("there is no dtype {name}"))
}

/// A Rust type that arguments can be read as.
pub trait FromValue: Sized {
    /// What is wanted, for messages.
    const WANTED: &'static str;

    /// The value, if it is of this kind.
    fn from_value(value: &Value) -> Option<Self>;

    /// The value.
    ///
    /// # Errors
    /// If it is of another kind.
    fn read(value: &Value) -> Result<Self> {
        match Self::from_value(value) {
            Some(read) => Ok(read),
            None => bail!("must be {}, but is {}", Self::WANTED, value.describe()),
        }
    }
}

macro_rules! from_value {
    ($($rust:ty, $wanted:literal, |$value:ident| $read:expr;)*) => {$(
        impl FromValue for $rust {
            const WANTED: &'static str = $wanted;
            fn from_value($value: &Value) -> Option<Self> {
                $read
            }
        }
    )*};
}
from_value! {
    Value, "a value", |value| Some(value.clone());
    Tensor, "a tensor", |value| if let Value::Tensor(tensor) = value { Some(tensor.clone()) } else { None };
    bool, "a bool", |value| if let Value::Bool(value) = value { Some(*value) } else { None };
    i64, "an int", |value| int(value);
    isize, "an int", |value| int(value)?.try_into().ok();
    usize, "an int that is not negative", |value| int(value)?.try_into().ok();
    f64, "a number", |value| match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Tensor(tensor) if tensor.dim() == 0 => Some(tensor.item()),
        _ => None,
    };
    String, "a str", |value| if let Value::Text(text) = value { Some(text.clone()) } else { None };
    DType, "a dtype", |value| if let Value::DType(dtype) = value { Some(*dtype) } else { None };
    Scalar, "a number", |value| match value {
        Value::Int(value) => Some((*value).into()),
        Value::Float(value) => Some((*value).into()),
        Value::Bool(value) => Some((*value).into()),
        _ => None,
    };
    Dims, "an int or a list of ints", |value| ints::<isize>(value).map(Into::into);
    Shape, "a size or a list of sizes", |value| ints::<usize>(value).map(Into::into);
}

/// An int; a tensor with one integer stands for its number, as in Python.
fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::Tensor(tensor) if tensor.numel() == 1 && tensor.dtype() == DType::I64 => Some(tensor.item() as i64),
        _ => None,
    }
}

/// An int, or a list of them.
fn ints<T: FromValue>(value: &Value) -> Option<Vec<T>> {
    match value {
        Value::List(_) => Vec::from_value(value),
        one => Some(vec![T::from_value(one)?]),
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::None => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    const WANTED: &'static str = "a list";
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(values) => values.iter().map(T::from_value).collect(),
            _ => None,
        }
    }
}

/// A value for each of `N` dimensions: a list of them, or one for all, as PyTorch's `kernel_size` and its like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerDim<T, const N: usize>(pub [T; N]);

impl<T: FromValue + Clone, const N: usize> FromValue for PerDim<T, N> {
    const WANTED: &'static str = "a number, or one for each dimension";
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::List(values) if values.len() == 1 => Self::from_value(&values[0]),
            Value::List(_) => Vec::from_value(value)?.try_into().ok().map(Self),
            one => T::from_value(one).map(|value| Self(std::array::from_fn(|_| value.clone()))),
        }
    }
}

/// A tensor or a number.
#[derive(Clone)]
pub enum Operand {
    /// A tensor.
    Tensor(Tensor),
    /// A number.
    Scalar(Scalar),
}

impl Operand {
    /// As jimu's methods take it.
    pub fn borrow(&self) -> TensorOrScalar<'_> {
        match self {
            Self::Tensor(tensor) => tensor.into(),
            Self::Scalar(scalar) => (*scalar).into(),
        }
    }
}

impl FromValue for Operand {
    const WANTED: &'static str = "a tensor or a number";
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Tensor(tensor) => Some(Self::Tensor(tensor.clone())),
            value => Scalar::from_value(value).map(Self::Scalar),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_stands_for_each_dimension() {
        let list = Value::List(vec![Value::Int(3), Value::Int(5)]);
        assert_eq!(PerDim::<usize, 2>::from_value(&list), Some(PerDim([3, 5])));
        assert_eq!(PerDim::<usize, 2>::from_value(&Value::Int(3)), Some(PerDim([3, 3])));
        assert_eq!(PerDim::<usize, 3>::from_value(&list), None);
        assert_eq!(PerDim::<Option<usize>, 1>::from_value(&Value::None), Some(PerDim([None])));
    }

    #[test]
    fn refusals_name_what_is_wanted() {
        let error = usize::read(&Value::Int(-2)).unwrap_err().to_string();
        assert_eq!(error, "must be an int that is not negative, but is the int -2");
        assert!(bool::read(&Value::Int(1)).is_err() && f64::read(&Value::Bool(true)).is_err());
        assert!(dtype("complex64").is_err());
    }
}
