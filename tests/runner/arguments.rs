//! Binding of positional and keyword arguments, as Python does it.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context as _, Result, bail};

use super::value::{FromValue, Value};

/// The arguments of a call, taken in the order of PyTorch's signature.
///
/// ```
/// use jimu_tests::runner::{arguments::Arguments, value::Value};
/// // sum(input, dim, keepdim=False) called as sum(…, 1, keepdim=True)
/// let mut arguments = Arguments::new(vec![Value::Int(1)], [("keepdim".into(), Value::Bool(true))].into());
/// assert_eq!(arguments.take::<i64>("dim").unwrap(), 1);
/// assert!(arguments.or("keepdim", false).unwrap());
/// arguments.finish().unwrap();
/// ```
pub struct Arguments {
    positional: VecDeque<Value>,
    keywords: BTreeMap<String, Value>,
}

impl Arguments {
    /// The arguments of one call.
    pub fn new(positional: Vec<Value>, keywords: BTreeMap<String, Value>) -> Self {
        Self { positional: positional.into(), keywords }
    }

    /// The next positional argument, or the keyword argument `name`, without taking it.
    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.peek_at(0, name)
    }

    /// The positional argument `position` places on, or the keyword argument `name`, without taking it.
    pub fn peek_at(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional.get(position).or_else(|| self.keywords.get(name))
    }

    fn next(&mut self, name: &str) -> Result<Option<Value>> {
        match (self.positional.pop_front(), self.keywords.remove(name)) {
            (Some(_), Some(_)) => bail!("argument {name} is given twice, by position and by name"),
            (by_position, by_name) => Ok(by_position.or(by_name)),
        }
    }

    /// An argument without a default.
    ///
    /// # Errors
    /// If it is missing, or of another kind.
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<T> {
        match self.next(name)? {
            Some(value) => T::read(&value).with_context(|| format!("argument {name}")),
            None => bail!("argument {name} is missing"),
        }
    }

    /// An argument with a default.
    ///
    /// # Errors
    /// If it is of another kind.
    pub fn or<T: FromValue>(&mut self, name: &str, default: T) -> Result<T> {
        match self.next(name)? {
            Some(value) => T::read(&value).with_context(|| format!("argument {name}")),
            None => Ok(default),
        }
    }

    /// An argument whose default is `None`.
    ///
    /// # Errors
    /// If it is of another kind.
    pub fn optional<T: FromValue>(&mut self, name: &str) -> Result<Option<T>> {
        self.or(name, None)
    }

    /// An argument with a default that can only be given by name: what follows `*` in a signature.
    ///
    /// # Errors
    /// If it is of another kind.
    pub fn keyword<T: FromValue>(&mut self, name: &str, default: T) -> Result<T> {
        match self.keywords.remove(name) {
            Some(value) => T::read(&value).with_context(|| format!("argument {name}")),
            None => Ok(default),
        }
    }

    /// An argument that the library has no counterpart of, which must therefore have the value `only`.
    ///
    /// # Errors
    /// If it has another value.
    pub fn only<T: FromValue + PartialEq>(&mut self, name: &str, only: T) -> Result<()> {
        match self.next(name)? {
            Some(value) if T::read(&value).with_context(|| format!("argument {name}"))? != only => {
                bail!("argument {name} cannot be {} yet", value.describe())
            }
            _ => Ok(()),
        }
    }

    /// Ends the call.
    ///
    /// # Errors
    /// If an argument was not taken.
    pub fn finish(&self) -> Result<()> {
        if let Some(name) = self.keywords.keys().next() {
            bail!("argument {name} is unknown");
        }
        if let Some(value) = self.positional.front() {
            bail!("there are {} positional arguments too many: {}", self.positional.len(), value.describe());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(positional: &[i64], keywords: &[(&str, i64)]) -> Arguments {
        let keywords = keywords.iter().map(|&(name, value)| (name.to_owned(), Value::Int(value)));
        Arguments::new(positional.iter().map(|&value| Value::Int(value)).collect(), keywords.collect())
    }

    #[test]
    fn mistakes_are_named() {
        let says = |result: Result<i64>, text: &str| assert_eq!(format!("{:#}", result.unwrap_err()), text);
        says(arguments(&[], &[]).take("dim"), "argument dim is missing");
        says(arguments(&[1], &[("dim", 1)]).take("dim"), "argument dim is given twice, by position and by name");
        let flag = arguments(&[1], &[]).take::<bool>("keepdim").unwrap_err();
        assert_eq!(format!("{flag:#}"), "argument keepdim: must be a bool, but is the int 1");
        assert_eq!(arguments(&[], &[("dimm", 1)]).finish().unwrap_err().to_string(), "argument dimm is unknown");
        assert!(arguments(&[1, 2], &[]).finish().unwrap_err().to_string().starts_with("there are 2 positional"));
        assert!(arguments(&[], &[("norm", 3)]).only("norm", 2i64).is_err());
    }

    #[test]
    fn keyword_only_arguments_take_no_position() {
        let mut call = arguments(&[7], &[]);
        assert_eq!(call.keyword("alpha", 1i64).unwrap(), 1);
        assert!(call.finish().is_err());
    }
}
