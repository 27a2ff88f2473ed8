//! The test that knows every layer and every loss.
//!
//! ```text
//! cases     each layer, small, with the shapes to try it on; several times where options change what is computed
//! check     in double precision, in training and in use: first and second derivatives with regard to the inputs and to
//!           every parameter against finite differences; other places in memory; inputs that are 0-d or empty
//! ```
//! A name that [`nn`](super) exports and that is neither the kind of a layer in `cases.rs` nor listed in [`NO_LAYERS`]
//! fails the test: whoever adds a layer adds a case.

mod cases;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::Module;
use crate::autograd::{gradcheck_in_place, gradgradcheck_in_place};
use crate::dtype::DType;
use crate::ops::every_operation::trial::Trial;
use crate::ops::every_operation::{Domain, OfTensors, sources};
use crate::tensor::{Shape, Tensor, with_seed};

/// What [`nn`](super) exports besides layers and losses.
const NO_LAYERS: [&str; 33] = [
    "AttentionMasks",
    "Block",
    "Buffer",
    "DecoderMasks",
    "EncoderMasks",
    "Extent",
    "Field",
    "FieldType",
    "Fields",
    "Forward",
    "IntoExtent",
    "Label",
    "LayerScope",
    "LoadStateDictError",
    "Mode",
    "Module",
    "OutputSize",
    "Padding",
    "PaddingMode",
    "Pair",
    "Parameter",
    "RNNNonlinearity",
    "Role",
    "StateDict",
    "Summary",
    "SummaryError",
    "SummaryRow",
    "TransformerActivation",
    "TransformerMasks",
    "TransformerOptions",
    // Containers, which compute nothing.
    "ModuleDict",
    "ModuleList",
    "ParameterList",
];

/// A layer, and the shapes to try it on.
struct Case {
    layer: Rc<dyn Module>,
    domain: Domain,
    shapes: Vec<Vec<Shape>>,
    function: OfTensors,
    /// Why there is no second derivative, if there is none.
    once: Option<&'static str>,
}

impl Case {
    fn run(&self) -> Result<(), String> {
        self.layer.to(DType::F64);
        let modes: &[bool] = if self.layer.differs_in_training() { &[true, false] } else { &[true] };
        for &training in modes {
            if training {
                self.layer.train()
            } else {
                self.layer.eval()
            }
            for shapes in &self.shapes {
                let told = |problem| format!("{} on {shapes:?}, training: {training}: {problem}", self.layer.kind());
                self.try_on(shapes).map_err(told)?;
            }
        }
        Ok(())
    }

    fn try_on(&self, shapes: &[Shape]) -> Result<(), String> {
        let parameters: Vec<Tensor> =
            self.layer.parameters().into_iter().filter(|parameter| parameter.requires_grad()).collect();
        let samples: Vec<Tensor> = shapes.iter().map(|shape| self.domain.sample(shape).requires_grad_()).collect();
        // What is drawn at random is the same at every call.
        let function = |inputs: &[&Tensor]| with_seed(3, || (self.function)(inputs));
        let trial = Trial { function: &function, held: &parameters };
        trial.of_every_lie(&samples)?;
        // A batch of none may have left its mark on the running statistics.
        let state = self.layer.state_dict();
        trial.of_edges(&samples)?;
        self.layer.load_state_dict(&state).map_err(|error| error.to_string())?;
        let inputs: Vec<&Tensor> = samples.iter().collect();
        let variables: Vec<&Tensor> = samples.iter().chain(&parameters).collect();
        gradcheck_in_place(|| function(&inputs), &variables).map_err(|error| error.to_string())?;
        if self.once.is_none() {
            let checked = gradgradcheck_in_place(|| function(&inputs), &variables);
            checked.map_err(|error| format!("second derivative: {error}"))?;
        }
        Ok(())
    }
}

#[test]
fn every_layer_has_the_derivatives_that_differences_show() {
    let cases = with_seed(12, cases::cases);
    let run = |case: &Case| {
        let run = AssertUnwindSafe(|| with_seed(13, || case.run()));
        catch_unwind(run).unwrap_or_else(|_| Err(format!("{}: it panics, as told above", case.layer.kind())))
    };
    let problems: Vec<String> = cases.iter().filter_map(|case| run(case).err()).collect();
    assert!(problems.is_empty(), "{} of {} cases:\n{}", problems.len(), cases.len(), problems.join("\n"));
}

#[test]
fn every_layer_has_a_case() {
    let kinds: BTreeSet<String> = cases::cases().iter().map(|case| case.layer.kind().to_owned()).collect();
    let exported = sources::exported_from_nn();
    let known = |name: &&String| kinds.contains(*name) || NO_LAYERS.contains(&name.as_str());
    let missing: Vec<&String> = exported.iter().filter(|name| !known(name)).collect();
    assert!(missing.is_empty(), "no case in nn/every_layer/cases.rs is of these layers; add one for each: {missing:?}");
    let gone: Vec<&&str> = NO_LAYERS.iter().filter(|name| !exported.contains(**name)).collect();
    assert!(gone.is_empty(), "nn no longer exports {gone:?}");
    let both: Vec<&&str> = NO_LAYERS.iter().filter(|name| kinds.contains(**name)).collect();
    assert!(both.is_empty(), "{both:?} are layers after all");
    assert!(kinds.len() > 100, "only {} layers", kinds.len());
}
