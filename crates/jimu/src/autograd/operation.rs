//! What an operation must say of itself, and how one is applied.

use jimu_kernels::pooled::{Owned, Shared};
use smallvec::SmallVec;

use super::mode::{is_grad_enabled, no_grad};
use super::node::{Edge, Node, Recorded, SavedTensor};
use super::trace;
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{ShapeError, raise};
use crate::profiler;
use crate::tensor::{Shape, Tensor};

/// The type and shape of a result, as the shape rule finds them before anything is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The type of the elements.
    pub dtype: DType,
    /// The sizes.
    pub shape: Shape,
}

impl Spec {
    /// A result of this type and these sizes.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Self {
        Self { dtype, shape: shape.into() }
    }

    /// A result of the type and shape of `tensor`.
    pub fn like(tensor: &Tensor) -> Self {
        Self::new(tensor.dtype(), tensor.shape())
    }
}

/// What backward will ask for. Nothing else is kept alive between forward and backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saves {
    /// Neither inputs nor output.
    Nothing,
    /// All inputs.
    Inputs,
    /// The inputs whose bit is set, the first input's bit being the lowest.
    These(u32),
    /// The output alone.
    Output,
    /// All inputs and the output.
    InputsAndOutput,
}

impl Saves {
    pub(super) fn input(self, index: usize) -> bool {
        match self {
            Self::Inputs | Self::InputsAndOutput => true,
            Self::These(bits) => bits.checked_shr(index as u32).is_some_and(|bits| bits & 1 == 1),
            Self::Nothing | Self::Output => false,
        }
    }

    pub(super) fn output(self) -> bool {
        matches!(self, Self::Output | Self::InputsAndOutput)
    }
}

/// The gradients that an operation passes back, one for each input; `None` where none flows.
pub type Gradients = SmallVec<[Option<Tensor>; 4]>;

/// A differentiable operation. The value is the record of one call: its options, and what forward leaves for backward.
///
/// `backward` has no default, so that an operation without a derivative cannot be written by accident. It computes with
/// tensors and is itself differentiated for higher-order gradients: all of its arithmetic on `grad` and on what the
/// context gives must be tensor operations.
pub trait Operation: Send + Sync + 'static {
    /// PyTorch's name of the operation.
    const NAME: &'static str;

    /// What [`backward`](Self::backward) asks of its context.
    fn saves(&self) -> Saves;

    /// The shape rule: the result's type and shape, or what is wrong with the inputs and how to mend it.
    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError>;

    /// The values. Nothing is recorded while it runs. What backward needs besides inputs and output (indices, a mask)
    /// is left in `self`.
    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor;

    /// The multiplications, each with its addition, that forward takes, as far as it is made of them: 0 but for
    /// products of matrices and convolutions. What [`summary`](crate::nn::summary) and [`profiler`] count.
    fn multiply_adds(&self, _inputs: &[&Tensor], _output: &Tensor) -> u64 {
        0
    }

    /// Whether the output is a view of input 0: other strides over the same elements.
    fn is_view(&self) -> bool {
        false
    }

    /// The vector-Jacobian product: from the gradient of the output, the gradient of each input that
    /// [`Context::needs`] one.
    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients;
}

/// An operation that has no derivative: a comparison, an index, a count. Its result never requires gradients.
///
/// A whole-numbered or boolean result is a constant to backward, as in PyTorch. A result of real numbers remembers who
/// cut it off, and `backward` through it is a loud error.
pub(crate) trait NoDerivative {
    /// PyTorch's name of the operation.
    const NAME: &'static str;

    /// As [`Operation::spec`].
    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError>;

    /// As [`Operation::forward`].
    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor;
}

/// What an operation finds when its backward is called.
pub struct Context<'a> {
    pub(super) node: &'a Shared<Node>,
    /// Which gradients lead to one of the tensors whose gradients were asked for, if only some were.
    pub(super) needed: Option<&'a [bool]>,
    pub(super) inputs: &'a [Option<SavedTensor>],
    pub(super) output: Option<&'a Tensor>,
}

impl Context<'_> {
    /// Whether the gradient of input `index` will be used. Gradients nobody needs are not to be computed.
    pub fn needs(&self, index: usize) -> bool {
        self.node.needs(index) && self.needed.is_none_or(|needed| needed[index])
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Input `index`, as it was.
    ///
    /// # Panics
    /// If it was not saved, or has been written to since.
    pub fn input(&self, index: usize) -> Tensor {
        match self.inputs.get(index) {
            Some(Some(saved)) => saved.unpack(self.node.name()),
            _ => unreachable!("{} asks for input {index}, which it does not save", self.node.name()),
        }
    }

    /// The shape of input `index`, if it was saved.
    pub(super) fn input_shape(&self, index: usize) -> Option<&Shape> {
        self.inputs.get(index)?.as_ref().map(SavedTensor::shape)
    }

    /// The output, as part of the graph.
    ///
    /// # Panics
    /// If it was not saved.
    pub fn output(&self) -> Tensor {
        match self.output {
            Some(values) => attach_to(self.node.clone(), values),
            None => unreachable!("{} asks for its output, which it does not save", self.node.name()),
        }
    }

    /// `compute()` in a list of one if input 0 needs a gradient.
    pub fn first(&self, compute: impl FnOnce() -> Tensor) -> Gradients {
        let mut gradients = Gradients::new();
        gradients.push(self.needs(0).then(compute));
        gradients
    }
}

/// Applies `operation`, or panics at the user's line with what is wrong.
#[track_caller]
pub(crate) fn apply<O: Operation>(operation: O, inputs: &[&Tensor]) -> Tensor {
    match try_apply(operation, inputs) {
        Ok(output) => output,
        Err(error) => raise(error),
    }
}

/// Applies `operation` if its shape rule allows: for callers that ask first, or know a better name for the error.
pub(crate) fn try_apply<O: Operation>(mut operation: O, inputs: &[&Tensor]) -> Result<Tensor, ShapeError> {
    let spec = operation.spec(inputs)?;
    let span = profiler::begin(O::NAME);
    let output = compute(O::NAME, inputs, &spec, &mut |spec| operation.forward(inputs, spec))?;
    profiler::end(span, inputs, &output, || operation.multiply_adds(inputs, &output));
    Ok(attach(operation, inputs, output))
}

/// Records `operation` as the maker of `output`, whose values are computed already.
pub(crate) fn attach<O: Operation>(operation: O, inputs: &[&Tensor], output: Tensor) -> Tensor {
    if !trace::is_active() {
        return record(operation, inputs, output);
    }
    let (saves, view, multiply_adds) =
        (operation.saves(), operation.is_view(), operation.multiply_adds(inputs, &output));
    let output = record(operation, inputs, output);
    trace::call(trace::Call {
        multiply_adds,
        view,
        ..trace::Call::new(O::NAME, inputs, &output, if output.requires_grad() { saves } else { Saves::Nothing })
    });
    output
}

fn record<O: Operation>(operation: O, inputs: &[&Tensor], output: Tensor) -> Tensor {
    if !is_recorded(inputs, &output) {
        return unrecorded(inputs, output);
    }
    let saves = operation.saves();
    recorded(O::NAME, Owned::new(operation, |operation| operation), inputs, saves, output)
}

fn is_recorded(inputs: &[&Tensor], output: &Tensor) -> bool {
    is_grad_enabled() && output.dtype().is_floating_point() && inputs.iter().any(|input| input.requires_grad())
}

fn recorded(
    name: &'static str,
    operation: Owned<dyn Recorded>,
    inputs: &[&Tensor],
    saves: Saves,
    output: Tensor,
) -> Tensor {
    let edges = inputs.iter().map(|input| Edge::to(input)).collect();
    let save = |(index, input): (usize, &&Tensor)| saves.input(index).then(|| SavedTensor::new(input));
    let saved = inputs.iter().enumerate().map(save).collect();
    let values = saves.output().then(|| output.detach());
    attach_to(Shared::new(Node::new(name, operation, edges, saved, values)), &output)
}

/// `output`, with the name of the operation that cut off one of `inputs`, if one did.
fn unrecorded(inputs: &[&Tensor], output: Tensor) -> Tensor {
    match inputs.iter().find_map(|input| input.inner.cut_by) {
        Some(cut_by) => cut(cut_by, &output),
        None => output,
    }
}

/// Applies an operation without a derivative, or panics at the user's line.
#[track_caller]
pub(crate) fn apply_without_derivative<O: NoDerivative>(operation: O, inputs: &[&Tensor]) -> Tensor {
    match try_apply_without_derivative(operation, inputs) {
        Ok(output) => output,
        Err(error) => raise(error),
    }
}

/// Applies an operation without a derivative if its shape rule allows.
pub(crate) fn try_apply_without_derivative<O: NoDerivative>(
    operation: O,
    inputs: &[&Tensor],
) -> Result<Tensor, ShapeError> {
    let spec = operation.spec(inputs)?;
    let span = profiler::begin(O::NAME);
    let output = compute(O::NAME, inputs, &spec, &mut |spec| operation.forward(inputs, spec))?;
    profiler::end(span, inputs, &output, || 0);
    if trace::is_active() {
        trace::call(trace::Call::new(O::NAME, inputs, &output, Saves::Nothing));
    }
    let cut_by = match inputs.iter().any(|input| input.requires_grad()) && is_grad_enabled() {
        true => Some(O::NAME),
        false => inputs.iter().find_map(|input| input.inner.cut_by),
    };
    Ok(match cut_by {
        Some(cut_by) => cut(cut_by, &output),
        None => output,
    })
}

/// The values, or a tensor without any if an input has none.
fn compute(
    name: &str,
    inputs: &[&Tensor],
    spec: &Spec,
    forward: &mut dyn FnMut(&Spec) -> Tensor,
) -> Result<Tensor, ShapeError> {
    if inputs.iter().any(|input| input.is_meta()) {
        return Ok(Tensor::meta(spec.dtype, spec.shape.clone()));
    }
    let output = no_grad(|| forward(spec));
    debug_assert_eq!(output.shape(), &spec.shape, "{name}: the result has another shape than its rule says");
    debug_assert_eq!(output.dtype(), spec.dtype, "{name}: the result has another type than its rule says");
    Ok(output)
}

/// `values` as the output of `node`.
fn attach_to(node: Shared<Node>, values: &Tensor) -> Tensor {
    let mut inner = Tensor::build(values.storage(), values.layout().clone(), values.device());
    inner.node = Some(node);
    Tensor { inner: Shared::new(inner) }
}

/// A tensor in the place of the output of `node`, whose values nobody will read.
pub(super) fn stand_in(node: Shared<Node>) -> Tensor {
    attach_to(node, &Tensor::zeros([]))
}

/// Another handle of `x`, with its place in the graph: a write to one does not reach the other.
pub(super) fn another_handle(x: &Tensor) -> Tensor {
    match &x.inner.node {
        Some(node) => attach_to(node.clone(), x),
        None => x.detach(),
    }
}

/// `values` with the name of the operation that cut them off from their graph.
fn cut(by: &'static str, values: &Tensor) -> Tensor {
    let mut inner = Tensor::build(values.storage(), values.layout().clone(), values.device());
    inner.cut_by = Some(by);
    Tensor { inner: Shared::new(inner) }
}

impl Tensor {
    /// The same elements outside any graph: `x.detach()`. No gradient flows back through it.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::ones([2]).requires_grad_();
    /// assert!(!(&x * 2.0).detach().requires_grad());
    /// ```
    pub fn detach(&self) -> Tensor {
        debug_assert!(matches!(self.device(), Device::Cpu | Device::Meta));
        self.with_layout(self.layout().clone())
    }

    /// Asks for gradients of this tensor, in place: `x.requires_grad_()`. Returns the tensor for chaining.
    ///
    /// # Panics
    /// If the elements are not real numbers.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let w = Tensor::ones([2]).requires_grad_();
    /// assert!(w.requires_grad() && w.is_leaf());
    /// ```
    #[track_caller]
    pub fn requires_grad_(&self) -> Tensor {
        self.set_requires_grad(true);
        self.clone()
    }

    /// Asks for gradients of this tensor, or no longer: `x.requires_grad = on`. Freezes a parameter.
    ///
    /// # Panics
    /// If the elements are not real numbers, or the tensor is the result of a tracked operation.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let w = Tensor::ones([2]).requires_grad_();
    /// w.set_requires_grad(false);
    /// assert!(!w.requires_grad());
    /// ```
    #[track_caller]
    pub fn set_requires_grad(&self, on: bool) {
        if on && !self.dtype().is_floating_point() {
            let dtype = self.dtype();
            raise(
                ShapeError::new(
                    "requires_grad_",
                    format!("only real numbers have gradients, but the tensor is {dtype}"),
                )
                .help("convert it with x.to(DType::F32) first"),
            );
        }
        if !self.is_leaf() {
            if on {
                return;
            }
            raise(
                ShapeError::new("requires_grad_", "the tensor is the result of a tracked operation")
                    .help("use x.detach() for a copy outside the graph"),
            );
        }
        self.set_leaf_requires_grad(on);
    }

    /// The gradient accumulated so far, if any: `x.grad`.
    pub fn grad(&self) -> Option<Tensor> {
        self.grad_slot().and_then(|slot| slot.lock().clone())
    }

    /// Replaces the gradient; `None` clears it.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let w = Tensor::ones([2]).requires_grad_();
    /// w.sum().backward();
    /// w.set_grad(None);
    /// assert!(w.grad().is_none());
    /// ```
    pub fn set_grad(&self, grad: Option<Tensor>) {
        match grad {
            Some(_) => *self.grad_slot_or_new().lock() = grad,
            None => self.grad_slot().into_iter().for_each(|slot| *slot.lock() = None),
        }
    }
}
