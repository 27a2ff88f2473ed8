//! One recorded operation: what it was, where its gradients go, what it saved.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jimu_kernels::pooled::{Owned, Shared};
use smallvec::SmallVec;

use super::hooks::Hooks;
use super::operation::{Context, Gradients, Operation};
use crate::error::{ShapeError, raise};
use crate::profiler;
use crate::tensor::{Inner, Shape, Tensor};

/// Where the gradient of an input goes.
pub(crate) enum Edge {
    /// Nobody needs it.
    Nowhere,
    /// To the operation that made the input.
    Node(Shared<Node>),
    /// To a leaf, which accumulates it.
    Leaf(Tensor),
}

impl Edge {
    pub(super) fn to(input: &Tensor) -> Self {
        match &input.inner.node {
            Some(node) => Self::Node(node.clone()),
            None if input.requires_grad() => Self::Leaf(input.clone()),
            None => Self::Nowhere,
        }
    }
}

/// A tensor kept for backward, with its version when it was kept.
pub(crate) struct SavedTensor {
    tensor: Tensor,
    version: u32,
}

impl SavedTensor {
    pub(super) fn new(tensor: &Tensor) -> Self {
        Self { tensor: tensor.clone(), version: tensor.version() }
    }

    pub(super) fn shape(&self) -> &Shape {
        self.tensor.shape()
    }

    pub(super) fn unpack(&self, operation: &str) -> Tensor {
        if self.tensor.version() != self.version {
            let shape = self.tensor.shape();
            let problem = format!("a tensor of shape {shape} that it needs has been written to since");
            raise(
                ShapeError::new(format!("backward of {operation}"), problem)
                    .help("write to it after backward, or to a copy of it"),
            );
        }
        self.tensor.clone()
    }
}

/// What [`Node`] keeps until backward has used it.
pub(super) struct Saved {
    pub(super) operation: Owned<dyn Recorded>,
    pub(super) inputs: SmallVec<[Option<SavedTensor>; 3]>,
    pub(super) output: Option<Tensor>,
}

/// An [`Operation`] as an object.
pub(super) trait Recorded: Send + Sync {
    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients;

    /// The type's name.
    #[cfg(test)]
    fn kind(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}

impl<O: Operation> Recorded for O {
    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        Operation::backward(self, context, grad)
    }
}

/// One recorded operation.
pub(crate) struct Node {
    name: &'static str,
    /// Later operations have larger numbers, so descending order is a valid order for backward.
    sequence: u64,
    edges: SmallVec<[Edge; 3]>,
    /// Emptied by backward, unless the graph is retained.
    saved: Mutex<Option<Shared<Saved>>>,
    /// Of the output.
    hooks: OnceLock<Arc<Hooks>>,
    /// The operation's type: the test that enumerates the operations tells by it which ones it has met.
    #[cfg(test)]
    kind: &'static str,
}

static SEQUENCE: AtomicU64 = AtomicU64::new(0);

impl Node {
    pub(super) fn new(
        name: &'static str,
        operation: Owned<dyn Recorded>,
        edges: SmallVec<[Edge; 3]>,
        inputs: SmallVec<[Option<SavedTensor>; 3]>,
        output: Option<Tensor>,
    ) -> Self {
        Self {
            name,
            sequence: SEQUENCE.fetch_add(1, Ordering::Relaxed),
            edges,
            #[cfg(test)]
            kind: operation.kind(),
            saved: Mutex::new(Some(Shared::new(Saved { operation, inputs, output }))),
            hooks: OnceLock::new(),
        }
    }

    /// PyTorch's name of the operation.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    #[cfg(test)]
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The number that no node has reached yet.
    pub(super) fn next_sequence() -> u64 {
        SEQUENCE.load(Ordering::Relaxed)
    }

    pub(crate) fn hooks(&self) -> &OnceLock<Arc<Hooks>> {
        &self.hooks
    }

    pub(crate) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    pub(super) fn needs(&self, index: usize) -> bool {
        !matches!(self.edges.get(index), None | Some(Edge::Nowhere))
    }

    /// The gradients of the inputs from that of the output, of those that `needed` says if it says anything; frees what
    /// was saved unless `retain`.
    pub(super) fn backward(
        node: &Shared<Self>,
        grad: &Tensor,
        retain: bool,
        needed: Option<&[bool]>,
    ) -> Result<Gradients, ShapeError> {
        let saved = {
            let mut slot = node.saved.lock().unwrap_or_else(PoisonError::into_inner);
            if retain { slot.clone() } else { slot.take() }
        };
        let Some(saved) = saved else {
            return Err(ShapeError::new(
                "backward",
                format!("what {} saved for backward has been freed by an earlier backward", node.name),
            )
            .help(
                "compute the loss again, or let the first backward retain the graph (BackwardOptions::retain_graph)",
            ));
        };
        let context = Context { node, needed, inputs: &saved.inputs, output: saved.output.as_ref() };
        let gradients = profiler::backward(node.name, || saved.operation.backward(&context, grad));
        debug_assert_eq!(gradients.len(), node.edges.len(), "{}: one gradient for each input", node.name);
        Ok(gradients)
    }
}

/// Nodes that are to be dropped.
type Orphans = SmallVec<[Shared<Node>; 8]>;

/// A chain of a hundred thousand nodes must not be dropped by recursion: each node, before it goes, takes its
/// predecessors that only it keeps alive apart, on a list.
impl Drop for Node {
    fn drop(&mut self) {
        let mut orphans = Orphans::new();
        self.release(&mut orphans);
        while let Some(orphan) = orphans.pop() {
            if let Some(mut node) = Shared::into_inner(orphan) {
                node.release(&mut orphans);
            }
        }
    }
}

impl Node {
    /// Moves every node that this one keeps alive to `orphans`.
    fn release(&mut self, orphans: &mut Orphans) {
        for edge in self.edges.drain(..) {
            match edge {
                Edge::Node(node) => orphans.push(node),
                Edge::Leaf(leaf) => release_tensor(leaf, orphans),
                Edge::Nowhere => {}
            }
        }
        let saved = self.saved.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(saved) = saved.and_then(Shared::into_inner) {
            for tensor in saved.inputs.into_iter().flatten().map(|saved| saved.tensor).chain(saved.output) {
                release_tensor(tensor, orphans);
            }
        }
    }
}

fn release_tensor(tensor: Tensor, orphans: &mut Orphans) {
    if let Some(Inner { node: Some(node), .. }) = Shared::into_inner(tensor.inner) {
        orphans.push(node);
    }
}
