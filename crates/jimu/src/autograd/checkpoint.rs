//! Activation checkpointing: less memory for more arithmetic.
//!
//! ```text
//! forward    the function runs and is recorded; what its record leads to from outside (its inputs, and the parameters
//!            that it captures) become the inputs of one node; then the record goes, and all it had saved with it
//! backward   the function runs again, with the same random numbers; gradients flow through the new record
//! ```

use std::collections::HashSet;

use jimu_kernels::pooled::Shared;

use super::backward::{BackwardOptions, grad_up_to};
use super::mode::{is_grad_enabled, with_grad};
use super::node::{Edge, Node, SavedTensor};
use super::operation::{Context, Gradients, Operation, Saves, Spec, stand_in, try_apply};
use crate::autocast::{Precision, autocast, autocast_precision};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Tensor, get_rng_state, with_random_state};

/// One call of the function. Its inputs as an operation are all that gradients leave the function to.
struct Checkpoint<F> {
    function: F,
    arguments: Vec<SavedTensor>,
    /// Where the generator of random numbers stood.
    random: (u64, u64),
    precision: Precision,
    output: Option<Tensor>,
}

impl<F: Fn(&[&Tensor]) -> Tensor + Send + Sync + 'static> Operation for Checkpoint<F> {
    const NAME: &'static str = "checkpoint";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, _inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(self.output.as_ref().expect("checkpoint computes first")))
    }

    fn forward(&mut self, _inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        self.output.take().expect("checkpoint computes first")
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let arguments: Vec<Tensor> = self.arguments.iter().map(|saved| saved.unpack(Self::NAME)).collect();
        let arguments: Vec<&Tensor> = arguments.iter().collect();
        let run = || with_random_state(self.random, || (self.function)(&arguments));
        let output = with_grad(true, || autocast(self.precision, run));
        let inputs: Vec<Tensor> = (0..context.inputs()).map(|index| context.input(index)).collect();
        gradients_through(context, &inputs, &output, grad)
    }
}

/// The gradients that backward owes, found by going through `output`, which was computed and recorded again from
/// `inputs`, those of the context. No two of them may be the same tensor: each would get the gradients of both.
pub(crate) fn gradients_through(context: &Context<'_>, inputs: &[Tensor], output: &Tensor, grad: &Tensor) -> Gradients {
    let needed: Vec<usize> = (0..context.inputs()).filter(|&index| context.needs(index)).collect();
    let ends: Vec<&Tensor> = needed.iter().map(|&index| &inputs[index]).collect();
    let options = BackwardOptions::new().gradient(grad).create_graph(is_grad_enabled());
    let found = grad_up_to(output, &ends, options).or_raise();
    let mut gradients: Gradients = (0..context.inputs()).map(|_| None).collect();
    needed.into_iter().zip(found).for_each(|(index, gradient)| gradients[index] = gradient);
    gradients
}

/// `function(inputs)`, computed once more during backward instead of keeping what backward needs of it:
/// [`torch.utils.checkpoint.checkpoint`](https://pytorch.org/docs/stable/checkpoint.html) (Chen et al.,
/// [*Training deep nets with sublinear memory cost*](https://arxiv.org/abs/1604.06174), 2016). Between forward and
/// backward only the inputs and the result stay in memory.
///
/// Gradients flow to the inputs and to all that the function captures, such as the parameters of a layer; they can be
/// differentiated again. The second run draws the random numbers of the first, so a dropout drops the same elements. What
/// else the function does besides computing happens twice: a batch normalisation in training mode counts a batch twice.
///
/// # Examples
/// ```
/// use jimu::{Tensor, autograd::checkpoint};
/// let w = Tensor::new([2.0]).requires_grad_();
/// let x = Tensor::new([3.0]).requires_grad_();
/// let weight = w.clone();
/// let y = checkpoint(move |inputs| (inputs[0] * &weight).exp().tanh(), &[&x]);
/// y.backward();
/// assert!(x.grad().is_some() && w.grad().is_some());
/// ```
///
/// # Panics
/// As the function does. Backward panics if an input or a captured parameter has been written to since.
#[track_caller]
pub fn checkpoint<F>(function: F, inputs: &[&Tensor]) -> Tensor
where
    F: Fn(&[&Tensor]) -> Tensor + Send + Sync + 'static,
{
    let (first, random) = (Node::next_sequence(), get_rng_state());
    let output = function(inputs);
    if !is_grad_enabled() || !output.requires_grad() {
        return output;
    }
    let outside = outside(&output, first);
    let arguments = inputs.iter().map(|input| SavedTensor::new(input)).collect();
    let output = Some(output.detach());
    let operation = Checkpoint { function, arguments, random, precision: autocast_precision(), output };
    try_apply(operation, &outside.iter().collect::<Vec<_>>()).or_raise()
}

/// What the record of `output` leads to that was there before the node number `first`: leaves, and stand-ins for
/// results of earlier operations.
fn outside(output: &Tensor, first: u64) -> Vec<Tensor> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let start = Edge::to(output);
    let mut edges = vec![&start];
    while let Some(edge) = edges.pop() {
        match edge {
            Edge::Nowhere => {}
            Edge::Leaf(leaf) if seen.insert(Shared::as_ptr(&leaf.inner) as usize) => found.push(leaf.clone()),
            Edge::Node(node) if seen.insert(Shared::as_ptr(node) as usize) => match node.sequence() < first {
                true => found.push(stand_in(node.clone())),
                false => edges.extend(node.edges()),
            },
            Edge::Leaf(_) | Edge::Node(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::autograd::grad;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| checkpoint(|x| (x[0] * x[1]).tanh() * x[0], &[x[0], x[1]]), &[&variable([2, 3]), &variable([3])]);
        // The same tensor twice, one within the other, and the input itself.
        check(|x| checkpoint(|x| x[0] * x[1], &[x[0], x[0]]), &[&variable([2])]);
        check(|x| checkpoint(|x| checkpoint(|x| x[0].exp(), x).sin(), x), &[&variable([2])]);
        check(|x| checkpoint(|x| x[0].clone(), x), &[&variable([2])]);
    }

    #[test]
    fn what_is_captured_gets_its_gradient_once() {
        let (w, x) = (variable([2]), variable([2]));
        let plain = |x: &Tensor, hidden: &Tensor| (x * &w * hidden).sin();
        // `hidden` is the result of an earlier operation on w, and an input, too, depends on w.
        let run = |recompute: bool| {
            w.set_grad(None);
            let (hidden, input) = (&w * 2.0, &x * &w);
            let output = match recompute {
                false => plain(&input, &hidden),
                true => {
                    let (w, hidden) = (w.clone(), hidden.clone());
                    checkpoint(move |x| (x[0] * &w * &hidden).sin(), &[&input])
                }
            };
            output.sum().backward();
            w.grad().unwrap().to_vec::<f64>()
        };
        let (expected, got) = (run(false), run(true));
        assert!(expected.iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-12), "{expected:?} {got:?}");
    }

    #[test]
    fn the_function_runs_once_more_with_the_same_random_numbers() {
        crate::manual_seed(5);
        let runs = Arc::new(AtomicUsize::new(0));
        let counter = runs.clone();
        let x = Tensor::ones([64]).requires_grad_();
        let noisy = move |inputs: &[&Tensor]| {
            counter.fetch_add(1, Ordering::Relaxed);
            inputs[0] * Tensor::rand([64])
        };
        let y = checkpoint(noisy, &[&x]);
        let after = Tensor::rand([3]).to_vec::<f32>();
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        y.sum().backward();
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), y.to_vec::<f32>());
        // Nor does backward disturb the numbers of those who draw after it.
        crate::manual_seed(5);
        Tensor::rand([64]);
        assert_eq!(Tensor::rand([3]).to_vec::<f32>(), after);
    }

    #[test]
    fn only_asked_for_gradients_are_computed() {
        let (x, w) = (variable([2]), variable([2]));
        let weight = w.clone();
        let y = checkpoint(move |x| x[0] * &weight, &[&x]).sum();
        let gradient = grad(&[&y], &[&x], BackwardOptions::new());
        assert_eq!(gradient[0].to_vec::<f64>(), w.to_vec::<f64>());
        assert!(w.grad().is_none());
    }

    #[test]
    fn without_recording_it_is_the_function() {
        let x = variable([2]);
        assert!(!crate::no_grad(|| checkpoint(|x| x[0].exp(), &[&x])).requires_grad());
        assert!(!checkpoint(|x| x[0].exp(), &[&x.detach()]).requires_grad());
    }
}
