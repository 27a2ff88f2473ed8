//! The mistakes that people make, and what they are told: who refuses, what it got, what would mend it, and the line of
//! the program where it happened.
//!
//! A mistake in the program panics; what the outside world breaks is a `Result`, whose text is tested in the same way.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jimu::Tensor;
use jimu::nn::{BatchNorm2d, Conv2d, Forward, Linear, Module};
use libtest_mimic::{Arguments, Failed, Trial};

/// Where the programs are.
const FOLDER: &str = "tests/mistakes/";

type Outcome = Result<(), Box<dyn Error>>;

/// A program with a mistake in it, and the message that it gives.
struct Mistake {
    name: &'static str,
    program: fn() -> Outcome,
    message: &'static str,
}

impl Mistake {
    fn test(&self) -> Result<(), Failed> {
        let message = match catch_unwind(AssertUnwindSafe(self.program)) {
            Ok(Ok(())) => return Err("nothing is said".into()),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
                let Some((message, place)) = text.rsplit_once("\n  --> ") else {
                    return Err(format!("no line of the program is told: {text}").into());
                };
                if !place.starts_with(FOLDER) {
                    return Err(format!("the line is not the user's: {place}").into());
                }
                message.to_owned()
            }
        };
        if message == self.message {
            return Ok(());
        }
        Err(format!("expected: {:?}\nis told:  {message:?}", self.message).into())
    }
}

fn main() {
    // The messages are compared, not shown.
    std::panic::set_hook(Box::new(|_| {}));
    let trials =
        mistakes().into_iter().map(|mistake| Trial::test(mistake.name, move || mistake.test())).chain([Trial::test(
            "there are fifty",
            || match mistakes().len() {
                50.. => Ok(()),
                count => Err(format!("only {count}").into()),
            },
        )]);
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// A program that panics.
macro_rules! panics {
    ($name:literal, $program:block, $message:literal) => {
        Mistake {
            name: $name,
            program: || {
                let _ = $program;
                Ok(())
            },
            message: $message,
        }
    };
}

/// A program that is refused by a `Result`.
macro_rules! refused {
    ($name:literal, $program:block, $message:literal) => {
        Mistake {
            name: $name,
            program: || {
                let _ = $program?;
                Ok(())
            },
            message: $message,
        }
    };
}

mod layers;
mod tensors;
mod training;

/// A network of the user's, with room for mistakes.
#[derive(Module)]
pub(crate) struct Net {
    pub(crate) conv: Conv2d,
    pub(crate) norm: BatchNorm2d,
    fc: Linear,
}

impl Net {
    pub(crate) fn new(features: usize) -> Self {
        let net = Self { conv: Conv2d::new(1, 4, 5), norm: BatchNorm2d::new(4), fc: Linear::new(features, 10) };
        // Whoever walks a model labels its layers; an optimiser does.
        net.parameters();
        net
    }
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.norm.forward(&self.conv.forward(x)).relu().max_pool2d(2);
        self.fc.forward(&x.flatten(1..))
    }
}

pub(crate) fn leaf(values: &[f32]) -> Tensor {
    Tensor::from_slice(values, [values.len()]).requires_grad_()
}

pub(crate) fn ints(values: &[i64]) -> Tensor {
    Tensor::from_slice(values, [values.len()])
}

fn mistakes() -> Vec<Mistake> {
    [
        layers::layers(),
        layers::losses(),
        tensors::gradients(),
        tensors::shapes(),
        tensors::types(),
        training::training(),
        training::world(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
