//! A model's layers, shapes and costs, without running it.

mod table;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;

use indexmap::IndexMap;
use jimu_kernels::pooled::Shared;

use super::field::Field;
use super::module::{Forward, Module};
use crate::autograd::trace::{self, Call, Event, Place};
use crate::autograd::with_grad;
use crate::dtype::DType;
use crate::error::{ShapeError, catch};
use crate::tensor::{Shape, Tensor};

/// A model's layers in the order of their use, with output shapes, parameters, multiply-adds and memory. What is printed
/// is a table.
///
/// ```
/// use jimu::{nn::summary, vision::models::LeNet};
/// let summary = summary(&LeNet::new(), [1, 1, 28, 28])?;
/// assert_eq!(summary.parameters, 44_426);
/// assert_eq!(summary.multiply_adds, 281_640);
/// let pool = &summary.rows[1];
/// assert_eq!((pool.kind.as_str(), pool.output.as_ref()), ("max_pool2d", [1, 6, 12, 12].as_slice()));
/// println!("{summary}");
/// # Ok::<(), jimu::nn::SummaryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The model's kind.
    pub model: String,
    /// A row for each use of a layer, and for each operation that a block applies itself.
    pub rows: Vec<SummaryRow>,
    /// The parameters' names that the forward pass never used: nothing trains them.
    pub unused: Vec<String>,
    /// The number of trained numbers, and of frozen ones.
    pub parameters: usize,
    /// The number of trained numbers.
    pub trainable: usize,
    /// Multiplications, each with its addition, in products of matrices and convolutions.
    pub multiply_adds: u64,
    /// Bytes of the parameters.
    pub parameter_bytes: u64,
    /// Bytes of the gradients of the parameters that are trained.
    pub gradient_bytes: u64,
    /// Bytes of all rows' outputs.
    pub forward_bytes: u64,
    /// Bytes that stay from forward until backward: what the operations' derivatives ask for, each tensor once.
    pub backward_bytes: u64,
}

/// One line of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SummaryRow {
    /// The layer's place in the model, as in its `state_dict`; for an operation, that of the block which applies it.
    pub name: String,
    /// The layer's kind, or the operation.
    pub kind: String,
    /// The shape of the output.
    pub output: Shape,
    /// The layer's own parameters; 0 where it is used again.
    pub parameters: usize,
    /// Multiplications, each with its addition.
    pub multiply_adds: u64,
    /// Bytes of the output, 0 for a view.
    pub forward_bytes: u64,
    /// Bytes that stay until backward.
    pub backward_bytes: u64,
}

/// Why a model does not fit its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryError {
    /// The refusal: the layer or operation, the shapes, the fix.
    pub error: ShapeError,
    /// The last row before it.
    pub after: Option<Box<SummaryRow>>,
}

impl fmt::Display for SummaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        match &self.after {
            Some(row) => write!(f, "\n  before it, {} gives {}", row.title(), row.output),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SummaryError {}

/// The [`Summary`] of a model for an input of shape `input`, from the shape rules alone: nothing is computed, and a model
/// built on [`Device::Meta`](crate::Device::Meta) needs no memory for its weights. Works for every module. A layer of
/// your own with several operations is one row if its forward begins with [`Label::enter`](super::Label::enter).
///
/// # Errors
/// If the model does not fit the input: the layer, both shapes and the fix.
///
/// # Examples
/// ```
/// use jimu::nn::{Linear, ReLU, summary};
/// use jimu::sequential;
/// let wrong = sequential![Linear::new(784, 64), ReLU, Linear::new(32, 10)];
/// let error = summary(&wrong, [1, 784]).unwrap_err().to_string();
/// assert!(error.starts_with("Sequential.2 (Linear): the last dimension of the input must be 32 (in_features)"), "{error}");
/// assert!(error.ends_with("before it, 1 (ReLU) gives [1, 64]"), "{error}");
/// ```
pub fn summary<M: Module + Forward + ?Sized>(model: &M, input: impl Into<Shape>) -> Result<Summary, SummaryError> {
    let dtype = model.parameters().first().map_or(DType::F32, Tensor::dtype);
    let input = Tensor::empty_meta(input, dtype);
    summary_with(model, || model.forward(&input))
}

/// As [`summary`], for a model whose forward takes something else than one tensor of real numbers: `forward` applies it to
/// [tensors without elements](Tensor::empty_meta).
///
/// # Errors
/// As [`summary`].
///
/// # Examples
/// ```
/// use jimu::nn::{Linear, Module, summary_with};
/// use jimu::{DType, Tensor};
///
/// #[derive(Module)]
/// struct Pair { left: Linear, right: Linear }
///
/// let pair = Pair { left: Linear::new(2, 3), right: Linear::new(4, 3) };
/// let [x, y] = [2, 4].map(|size| Tensor::empty_meta([8, size], DType::F32));
/// let summary = summary_with(&pair, || {
///     use jimu::nn::Forward;
///     pair.left.forward(&x) + pair.right.forward(&y)
/// })?;
/// let kinds: Vec<&str> = summary.rows.iter().map(|row| row.kind.as_str()).collect();
/// assert_eq!(kinds, ["Linear", "Linear", "add"]);
/// # Ok::<(), jimu::nn::SummaryError>(())
/// ```
pub fn summary_with<M: Module + ?Sized, R>(model: &M, forward: impl FnOnce() -> R) -> Result<Summary, SummaryError> {
    let plan = Plan::of(model);
    let (result, events) = trace::watch(|| catch(|| with_grad(true, forward)));
    let mut rows = Rows::new(&plan);
    events.into_iter().for_each(|event| rows.see(event));
    match result {
        Ok(_) => Ok(rows.into_summary(model)),
        Err(error) => Err(SummaryError { error, after: rows.rows.pop().map(Box::new) }),
    }
}

/// The parts of a model, and how to recognise them.
struct Plan {
    parts: IndexMap<String, Part>,
    /// The paths of the blocks with these labels.
    labels: HashMap<usize, String>,
    /// The paths of the blocks that these parameters belong to.
    owners: HashMap<usize, String>,
    /// The storage of parameters and buffers, which are there anyway.
    state: HashSet<usize>,
}

struct Part {
    kind: String,
    parameters: Vec<(String, Tensor)>,
    /// Whether it has no blocks within.
    leaf: bool,
}

impl Part {
    /// Whether the operations of the part are one row.
    fn is_layer(&self) -> bool {
        self.leaf || !self.parameters.is_empty()
    }
}

impl Plan {
    fn of<M: Module + ?Sized>(model: &M) -> Self {
        // This walk labels the layers, for errors.
        let mut state: HashSet<usize> = model.parameters().iter().map(memory).collect();
        state.extend(model.named_buffers().iter().map(|(_, buffer)| memory(buffer)));
        let mut plan = Self { parts: IndexMap::new(), labels: HashMap::new(), owners: HashMap::new(), state };
        plan.add("", model.kind(), model.fields());
        plan
    }

    fn add(&mut self, path: &str, kind: &str, fields: super::Fields<'_>) {
        let mut parameters = Vec::new();
        let mut blocks = Vec::new();
        for (name, field) in fields {
            match field {
                Field::Parameter(parameter) => {
                    self.owners.entry(identity(parameter)).or_insert_with(|| path.to_owned());
                    parameters.push((join(path, &name), Tensor::clone(parameter)));
                }
                Field::Label(label) => {
                    self.labels.insert(label.address(), path.to_owned());
                }
                Field::Module(module) => blocks.push((join(path, &name), module)),
                Field::Buffer(_) | Field::Mode(_) => {}
            }
        }
        self.parts.insert(path.to_owned(), Part { kind: kind.to_owned(), parameters, leaf: blocks.is_empty() });
        for (path, module) in blocks {
            self.add(&path, module.kind(), module.fields());
        }
    }

    fn is_labelled(&self, path: &str) -> bool {
        self.labels.values().any(|labelled| labelled == path)
    }

    fn path(&self, place: &Place) -> Option<String> {
        match place {
            Place::Label(label) => self.labels.get(label).cloned(),
            Place::Member(list, name) => self.labels.get(list).map(|list| join(list, name)),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What tells a tensor from all others.
fn identity(tensor: &Tensor) -> usize {
    Shared::as_ptr(&tensor.inner).addr()
}

/// What tells a tensor's memory from all other.
fn memory(tensor: &Tensor) -> usize {
    Shared::as_ptr(&tensor.storage()).addr()
}

fn bytes(tensor: &Tensor) -> u64 {
    (tensor.numel() * tensor.dtype().size_in_bytes()) as u64
}

/// Rows from events.
struct Rows<'a> {
    plan: &'a Plan,
    rows: Vec<SummaryRow>,
    /// The layers that have begun and not ended.
    scopes: Vec<String>,
    /// Whether the next operation may continue the last row.
    open: bool,
    /// Parameters that have been counted.
    counted: HashSet<usize>,
    /// The memory that a view shows, by that of the view.
    shown: HashMap<usize, usize>,
    /// Memory that is kept for backward.
    kept: HashSet<usize>,
    /// Every tensor seen, so that no address is used twice.
    alive: Vec<Call>,
}

impl<'a> Rows<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            rows: Vec::new(),
            scopes: Vec::new(),
            open: false,
            counted: HashSet::new(),
            shown: HashMap::new(),
            kept: HashSet::new(),
            alive: Vec::new(),
        }
    }

    fn see(&mut self, event: Event) {
        match event {
            Event::Enter(place) => {
                let outer = self.scopes.last().cloned().unwrap_or_default();
                let path = self.plan.path(&place).unwrap_or_else(|| outer.clone());
                // A block in a list begins twice: for the list, and by its own label.
                self.open &= path == outer;
                self.scopes.push(path);
            }
            Event::Leave => {
                let inner = self.scopes.pop();
                self.open &= inner == self.scopes.last().cloned();
            }
            Event::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: Call) {
        let scope = self.scopes.last().cloned().unwrap_or_default();
        let within = self.plan.parts.get(&scope).is_some_and(Part::is_layer);
        let owner = call.inputs.iter().find_map(|input| self.plan.owners.get(&identity(input)));
        let layer = match owner {
            // A block that does not tell when it begins is known by its parameters alone.
            Some(path) if !self.plan.is_labelled(path) => Some(path.clone()),
            _ if within => Some(scope.clone()),
            owner => owner.cloned(),
        };
        let (name, kind) = match &layer {
            Some(path) => (path.clone(), self.plan.parts[path].kind.clone()),
            None => (scope, call.name.to_owned()),
        };
        let continues =
            self.open && layer.is_some() && self.rows.last().is_some_and(|row| row.name == name && row.kind == kind);
        if !continues {
            let parameters = layer.as_ref().map_or(0, |path| self.count(path));
            self.rows.push(SummaryRow { name, kind, parameters, ..SummaryRow::default() });
        }
        self.open = true;
        let backward_bytes = self.keep(&call);
        if let Some(row) = self.rows.last_mut() {
            row.output = call.output.size();
            row.multiply_adds += call.multiply_adds;
            row.backward_bytes += backward_bytes;
            row.forward_bytes = if call.view { row.forward_bytes } else { bytes(&call.output) };
        }
        self.alive.push(call);
    }

    /// The numbers of the layer's own parameters that have not been counted.
    fn count(&mut self, path: &str) -> usize {
        let parameters = &self.plan.parts[path].parameters;
        let new = parameters.iter().filter(|(_, parameter)| self.counted.insert(identity(parameter)));
        new.map(|(_, parameter)| parameter.numel()).sum()
    }

    /// Notes what the call keeps for backward, and gives the bytes that nobody kept before.
    fn keep(&mut self, call: &Call) -> u64 {
        let root = |tensor: &Tensor| {
            let own = memory(tensor);
            self.shown.get(&own).copied().unwrap_or(own)
        };
        let inputs: Vec<(usize, u64)> = call.inputs.iter().map(|input| (root(input), bytes(input))).collect();
        if call.view
            && let Some(&(shown, _)) = inputs.first()
        {
            self.shown.insert(memory(&call.output), shown);
        }
        let output = call.output_saved.then(|| (memory(&call.output), bytes(&call.output)));
        let saved = inputs.into_iter().zip(&call.saved).filter(|(_, saved)| **saved).map(|(input, _)| input);
        let new =
            saved.chain(output).filter(|(memory, _)| !self.plan.state.contains(memory) && self.kept.insert(*memory));
        new.map(|(_, bytes)| bytes).sum()
    }

    fn into_summary<M: Module + ?Sized>(self, model: &M) -> Summary {
        let parameters = model.named_parameters();
        let trained =
            || parameters.iter().map(|(_, parameter)| parameter).filter(|parameter| parameter.requires_grad());
        let used: HashSet<usize> = self.alive.iter().flat_map(|call| &call.inputs).map(identity).collect();
        let unused = parameters.iter().filter(|(_, parameter)| !used.contains(&identity(parameter)));
        Summary {
            model: model.kind().to_owned(),
            unused: unused.map(|(name, _)| name.clone()).collect(),
            parameters: parameters.iter().map(|(_, parameter)| parameter.numel()).sum(),
            trainable: trained().map(Tensor::numel).sum(),
            multiply_adds: self.rows.iter().map(|row| row.multiply_adds).sum(),
            parameter_bytes: parameters.iter().map(|(_, parameter)| bytes(parameter)).sum(),
            gradient_bytes: trained().map(bytes).sum(),
            forward_bytes: self.rows.iter().map(|row| row.forward_bytes).sum(),
            backward_bytes: self.rows.iter().map(|row| row.backward_bytes).sum(),
            rows: self.rows,
        }
    }
}

impl SummaryRow {
    fn title(&self) -> String {
        if self.name.is_empty() { self.kind.clone() } else { format!("{} ({})", self.name, self.kind) }
    }
}
