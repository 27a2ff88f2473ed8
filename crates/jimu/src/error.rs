//! Mistakes in a program that uses jimu, and how they are told.
//!
//! Shape rules return [`ShapeError`]; [`raise`] turns one into a panic at the user's line. What the outside world can
//! break (files, data, networks) has typed errors of its own, next to the code that reads it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

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

/// An error on its way up to whoever [catches](catch) it.
struct Raised {
    error: ShapeError,
    place: &'static Location<'static>,
}

/// Panics at the caller's line with the error's whole text.
#[track_caller]
pub(crate) fn raise(error: ShapeError) -> ! {
    raise_at(error, Location::caller())
}

fn raise_at(error: ShapeError, place: &'static Location<'static>) -> ! {
    if CAUGHT.get() {
        resume_unwind(Box::new(Raised { error, place }));
    }
    panic!("{error}\n  --> {place}")
}

/// Tells of something that is probably a mistake, on stderr, once for each line of the program.
#[track_caller]
pub(crate) fn warn(problem: &ShapeError) {
    static TOLD: Mutex<BTreeSet<(&str, u32, u32)>> = Mutex::new(BTreeSet::new());
    let place = Location::caller();
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.insert((place.file(), place.line(), place.column())) {
        eprintln!("warning: {problem}\n  --> {place}");
    }
}

/// The error that `f` raises, quietly, if it does. Other panics go on.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, ShapeError> {
    try_run(f).map_err(|raised| raised.error)
}

/// Runs `f`, whose errors are told at the line where they were raised if that is the user's, and at the caller's line if
/// it is one of this library: a call by way of a trait object forgets whose line it came from.
#[track_caller]
pub(crate) fn relay<R>(f: impl FnOnce() -> R) -> R {
    let caller = Location::caller();
    match try_run(f) {
        Ok(result) => result,
        Err(Raised { error, place }) => raise_at(error, if is_own(place.file()) { caller } else { place }),
    }
}

fn try_run<R>(f: impl FnOnce() -> R) -> Result<R, Raised> {
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    CAUGHT.set(outer);
    result.map_err(|panic| match panic.downcast::<Raised>() {
        Ok(raised) => *raised,
        Err(other) => resume_unwind(other),
    })
}

/// Whether a source file is one of this library.
fn is_own(file: &str) -> bool {
    file!().strip_suffix("error.rs").is_some_and(|folder| file.starts_with(folder))
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
