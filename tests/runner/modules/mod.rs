//! Layers by PyTorch's names.

mod activation;
mod convolution;
mod linear;
mod loss;
mod normalization;
mod padding;
mod pooling;
mod resize;
mod sequence;
mod shape;

use std::rc::Rc;

use anyhow::{Context as _, Result, bail};
use jimu::Tensor;
use jimu::nn::{Block, Module, StateDict};

use super::arguments::Arguments;
use super::cases::{Call, Expected, Named};
use super::check::Check;
use super::scope::Scope;
use super::value::Value;

/// Builds a layer from PyTorch's constructor arguments.
pub type Build = fn(&mut Arguments) -> Result<Layer>;

/// Takes PyTorch's arguments of the call and gives its outputs in PyTorch's order.
type Forward = dyn Fn(&mut Arguments) -> Result<Vec<Tensor>>;

/// A layer, and how it is called.
pub struct Layer {
    module: Rc<dyn Module>,
    call: Box<Forward>,
}

impl Layer {
    /// A layer called as `call` says.
    fn new<M: Module + 'static>(
        module: M,
        call: impl Fn(&M, &mut Arguments) -> Result<Vec<Tensor>> + 'static,
    ) -> Result<Self> {
        let module = Rc::new(module);
        let called = Rc::clone(&module);
        Ok(Self { module, call: Box::new(move |arguments| call(&called, arguments)) })
    }

    /// A layer that is called with its `input` alone.
    fn of_input(block: impl Block + 'static) -> Result<Self> {
        Self::new(block, |block, arguments| Ok(vec![block.forward(&arguments.take("input")?)]))
    }
}

/// The counterpart of PyTorch's class `target`.
pub fn find(target: &str) -> Option<Build> {
    let name = target.strip_prefix("nn.")?;
    let families = [
        activation::find,
        convolution::find,
        linear::find,
        loss::find,
        normalization::find,
        padding::find,
        pooling::find,
        resize::find,
        sequence::find,
        shape::find,
    ];
    families.into_iter().find_map(|family| family(name))
}

/// `device=None, dtype=None`: layers are made on the CPU in `f32`.
fn no_factory(arguments: &mut Arguments) -> Result<()> {
    for name in ["device", "dtype"] {
        match arguments.optional::<Value>(name)? {
            None => {}
            Some(value) => bail!("argument {name} cannot be {} yet", value.describe()),
        }
    }
    Ok(())
}

/// Builds, loads, calls and goes backward.
///
/// # Errors
/// If an argument is unknown, the state does not fit, or the case cannot be read.
pub fn run(
    build: Build,
    (init, train, state): (&Call, bool, &Named),
    call: &Call,
    expected: &Expected,
    (scope, check): (Scope<'_>, &mut Check<'_>),
) -> Result<()> {
    let mut options = scope.arguments(init)?;
    let layer = build(&mut options).context("constructor")?;
    options.finish().context("constructor")?;
    layer.module.load_state_dict(&scope.named(state)?.into_iter().collect::<StateDict>())?;
    if train {
        layer.module.train();
    } else {
        layer.module.eval();
    }
    let (mut arguments, leaves) = scope.arguments_with_leaves(call, &expected.grads)?;
    let outputs = (layer.call)(&mut arguments)?;
    arguments.finish()?;
    check.outputs(call, &outputs, &expected.outputs)?;
    check.backward(&outputs, expected).context("backward")?;
    let parameters = layer.module.named_parameters();
    let parameter = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, tensor)| tensor.clone());
    check.grads(&expected.grads, |name| leaves.get(name).cloned().or_else(|| parameter(name)))?;
    let after = layer.module.state_dict();
    for (name, want) in &expected.state_after {
        let got = after.get(name).with_context(|| format!("the layer has no {name} after the call"))?;
        check.tensor(&format!("{name} after the call"), got, want)?;
    }
    Ok(())
}
