//! Mistakes in a program that uses jimu, and how they are told.
//!
//! Shape rules return [`ShapeError`]; [`raise`] turns one into a panic at the user's line. What the outside world can
//! break (files, data, networks) has typed errors of its own, next to the code that reads it.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

/// Why an operation cannot be applied: who refuses, what is wrong, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    operation: String,
    problem: String,
    help: Option<String>,
}

impl ShapeError {
    /// `operation` refuses because of `problem`.
    pub fn new(operation: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { operation: operation.into(), problem: problem.into(), help: None }
    }

    /// Adds the fix.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error told by the layer that met it: `who` is its path and kind, as in `LeNet.fc1 (Linear)`.
    pub fn told_by(mut self, who: impl Into<String>) -> Self {
        self.operation = who.into();
        self
    }
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.problem)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ShapeError {}

thread_local! {
    /// Whether somebody upwards on the stack [catches](catch) errors.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Panics at the caller's line with the error's whole text.
#[track_caller]
pub(crate) fn raise(error: ShapeError) -> ! {
    if CAUGHT.get() {
        resume_unwind(Box::new(error));
    }
    panic!("{error}\n  --> {}", Location::caller())
}

/// The error that `f` raises, quietly, if it does. Other panics go on.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, ShapeError> {
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    CAUGHT.set(outer);
    result.map_err(|panic| match panic.downcast::<ShapeError>() {
        Ok(error) => *error,
        Err(other) => resume_unwind(other),
    })
}

/// Unwraps or [`raise`]s.
pub(crate) trait OrRaise<T> {
    fn or_raise(self) -> T;
}

impl<T> OrRaise<T> for Result<T, ShapeError> {
    #[track_caller]
    fn or_raise(self) -> T {
        match self {
            Ok(value) => value,
            Err(error) => raise(error),
        }
    }
}
