//! Holding outputs, gradients and states against the expected ones.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use jimu::Tensor;

use super::cases::{Call, Expected, Expression, Named, Tolerance};
use super::closeness::{Mismatch, compare, compare_values};
use super::scope::Scope;

/// Collects the mismatches of one case.
pub struct Check<'a> {
    scope: Scope<'a>,
    tolerance: Tolerance,
    mismatches: Vec<(String, Mismatch)>,
}

impl<'a> Check<'a> {
    /// Nothing compared yet.
    pub fn new(scope: Scope<'a>, tolerance: Tolerance) -> Self {
        Self { scope, tolerance, mismatches: Vec::new() }
    }

    fn note(&mut self, what: &str, result: Result<(), Mismatch>) {
        self.mismatches.extend(result.err().map(|mismatch| (what.to_owned(), mismatch)));
    }

    /// Compares a tensor with the expected one.
    ///
    /// # Errors
    /// If the expectation itself cannot be read.
    pub fn tensor(&mut self, what: &str, got: &Tensor, want: &Expression) -> Result<()> {
        self.tensor_of(what, got, want, false)
    }

    fn tensor_of(&mut self, what: &str, got: &Tensor, want: &Expression, double: bool) -> Result<()> {
        let result = compare(got, self.scope.expected(want)?, self.tolerance, double);
        self.note(what, result);
        Ok(())
    }

    /// Compares numbers.
    pub fn numbers(&mut self, what: &str, got: &[f64], want: &[f64]) {
        let result = match got.len() == want.len() {
            true => compare_values(got, want, &[want.len()], self.tolerance),
            false => Err(Mismatch::Kind(format!("there are {} numbers instead of {}", got.len(), want.len()))),
        };
        self.note(what, result);
    }

    /// Compares the outputs of a call.
    ///
    /// # Errors
    /// If there are more or fewer outputs than expected.
    pub fn outputs(&mut self, call: &Call, got: &[Tensor], want: &[Expression]) -> Result<()> {
        if got.len() != want.len() {
            bail!("there are {} outputs instead of {}", got.len(), want.len());
        }
        let double = call.args.iter().chain(call.kwargs.values()).any(asks_for_double);
        for (index, (got, want)) in got.iter().zip(want).enumerate() {
            self.tensor_of(&format!("output {index}"), got, want, double)?;
        }
        Ok(())
    }

    /// Goes backward from the outputs as the cotangents say.
    ///
    /// # Errors
    /// If a cotangent belongs to no output.
    pub fn backward(&self, outputs: &[Tensor], expected: &Expected) -> Result<()> {
        let mut terms = Vec::new();
        for (index, cotangent) in &expected.cotangents {
            let output = index.parse().ok().and_then(|index: usize| outputs.get(index));
            let output =
                output.with_context(|| format!("there is a cotangent of output {index}, but no such output"))?;
            terms.push((output * self.scope.tensor(cotangent)?).sum());
        }
        // A cotangent may belong to an output of which no gradient is asked for.
        let total = terms.into_iter().reduce(|total, term| total + term);
        if let Some(total) = total.filter(|_| !expected.grads.is_empty()) {
            total.backward();
        }
        Ok(())
    }

    /// Compares the gradients of the leaves that `find` knows by name.
    ///
    /// # Errors
    /// If it does not know one of them.
    pub fn grads(&mut self, wanted: &Named, find: impl Fn(&str) -> Option<Tensor>) -> Result<()> {
        for (name, want) in wanted {
            let leaf = find(name).with_context(|| format!("there is no leaf {name}"))?;
            let what = format!("gradient of {name}");
            match leaf.grad() {
                Some(grad) => self.tensor(&what, &grad, want)?,
                None => self.note(&what, Err(Mismatch::Kind("no gradient has reached it".into()))),
            }
        }
        Ok(())
    }

    /// The verdict.
    ///
    /// # Errors
    /// With the largest of the mismatches, if there are any.
    pub fn finish(self) -> Result<()> {
        let worst = self.mismatches.iter().max_by(|a, b| a.1.largest().total_cmp(&b.1.largest()));
        match worst {
            None => Ok(()),
            Some((what, mismatch)) => bail!("{}", Verdict { what, mismatch, count: self.mismatches.len() }),
        }
    }
}

struct Verdict<'a> {
    what: &'a str,
    mismatch: &'a Mismatch,
    count: usize,
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.mismatch)?;
        match self.count {
            1 => Ok(()),
            more => write!(f, "; so {} other results", more - 1),
        }
    }
}

/// Whether the call names float64: its outputs are then of that type, though the file stores them as float32.
fn asks_for_double(expression: &Expression) -> bool {
    matches!(expression, Expression::DType { dtype } if dtype == "float64")
}
