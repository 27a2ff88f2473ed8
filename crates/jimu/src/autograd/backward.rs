//! From a loss back to the leaves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::mode::with_grad;
use super::node::{Edge, Node};
use crate::error::{OrRaise, ShapeError, relay};
use crate::tensor::Tensor;

/// How backward runs.
///
/// ```
/// use jimu::{Tensor, autograd::BackwardOptions};
/// let x = Tensor::new([3.0]).requires_grad_();
/// let y = (&x * &x).sum();
/// y.backward_with(BackwardOptions::new().retain_graph(true));
/// y.backward(); // the graph is still there; gradients add up
/// assert_eq!(x.grad().unwrap().item(), 12.0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct BackwardOptions {
    gradient: Option<Tensor>,
    retain_graph: bool,
    create_graph: bool,
}

impl BackwardOptions {
    /// The defaults: the gradient of a scalar with respect to itself (1), the graph freed on the way.
    pub fn new() -> Self {
        Self::default()
    }

    /// The gradient of whatever comes after, of the tensor's own shape; needed if the tensor is not a scalar.
    pub fn gradient(mut self, gradient: &Tensor) -> Self {
        self.gradient = Some(gradient.clone());
        self
    }

    /// Whether what the operations saved is kept, so that backward can run again.
    pub fn retain_graph(mut self, retain: bool) -> Self {
        self.retain_graph = retain;
        self
    }

    /// Whether backward itself is recorded, so that gradients can be differentiated; implies `retain_graph`.
    pub fn create_graph(mut self, create: bool) -> Self {
        self.create_graph = create;
        self
    }
}

impl Tensor {
    /// Computes the gradient of this scalar with respect to every leaf that requires one, and adds it to the leaf's
    /// [`grad`](Self::grad): `loss.backward()`. What was saved for backward is freed on the way.
    ///
    /// # Panics
    /// If the tensor is not a scalar, does not require gradients, or its graph has been freed by an earlier backward.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let w = Tensor::new([1.0, 2.0]).requires_grad_();
    /// (&w * &w).sum().backward();
    /// assert_eq!(w.grad().unwrap().to_vec::<f32>(), [2.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn backward(&self) {
        self.backward_with(BackwardOptions::new());
    }

    /// [`backward`](Self::backward) with a given gradient, a retained graph, or a graph of the gradients.
    #[track_caller]
    pub fn backward_with(&self, options: BackwardOptions) {
        backward(&[self], options);
    }
}

/// As [`Tensor::backward`], from several tensors at once: `torch.autograd.backward`. With a gradient in the options,
/// there must be one tensor.
///
/// # Panics
/// As [`Tensor::backward`].
///
/// ```
/// use jimu::{Tensor, autograd};
/// let w = Tensor::new([1.0, 2.0]).requires_grad_();
/// autograd::backward(&[&w.sum(), &(&w * 2.0).sum()], Default::default());
/// assert_eq!(w.grad().unwrap().to_vec::<f32>(), [3.0, 3.0]);
/// ```
#[track_caller]
pub fn backward(tensors: &[&Tensor], options: BackwardOptions) {
    let mut walk = Walk::new(&options, None);
    walk.start(tensors, &options).or_raise();
    relay(|| walk.run()).or_raise();
}

/// The gradients of the sum of `outputs` with respect to `inputs`, without touching any [`Tensor::grad`]:
/// `torch.autograd.grad`. With `create_graph` they can be differentiated again.
///
/// # Panics
/// As [`Tensor::backward`]; and if no gradient flows to one of the inputs.
///
/// ```
/// use jimu::{Tensor, autograd::{BackwardOptions, grad}};
/// let x = Tensor::new(2.0).requires_grad_();
/// let y = &x * &x * &x;
/// let dy = &grad(&[&y], &[&x], BackwardOptions::new().create_graph(true))[0];
/// assert_eq!(dy.item(), 12.0); // 3x²
/// assert_eq!(grad(&[dy], &[&x], BackwardOptions::new())[0].item(), 12.0); // 6x
/// ```
#[track_caller]
pub fn grad(outputs: &[&Tensor], inputs: &[&Tensor], options: BackwardOptions) -> Vec<Tensor> {
    let mut walk = Walk::new(&options, Some(inputs));
    walk.start(outputs, &options).or_raise();
    relay(|| walk.run()).or_raise();
    let mut gradients = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.iter().enumerate() {
        let found = walk.wanted.as_mut().and_then(|wanted| wanted.found[index].take());
        gradients.push(found.ok_or_else(|| not_reached(index, input)).or_raise());
    }
    gradients
}

fn not_reached(index: usize, input: &Tensor) -> ShapeError {
    let shape = input.shape();
    ShapeError::new("grad", format!("no gradient flows to input {index}, of shape {shape}"))
        .help("ask only for tensors that require gradients and that the outputs were computed from")
}

/// The inputs of [`grad`], and their gradients as they come.
struct Wanted<'a> {
    inputs: &'a [&'a Tensor],
    found: Vec<Option<Tensor>>,
}

impl Wanted<'_> {
    fn add(&mut self, matches: impl Fn(&Tensor) -> bool, gradient: &Tensor) {
        for (input, found) in self.inputs.iter().zip(&mut self.found) {
            if matches(input) {
                *found = Some(sum(found.take(), gradient.clone()));
            }
        }
    }
}

/// Nodes whose gradient is not complete yet, by descending sequence: when a node is the last, all its users are done.
struct Walk<'a> {
    pending: BTreeMap<u64, (Arc<Node>, Tensor)>,
    wanted: Option<Wanted<'a>>,
    leaves: HashMap<*const (), (Tensor, Tensor)>,
    retain: bool,
    create: bool,
}

impl<'a> Walk<'a> {
    fn new(options: &BackwardOptions, inputs: Option<&'a [&'a Tensor]>) -> Self {
        Self {
            pending: BTreeMap::new(),
            wanted: inputs.map(|inputs| Wanted { inputs, found: vec![None; inputs.len()] }),
            leaves: HashMap::new(),
            retain: options.retain_graph || options.create_graph,
            create: options.create_graph,
        }
    }

    fn start(&mut self, tensors: &[&Tensor], options: &BackwardOptions) -> Result<(), ShapeError> {
        for tensor in tensors {
            check_start(tensor, options)?;
            let gradient = options.gradient.clone().unwrap_or_else(|| tensor.detach().ones_like());
            self.send(&Edge::to(tensor), gradient);
        }
        Ok(())
    }

    fn send(&mut self, edge: &Edge, gradient: Tensor) {
        match edge {
            Edge::Nowhere => {}
            Edge::Node(node) => {
                let so_far = self.pending.remove(&node.sequence()).map(|(_, so_far)| so_far);
                self.pending.insert(node.sequence(), (node.clone(), sum(so_far, gradient)));
            }
            Edge::Leaf(leaf) => match &mut self.wanted {
                Some(wanted) => wanted.add(|input| input.is_same(leaf), &gradient),
                None => {
                    // Uses within one walk add up first, in the order of the walk, and meet `grad` once.
                    let key = Arc::as_ptr(&leaf.inner).cast();
                    let so_far = self.leaves.remove(&key).map(|(_, so_far)| so_far);
                    self.leaves.insert(key, (leaf.clone(), sum(so_far, gradient)));
                }
            },
        }
    }

    fn run(&mut self) -> Result<(), ShapeError> {
        with_grad(self.create, || {
            while let Some((_, (node, gradient))) = self.pending.pop_last() {
                if let Some(wanted) = &mut self.wanted {
                    let made_by = |input: &Tensor| input.inner.node.as_ref().is_some_and(|own| Arc::ptr_eq(own, &node));
                    wanted.add(made_by, &gradient);
                }
                let gradients = node.backward(&gradient, self.retain)?;
                for (edge, gradient) in node.edges().iter().zip(gradients) {
                    if let Some(gradient) = gradient {
                        self.send(edge, gradient);
                    }
                }
            }
            for (_, (leaf, gradient)) in self.leaves.drain() {
                let mut slot = leaf.grad_slot();
                *slot = Some(sum(slot.take(), gradient));
            }
            Ok(())
        })
    }
}

fn sum(so_far: Option<Tensor>, gradient: Tensor) -> Tensor {
    match so_far {
        Some(so_far) => so_far.add(&gradient),
        None => gradient,
    }
}

fn check_start(tensor: &Tensor, options: &BackwardOptions) -> Result<(), ShapeError> {
    if !tensor.requires_grad() {
        return Err(no_graph(tensor));
    }
    let shape = tensor.shape();
    match &options.gradient {
        None if tensor.numel() != 1 => Err(ShapeError::new(
            "backward",
            format!("without a given gradient the tensor must have one element, but its shape is {shape}"),
        )
        .help("reduce it to a loss (mean, sum), or give the gradient with BackwardOptions::gradient")),
        Some(gradient) if gradient.shape() != shape => Err(ShapeError::new(
            "backward",
            format!("the given gradient has shape {}, but the tensor has shape {shape}", gradient.shape()),
        )
        .help("give a gradient of the tensor's own shape")),
        _ => Ok(()),
    }
}

fn no_graph(tensor: &Tensor) -> ShapeError {
    match tensor.inner.cut_by {
        Some(name) => ShapeError::new(
            "backward",
            format!("the tensor does not require gradients: it was computed through {name}, which has no derivative"),
        )
        .help(format!("compute the loss without {name}")),
        None => {
            ShapeError::new("backward", "the tensor does not require gradients, nor does anything it was computed from")
                .help("build the loss from parameters, outside no_grad and without detach")
        }
    }
}
