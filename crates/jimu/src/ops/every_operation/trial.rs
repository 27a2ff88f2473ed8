//! What is tried of a function besides its derivatives: other places in memory, and shapes at the edges.

use crate::autograd::{BackwardOptions, grad_allow_unused};
use crate::error::catch;
use crate::tensor::{Shape, Tensor, with_seed};

/// How the elements of an input lie in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lie {
    Plain,
    /// The dimensions in reverse order.
    Reversed,
    /// Every second place, from the second on; NaN between them.
    Gaps,
}

impl Lie {
    pub(crate) fn of(self, x: &Tensor) -> Tensor {
        let reversed: Vec<usize> = (0..x.dim()).rev().collect();
        match self {
            Self::Plain => x.clone(),
            Self::Reversed => x.permute(&*reversed).contiguous().permute(&*reversed),
            Self::Gaps => Tensor::stack(&[&x.full_like(f64::NAN), x], -1).select(-1, 1),
        }
    }
}

/// A function of its inputs and of tensors that it holds: the parameters of a layer.
pub(crate) struct Trial<'a> {
    pub(crate) function: &'a dyn Fn(&[&Tensor]) -> Tensor,
    pub(crate) held: &'a [Tensor],
}

impl Trial<'_> {
    /// The output, and the gradient of each input and of each held tensor under a cotangent that depends on the output's
    /// shape alone.
    fn outcome(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, String> {
        let inputs: Vec<Tensor> = inputs.iter().map(|x| x.detach().requires_grad_()).collect();
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        let output = (self.function)(&inputs);
        let cotangent = with_seed(5, || Tensor::randn(output.size())).to(output.dtype());
        let leaves: Vec<&Tensor> = inputs.into_iter().chain(self.held).collect();
        let mut outcome = vec![output.detach()];
        if !output.requires_grad() {
            return Err("the result does not require gradients".into());
        }
        let options = BackwardOptions::new().gradient(&cotangent);
        for (leaf, gradient) in leaves.iter().zip(grad_allow_unused(&[&output], &leaves, options)) {
            let shape = leaf.shape();
            let gradient = gradient.ok_or_else(|| format!("a tensor of shape {shape} has no gradient"))?;
            if (gradient.shape(), gradient.dtype()) != (shape, leaf.dtype()) {
                return Err(format!("a tensor of shape {shape} has a gradient of shape {}", gradient.shape()));
            }
            outcome.push(gradient);
        }
        Ok(outcome)
    }

    /// Output and gradients are the same wherever the inputs lie in memory.
    pub(crate) fn of_every_lie(&self, samples: &[Tensor]) -> Result<(), String> {
        let plain = self.outcome(samples)?;
        for lie in [Lie::Reversed, Lie::Gaps] {
            let samples: Vec<Tensor> = samples.iter().map(|x| lie.of(x)).collect();
            same(&plain, &self.outcome(&samples)?).map_err(|problem| format!("{lie:?}: {problem}"))?;
        }
        let repeated: Vec<Tensor> = samples.iter().map(repeated).collect();
        let copies: Vec<Tensor> = repeated.iter().map(Tensor::contiguous).collect();
        let problem = |problem| format!("with elements that share a place: {problem}");
        same(&self.outcome(&copies)?, &self.outcome(&repeated)?).map_err(problem)
    }

    /// With any of the inputs 0-d, or without elements along any dimension, the function works or refuses in words of its
    /// own: no other panic, no gradient of a wrong shape.
    pub(crate) fn of_edges(&self, samples: &[Tensor]) -> Result<(), String> {
        for (inputs, shapes) in edges(samples) {
            match catch(|| self.outcome(&inputs)) {
                Ok(outcome) => outcome.map_err(|problem| format!("on {shapes:?}: {problem}"))?,
                Err(refusal) if refusal.to_string().contains(": ") => continue,
                Err(refusal) => return Err(format!("on {shapes:?} it says only {refusal}")),
            };
        }
        Ok(())
    }
}

/// Every slice along the first dimension that has several is the same, by a stride of 0.
fn repeated(x: &Tensor) -> Tensor {
    match x.shape().iter().position(|&size| size > 1) {
        Some(dim) => x.narrow(dim as isize, 0, 1).expand(x.size()),
        None => x.clone(),
    }
}

/// The samples with one of them 0-d or empty along a dimension, and with all of them so.
fn edges(samples: &[Tensor]) -> Vec<(Vec<Tensor>, Vec<Shape>)> {
    let scalar = |x: &Tensor| x.flatten(..).select(0, 0);
    let empty = |x: &Tensor, dim: usize| if dim < x.dim() { x.narrow(dim as isize, 0, 0) } else { x.clone() };
    let mut edges = Vec::new();
    let mut add = |inputs: Vec<Tensor>| {
        let shapes = inputs.iter().map(Tensor::size).collect();
        edges.push((inputs, shapes));
    };
    let with = |index: usize, x: Tensor| {
        let mut inputs = samples.to_vec();
        inputs[index] = x;
        inputs
    };
    if samples.iter().any(|x| x.numel() == 0) {
        return edges;
    }
    add(samples.iter().map(scalar).collect());
    for (index, x) in samples.iter().enumerate() {
        add(with(index, scalar(x)));
        for dim in 0..x.dim() {
            add(with(index, empty(x, dim)));
            add(samples.iter().map(|x| empty(x, dim)).collect());
        }
    }
    edges
}

fn same(expected: &[Tensor], found: &[Tensor]) -> Result<(), String> {
    let differ = |(a, b): (&Tensor, &Tensor)| !b.allclose(a, 1e-9, 1e-9, true);
    match expected.iter().zip(found).position(differ) {
        None => Ok(()),
        Some(0) => Err("the output differs".into()),
        Some(gradient) => Err(format!("gradient {} differs", gradient - 1)),
    }
}

#[test]
fn the_layouts_are_what_they_say() {
    let x = Tensor::arange(0, 6).reshape([2, 3]).to(crate::DType::F64);
    assert_eq!(Lie::Reversed.of(&x).stride(), [1, 2]);
    assert_eq!(Lie::Gaps.of(&x).stride(), [6, 2]);
    assert_eq!(Lie::Gaps.of(&x).to_vec::<f64>(), x.to_vec::<f64>());
    assert_eq!(repeated(&x).to_vec::<f64>(), [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]);
}

#[test]
fn a_function_that_fails_at_an_edge_is_found() {
    let careless = |x: &[&Tensor]| if x[0].dim() == 0 { x[0].unsqueeze(0) } else { x[0] * x[0].detach().mean().item() };
    let samples = [Tensor::arange(1, 3).to(crate::DType::F64)];
    let trial = Trial { function: &careless, held: &[] };
    trial.of_edges(&samples).unwrap();
    assert!(trial.of_every_lie(&samples).is_ok());
    let cuts = |x: &[&Tensor]| if x[0].numel() == 0 { x[0].detach() } else { x[0].clone() };
    let problem = Trial { function: &cuts, held: &[] }.of_edges(&samples).unwrap_err();
    assert_eq!(problem, "on [[0]]: the result does not require gradients");
    let looks = |x: &[&Tensor]| x[0] * x[0].stride().iter().sum::<usize>() as f64;
    let problem = Trial { function: &looks, held: &[] }.of_every_lie(&samples).unwrap_err();
    assert_eq!(problem, "Gaps: the output differs");
}
