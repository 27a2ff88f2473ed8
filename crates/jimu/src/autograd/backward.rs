//! From a loss back to the leaves.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use jimu_kernels::pooled::Shared;
use smallvec::SmallVec;

use super::mode::with_grad;
use super::node::{Edge, Node};
use super::operation::another_handle;
use crate::autocast::{Precision, autocast};
use crate::error::{OrRaise, ShapeError, relay};
use crate::tensor::{GradSlot, Inner, Tensor};

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
    gradients: SmallVec<[Option<Tensor>; 1]>,
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
        self.gradients = SmallVec::from_buf([Some(gradient.clone())]);
        self
    }

    /// A gradient for each of several outputs, in order; `None` for a scalar's own 1: `grad_outputs`.
    ///
    /// ```
    /// use jimu::{Tensor, autograd::{BackwardOptions, grad}};
    /// let x = Tensor::new([1.0, 2.0]).requires_grad_();
    /// let (y, loss) = (&x * 3.0, x.sum());
    /// let options = BackwardOptions::new().gradients(&[Some(&Tensor::new([1.0, 10.0])), None]);
    /// assert_eq!(grad(&[&y, &loss], &[&x], options)[0].to_vec::<f32>(), [4.0, 31.0]);
    /// ```
    pub fn gradients(mut self, gradients: &[Option<&Tensor>]) -> Self {
        self.gradients = gradients.iter().map(|gradient| gradient.cloned()).collect();
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

/// As [`Tensor::backward`], from several tensors at once: `torch.autograd.backward`. With gradients in the
/// options, there must be one for each tensor.
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
    let accumulate = |leaf: &Tensor, gradient| accumulate(leaf.grad_slot_or_new(), &gradient);
    relay(|| Walk::new(&options, None).run(tensors, &options, accumulate)).or_raise();
}

/// The gradients of the sum of `outputs` with respect to `inputs`, without touching any [`Tensor::grad`]:
/// [`torch.autograd.grad`](https://pytorch.org/docs/stable/generated/torch.autograd.grad.html). With `create_graph` they
/// can be differentiated again. Only what leads to the inputs is computed.
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
    let found = relay(|| try_grad(outputs, inputs, options, false)).or_raise();
    let mut gradients = Vec::with_capacity(inputs.len());
    for (index, (gradient, input)) in found.into_iter().zip(inputs).enumerate() {
        gradients.push(gradient.ok_or_else(|| not_reached(index, input)).or_raise());
    }
    gradients
}

/// As [`grad`], with `None` for an input that no gradient flows to: `allow_unused=True`.
///
/// # Panics
/// As [`Tensor::backward`].
///
/// ```
/// use jimu::{Tensor, autograd::{BackwardOptions, grad_allow_unused}};
/// let (x, other) = (Tensor::new(2.0).requires_grad_(), Tensor::new(1.0).requires_grad_());
/// let gradients = grad_allow_unused(&[&(&x * 3.0)], &[&x, &other], BackwardOptions::new());
/// assert!(gradients[0].is_some() && gradients[1].is_none());
/// ```
#[track_caller]
pub fn grad_allow_unused(outputs: &[&Tensor], inputs: &[&Tensor], options: BackwardOptions) -> Vec<Option<Tensor>> {
    relay(|| try_grad(outputs, inputs, options, false)).or_raise()
}

/// As [`grad_allow_unused`], where the inputs are the ends of the graph: what they were computed from is not looked at.
pub(super) fn grad_up_to(
    output: &Tensor,
    inputs: &[&Tensor],
    options: BackwardOptions,
) -> Result<Vec<Option<Tensor>>, ShapeError> {
    try_grad(&[output], inputs, options, true)
}

fn try_grad(
    outputs: &[&Tensor],
    inputs: &[&Tensor],
    options: BackwardOptions,
    ends: bool,
) -> Result<Vec<Option<Tensor>>, ShapeError> {
    let mut wanted = Wanted::new(outputs, inputs, ends);
    let mut of_leaves: SmallVec<[(Tensor, Tensor); 8]> = SmallVec::new();
    let keep = |leaf: &Tensor, gradient| of_leaves.push((leaf.clone(), gradient));
    Walk::new(&options, Some(&mut wanted)).run(outputs, &options, keep)?;
    for (leaf, gradient) in of_leaves {
        wanted.add(|input| input.is_same(&leaf), &gradient);
    }
    Ok(wanted.found)
}

/// Hands every leaf that `output` was computed from, and its gradient, to `receive`, without touching any
/// [`Tensor::grad`].
#[track_caller]
pub(crate) fn gradients_of_leaves(output: &Tensor, options: BackwardOptions, receive: impl FnMut(&Tensor, Tensor)) {
    relay(|| Walk::new(&options, None).run(&[output], &options, receive)).or_raise();
}

fn not_reached(index: usize, input: &Tensor) -> ShapeError {
    let shape = input.shape();
    ShapeError::new("grad", format!("no gradient flows to input {index}, of shape {shape}"))
        .help("ask only for tensors that require gradients and that the outputs were computed from")
}

/// The inputs of [`grad`], their gradients as they come, and the part of the graph that leads to them.
struct Wanted<'a> {
    inputs: &'a [&'a Tensor],
    found: Vec<Option<Tensor>>,
    /// The numbers of the nodes whose gradient is an input's or leads to one.
    leading: HashSet<u64>,
    /// The numbers of the nodes that pass gradients on.
    passing: HashSet<u64>,
}

impl<'a> Wanted<'a> {
    fn new(outputs: &[&Tensor], inputs: &'a [&'a Tensor], ends: bool) -> Self {
        let made: HashSet<u64> =
            inputs.iter().filter_map(|input| input.inner.node.as_ref()).map(|node| node.sequence()).collect();
        let mut wanted =
            Self { inputs, found: vec![None; inputs.len()], leading: HashSet::new(), passing: HashSet::new() };
        // A node's inputs have smaller numbers, so in ascending order they are settled first.
        for node in nodes(outputs, |node| ends && made.contains(&node.sequence())).into_values() {
            let is_input = made.contains(&node.sequence());
            if !(ends && is_input) && node.edges().iter().any(|edge| wanted.leads(edge)) {
                wanted.passing.insert(node.sequence());
            }
            if is_input || wanted.passing.contains(&node.sequence()) {
                wanted.leading.insert(node.sequence());
            }
        }
        wanted
    }

    /// Whether a gradient that takes this edge reaches an input.
    fn leads(&self, edge: &Edge) -> bool {
        match edge {
            Edge::Nowhere => false,
            Edge::Leaf(leaf) => self.inputs.iter().any(|input| input.is_same(leaf)),
            Edge::Node(node) => self.leading.contains(&node.sequence()),
        }
    }

    fn add(&mut self, matches: impl Fn(&Tensor) -> bool, gradient: &Tensor) {
        for (input, found) in self.inputs.iter().zip(&mut self.found) {
            if matches(input) {
                *found = Some(gradient.clone());
            }
        }
    }
}

/// The nodes of the graph behind `outputs` by their numbers, without what lies behind an `end`.
fn nodes<'a>(outputs: &[&'a Tensor], end: impl Fn(&Node) -> bool) -> BTreeMap<u64, &'a Node> {
    let mut found = BTreeMap::new();
    let mut open: Vec<&Node> = outputs.iter().filter_map(|output| output.inner.node.as_deref()).collect();
    while let Some(node) = open.pop() {
        if found.insert(node.sequence(), node).is_none() && !end(node) {
            open.extend(node.edges().iter().filter_map(|edge| match edge {
                Edge::Node(node) => Some(&**node),
                Edge::Leaf(_) | Edge::Nowhere => None,
            }));
        }
    }
    found
}

/// What a walk keeps on the way. Empty between walks, when the next on the same thread takes over its memory.
#[derive(Default)]
struct Lists {
    /// Nodes whose gradient is not complete yet, the last on top: when a node is the last, all its users are done.
    nodes: BinaryHeap<ByNumber>,
    /// What has come to each of them so far, by their numbers.
    gradients: HashMap<u64, Tensor>,
    /// The leaves that gradients have reached, in the order in which they have, and where each stands among them.
    leaves: Vec<(Tensor, Tensor)>,
    places: HashMap<*const Inner, usize>,
}

thread_local!(static LISTS: RefCell<Lists> = RefCell::default());

/// A node that is ordered by its number.
struct ByNumber(Shared<Node>);

impl PartialEq for ByNumber {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByNumber {}

impl PartialOrd for ByNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.sequence().cmp(&other.0.sequence())
    }
}

/// One backward.
struct Walk<'a, 'b> {
    lists: Lists,
    wanted: Option<&'a mut Wanted<'b>>,
    retain: bool,
    create: bool,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn new(options: &BackwardOptions, wanted: Option<&'a mut Wanted<'b>>) -> Self {
        Self {
            lists: LISTS.take(),
            wanted,
            retain: options.retain_graph || options.create_graph,
            create: options.create_graph,
        }
    }

    /// Hands the leaves and their gradients to `receive`.
    fn run(
        mut self,
        tensors: &[&Tensor],
        options: &BackwardOptions,
        receive: impl FnMut(&Tensor, Tensor),
    ) -> Result<(), ShapeError> {
        let create = self.create;
        // Each product goes back in its own precision; that of the caller's scope has no say, nor which thread it is.
        let walk = || {
            self.start(tensors, options)?;
            while let Some(ByNumber(node)) = self.lists.nodes.pop() {
                if let Some(gradient) = self.lists.gradients.remove(&node.sequence()) {
                    self.visit(&node, gradient)?;
                }
            }
            self.finish(receive)
        };
        autocast(Precision::F32, || with_grad(create, walk))
    }

    fn start(&mut self, tensors: &[&Tensor], options: &BackwardOptions) -> Result<(), ShapeError> {
        let given = options.gradients.len();
        if given != 0 && given != tensors.len() {
            return Err(ShapeError::new(
                "backward",
                format!("{given} gradients are given for {} tensors", tensors.len()),
            )
            .help("give one for each, in order"));
        }
        for (index, tensor) in tensors.iter().enumerate() {
            let gradient = options.gradients.get(index).and_then(Option::as_ref);
            check_start(tensor, gradient)?;
            let gradient = gradient.map_or_else(|| tensor.detach().ones_like(), |gradient| gradient.to(tensor.dtype()));
            self.send(&Edge::to(tensor), gradient);
        }
        Ok(())
    }

    /// Adds a gradient to what has come to the end of `edge` so far.
    fn send(&mut self, edge: &Edge, gradient: Tensor) {
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.leads(edge)) {
            return;
        }
        match edge {
            Edge::Nowhere => {}
            Edge::Node(node) => match self.lists.gradients.entry(node.sequence()) {
                Entry::Occupied(mut so_far) => *so_far.get_mut() = so_far.get().add(&gradient),
                Entry::Vacant(place) => {
                    place.insert(gradient);
                    self.lists.nodes.push(ByNumber(node.clone()));
                }
            },
            // Uses within one walk add up first, in the order of the walk, and meet `grad` once.
            Edge::Leaf(leaf) => {
                let Lists { leaves, places, .. } = &mut self.lists;
                let place = *places.entry(Shared::as_ptr(&leaf.inner)).or_insert(leaves.len());
                match leaves.get_mut(place) {
                    Some((_, so_far)) => *so_far = so_far.add(&gradient),
                    None => leaves.push((leaf.clone(), gradient)),
                }
            }
        }
    }

    fn visit(&mut self, node: &Shared<Node>, gradient: Tensor) -> Result<(), ShapeError> {
        let gradient = match node.hooks().get() {
            Some(hooks) => hooks.run(gradient)?,
            None => gradient,
        };
        let mut needed = None;
        if let Some(wanted) = &mut self.wanted {
            wanted.add(|input| input.inner.node.as_ref().is_some_and(|own| Shared::ptr_eq(own, node)), &gradient);
            if !wanted.passing.contains(&node.sequence()) {
                return Ok(());
            }
            needed = Some(node.edges().iter().map(|edge| wanted.leads(edge)).collect::<SmallVec<[bool; 4]>>());
        }
        let gradients = Node::backward(node, &gradient, self.retain, needed.as_deref())?;
        for (edge, gradient) in node.edges().iter().zip(gradients) {
            if let Some(gradient) = gradient {
                self.send(edge, gradient);
            }
        }
        Ok(())
    }

    /// Hands over the leaves, and leaves the lists to the next walk.
    fn finish(mut self, mut receive: impl FnMut(&Tensor, Tensor)) -> Result<(), ShapeError> {
        for (leaf, gradient) in self.lists.leaves.drain(..) {
            let gradient = match leaf.hooks() {
                Some(hooks) => hooks.run(gradient)?,
                None => gradient,
            };
            receive(&leaf, gradient);
        }
        self.lists.places.clear();
        LISTS.set(self.lists);
        Ok(())
    }
}

/// Adds `gradient` to what a tensor has accumulated.
pub(super) fn accumulate(slot: &GradSlot, gradient: &Tensor) {
    let mut slot = slot.lock();
    *slot = Some(match slot.take() {
        Some(so_far) => so_far.add(gradient),
        // A handle of its own: two leaves may have been sent the same tensor, and one of them may be written to.
        None => another_handle(gradient),
    });
}

fn check_start(tensor: &Tensor, gradient: Option<&Tensor>) -> Result<(), ShapeError> {
    if !tensor.requires_grad() {
        return Err(no_graph(tensor));
    }
    let shape = tensor.shape();
    match gradient {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain of so many operations that recursion along it would overflow the stack, even that of the main thread.
    const LONG: usize = 200_000;

    fn chain(x: &Tensor) -> Tensor {
        (0..LONG).fold(x * 1.0, |y, _| y.neg())
    }

    /// Runs `f` on a thread whose stack is small.
    fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(256 << 10).spawn(f).expect("a thread can be started");
        thread.join().expect("the stack was large enough");
    }

    #[test]
    fn a_long_chain_goes_back_and_away_without_recursion() {
        on_a_small_stack(|| {
            let x = Tensor::new(1.0).requires_grad_();
            chain(&x).backward();
            assert_eq!(x.grad().unwrap().item(), 1.0);
        });
    }

    #[test]
    fn a_long_chain_that_never_went_back_goes_away_without_recursion() {
        on_a_small_stack(|| {
            let x = Tensor::new(1.0).requires_grad_();
            drop(chain(&x));
            // Each product saves the one before it, so nodes are held by saved tensors, too.
            drop((0..LONG).fold(&x * 1.0, |y, _| &y * &y));
        });
    }

    #[test]
    fn the_gradients_of_a_long_chain_are_a_long_chain() {
        on_a_small_stack(|| {
            let x = Tensor::new(1.0).requires_grad_();
            let y = (0..LONG / 4).fold(&x * 1.0, |y, _| y.sin());
            let gradients = grad(&[&y], &[&x], BackwardOptions::new().create_graph(true));
            assert!(gradients[0].requires_grad());
            drop(y);
            drop(gradients);
        });
    }

    #[test]
    fn gradients_are_apart_even_if_they_are_equal() {
        let (a, b) = (Tensor::new([1.0]).requires_grad_(), Tensor::new([2.0]).requires_grad_());
        let seed = Tensor::new([1.0]);
        (&a + &b).backward_with(BackwardOptions::new().gradient(&seed));
        a.grad().unwrap().mul_(10.0);
        assert_eq!((b.grad().unwrap().item(), seed.item()), (1.0, 1.0));
    }

    #[test]
    fn only_what_leads_to_the_inputs_is_computed() {
        struct Trap;
        impl super::super::Function for Trap {
            const NAME: &'static str = "Trap";
            fn forward(&mut self, inputs: &[&Tensor]) -> Tensor {
                inputs[0].clone()
            }
            fn backward(&self, _: &super::super::Context<'_>, _: &Tensor) -> super::super::Gradients {
                panic!("nobody needs this gradient")
            }
        }
        let (x, w) = (Tensor::new([3.0]).requires_grad_(), Tensor::new([2.0]).requires_grad_());
        let hidden = &x * 2.0;
        let y = &hidden * super::super::apply_function(Trap, &[&w]);
        let gradients = grad(&[&y], &[&hidden, &x], BackwardOptions::new());
        assert_eq!(gradients.iter().map(Tensor::item).collect::<Vec<_>>(), [2.0, 4.0]);
    }

    #[test]
    fn gradients_of_results_of_operations() {
        let x = Tensor::new([1.0, 2.0]).requires_grad_();
        let y = &x * &x;
        let z = &y * 3.0 + &y * &y;
        let gradients = grad(&[&z.sum()], &[&y, &x, &z], BackwardOptions::new().retain_graph(true)).to_vec();
        assert_eq!(gradients[0].to_vec::<f32>(), [5.0, 11.0]);
        assert_eq!(gradients[1].to_vec::<f32>(), [10.0, 44.0]);
        assert_eq!(gradients[2].to_vec::<f32>(), [1.0, 1.0]);
        assert!(x.grad().is_none());
    }

    #[test]
    #[should_panic(expected = "backward: 2 gradients are given for 1 tensors")]
    fn one_gradient_for_each_output() {
        let x = Tensor::new([1.0]).requires_grad_();
        backward(&[&(&x * 2.0)], BackwardOptions::new().gradients(&[None, None]));
    }

    #[test]
    #[should_panic(expected = "grad: no gradient flows to input 1, of shape [2]")]
    fn unused_inputs_are_told() {
        let (x, other) = (Tensor::new([1.0]).requires_grad_(), Tensor::zeros([2]).requires_grad_());
        grad(&[&(&x * 2.0)], &[&x, &other], BackwardOptions::new());
    }
}
