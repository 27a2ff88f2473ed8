//! The test that knows every differentiable operation.
//!
//! ```text
//! cases     functions of tensors that between them use every operation, and the shapes to try them on
//! sources   the operations that there are, read from the source files of the library
//! trial     other places in memory (strides in any order, with gaps, of 0), inputs that are 0-d or have no elements
//! check     each case, on each shape and in several memory layouts: first and second derivatives against finite
//!           differences; and which operations its graph, and the graph of its gradients, have met
//! ```
//! An operation that no case has met fails the test: whoever adds one adds a case in `cases.rs`.

mod cases;
pub(crate) mod sources;
pub(crate) mod trial;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jimu_kernels::pooled::Shared;

use self::trial::{Lie, Trial};
use crate::autograd::{BackwardOptions, Edge, Node, grad_allow_unused, gradcheck, gradgradcheck};
use crate::tensor::{Shape, Tensor};

/// The values that a function is tried at.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Domain {
    /// Normally distributed, but not near 0, where many functions have a kink.
    Real,
    /// Larger than 0.3.
    Positive,
    /// Larger than 1.3.
    AboveOne,
    /// Within (-0.9, 0.9).
    WithinOne,
    /// Within (0.05, 0.95).
    Probability,
}

impl Domain {
    pub(crate) fn sample(self, shape: &Shape) -> Tensor {
        let x = crate::ops::testing::variable(shape).detach();
        match self {
            Self::Real => x,
            Self::Positive => x.abs(),
            Self::AboveOne => x.abs() + 1.0,
            Self::WithinOne => x.tanh() * 0.9,
            Self::Probability => x.sigmoid() * 0.9 + 0.05,
        }
    }
}

pub(crate) type OfTensors = Box<dyn Fn(&[&Tensor]) -> Tensor>;

/// A function of some tensors, and the shapes to try it on.
struct Case {
    name: &'static str,
    domain: Domain,
    shapes: Vec<Vec<Shape>>,
    function: OfTensors,
    /// Why differences cannot tell the derivative, if they cannot; the operation's own tests then do.
    exempt: Option<&'static str>,
    /// Why there is no second derivative, if there is none.
    once: Option<&'static str>,
}

/// The operations that the graph behind `tensor` consists of.
fn met(tensor: &Tensor, operations: &mut BTreeSet<String>) {
    let mut open: Vec<Shared<Node>> = tensor.inner.node.iter().cloned().collect();
    let mut seen = BTreeSet::new();
    while let Some(node) = open.pop() {
        if seen.insert(Shared::as_ptr(&node) as usize) {
            operations.extend(sources::types_in(node.kind()));
            open.extend(node.edges().iter().filter_map(|edge| match edge {
                Edge::Node(node) => Some(node.clone()),
                Edge::Leaf(_) | Edge::Nowhere => None,
            }));
        }
    }
}

impl Case {
    /// Checks the case and notes the operations that it meets.
    fn run(&self, operations: &mut BTreeSet<String>) -> Result<(), String> {
        for shapes in &self.shapes {
            let samples: Vec<Tensor> = shapes.iter().map(|shape| self.domain.sample(shape)).collect();
            let trial = Trial { function: &self.function, held: &[] };
            let tried = trial.of_every_lie(&samples).and_then(|()| trial.of_edges(&samples));
            tried.map_err(|problem| format!("{} on {shapes:?}: {problem}", self.name))?;
            for lie in [Lie::Plain, Lie::Reversed, Lie::Gaps] {
                let inputs: Vec<Tensor> = samples.iter().map(|x| lie.of(x).detach().requires_grad_()).collect();
                let inputs: Vec<&Tensor> = inputs.iter().collect();
                self.try_on(&inputs, operations)
                    .map_err(|problem| format!("{} on {shapes:?}, {lie:?}: {problem}", self.name))?;
            }
        }
        Ok(())
    }

    fn try_on(&self, inputs: &[&Tensor], operations: &mut BTreeSet<String>) -> Result<(), String> {
        let output = (self.function)(inputs);
        if !output.requires_grad() {
            return Err("the result does not require gradients".into());
        }
        met(&output, operations);
        let seed = Tensor::randn(output.size()).to(output.dtype()).requires_grad_();
        let options = BackwardOptions::new().gradient(&seed).create_graph(true);
        let gradients = grad_allow_unused(&[&output], inputs, options);
        gradients.iter().flatten().for_each(|gradient| met(gradient, operations));
        for (input, gradient) in inputs.iter().zip(&gradients) {
            match gradient {
                None => return Err("an input has no gradient".into()),
                Some(gradient) if (gradient.shape(), gradient.dtype()) != (input.shape(), input.dtype()) => {
                    return Err(format!(
                        "an input of shape {} has a gradient of shape {}",
                        input.shape(),
                        gradient.shape()
                    ));
                }
                Some(_) => {}
            }
        }
        if self.exempt.is_some() {
            return Ok(());
        }
        gradcheck(&self.function, inputs).map_err(|error| error.to_string())?;
        match self.once {
            Some(_) => Ok(()),
            None => gradgradcheck(&self.function, inputs).map_err(|error| format!("second derivative: {error}")),
        }
    }
}

#[test]
fn every_operation_has_the_derivatives_that_differences_show() {
    crate::manual_seed(11);
    let mut operations = BTreeSet::new();
    let cases = cases::cases();
    let mut run = |case: &Case| {
        let run = AssertUnwindSafe(|| case.run(&mut operations));
        catch_unwind(run).unwrap_or_else(|_| Err(format!("{}: it panics, as told above", case.name)))
    };
    let problems: Vec<String> = cases.iter().filter_map(|case| run(case).err()).collect();
    assert!(problems.is_empty(), "{} of {} cases:\n{}", problems.len(), cases.len(), problems.join("\n"));

    let known = sources::operations();
    let missing: Vec<&String> = known.iter().filter(|name| !operations.contains(*name)).collect();
    assert!(
        missing.is_empty(),
        "no case in ops/every_operation/cases.rs uses these operations; add one for each: {missing:#?}"
    );
    assert!(known.len() > 100, "only {} operations were found in the sources", known.len());
}

#[test]
fn an_operation_without_a_case_would_be_found() {
    let source = "impl Operation for Cube {\nimpl<const N: usize> Unary for Root<N> {\nimpl Clone for Cube {\n\
                  impl<R: Fold> Operation for Folded<R> {\nimpl Fold for Sum {\n#[cfg(test)]\nmod tests {\nimpl Operation for Trap {";
    let families = sources::families(&[("ops/cube.rs".into(), source.into())]);
    assert_eq!(families.iter().map(String::as_str).collect::<Vec<_>>(), ["Fold", "Operation"]);
    let found = sources::members("ops/cube.rs", source, &["Operation", "Unary", "Fold"].map(String::from).into());
    let names = ["Cube", "Folded", "Root", "Sum"].map(|name| format!("jimu::ops::cube::{name}"));
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), names.into());
    let kind = "jimu::ops::unary::Map<jimu::ops::unary::exp::Exp>";
    assert_eq!(sources::types_in(kind).collect::<Vec<_>>(), ["jimu::ops::unary::Map", "jimu::ops::unary::exp::Exp"]);
}
