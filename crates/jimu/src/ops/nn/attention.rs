//! Attention as one operation, on queries, keys and values by themselves or stacked in one tensor.
//!
//! Composed of products and a softmax, all weights would pass through memory several times, and each slice of a projection
//! would bring back a gradient of the size of the whole. Here forward and backward are one kernel each, which reads and writes
//! where the projections want their numbers. Second derivatives go through the composed functions.

use jimu_kernels::attention::{Attention as Sizes, Mask, Record as Leave, Target};
use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::Operand;

use super::scaled_dot_product_attention::composed;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, gradients_through, is_grad_enabled, try_apply};
use crate::dtype::{DType, Element, dispatch_float};
use crate::error::ShapeError;
use crate::tensor::{Layout, Shape, Small, Tensor};

/// How the scores are made.
#[derive(Clone, Copy)]
pub(crate) struct Scoring {
    pub(crate) scale: f64,
    /// Whether query i attends to keys 0 to i alone.
    pub(crate) causal: bool,
}

/// What forward leaves for backward.
struct Record {
    statistics: Tensor,
    kept: Tensor,
}

/// One call. Inputs: queries (*, l, e), keys (*, s, e), values (*, s, v), with equal leading dimensions, and a mask that can
/// be broadcast to (*, l, s), if there is one.
struct Attention {
    scoring: Scoring,
    /// Whether there will be a way back.
    keep: bool,
    record: Option<Record>,
}

/// One call. Inputs: queries, keys and values of equal sizes in one tensor (3, *, l, e), and a mask, if there is one.
struct StackedAttention {
    scoring: Scoring,
    keep: bool,
    record: Option<Record>,
}

/// Whether something will ask for the way back.
fn keeps(inputs: &[&Tensor]) -> bool {
    is_grad_enabled() && inputs.iter().any(|input| input.requires_grad())
}

/// Attention with one head for each position of the leading dimensions, which are equal.
pub(crate) fn try_attention(
    [query, key, value]: [&Tensor; 3],
    mask: Option<&Tensor>,
    scoring: Scoring,
) -> Result<Tensor, ShapeError> {
    let inputs: Small<&Tensor> = [query, key, value].into_iter().chain(mask).collect();
    try_apply(Attention { scoring, keep: keeps(&inputs), record: None }, &inputs)
}

/// [`try_attention`] of the three parts along the first dimension.
pub(crate) fn try_stacked_attention(
    stacked: &Tensor,
    mask: Option<&Tensor>,
    scoring: Scoring,
) -> Result<Tensor, ShapeError> {
    let inputs: Small<&Tensor> = [stacked].into_iter().chain(mask).collect();
    try_apply(StackedAttention { scoring, keep: keeps(&inputs), record: None }, &inputs)
}

fn refuse(name: &str, inputs: &[&Tensor]) -> ShapeError {
    let told: Vec<String> = inputs.iter().map(|input| format!("{} of {}", input.shape(), input.dtype())).collect();
    ShapeError::new(name, format!("inputs of shapes {} do not fit each other", told.join(", ")))
        .help("they are [*, l, e], [*, s, e], [*, s, v] of one real type, and a mask of [*, l, s]")
}

/// The shape rule: the shapes of queries, keys and values, and the mask if there is one.
fn rule(name: &str, inputs: &[&Tensor], [q, k, v]: [&[usize]; 3], mask: Option<&Tensor>) -> Result<Spec, ShapeError> {
    let dtype = inputs[0].dtype();
    let rank = q.len();
    let fit = rank >= 2
        && [k.len(), v.len()] == [rank; 2]
        && [&k[..rank - 2], &v[..rank - 2]] == [&q[..rank - 2]; 2]
        && q[rank - 1] == k[rank - 1]
        && k[rank - 2] == v[rank - 2]
        && dtype.is_floating_point();
    let masked = |mask: &Tensor| {
        let scores = || q[..rank - 1].iter().chain(&k[rank - 2..rank - 1]).rev();
        (mask.dtype() == DType::Bool || mask.dtype() == dtype)
            && mask.dim() <= rank
            && mask.shape().iter().rev().zip(scores()).all(|(&own, &size)| own == size || own == 1)
    };
    match fit && mask.is_none_or(masked) {
        true => Ok(Spec::new(dtype, Shape::from_iter(q[..rank - 1].iter().copied().chain([v[rank - 1]])))),
        false => Err(refuse(name, inputs)),
    }
}

/// The sizes that the kernels are told of.
fn sizes<'a>(scoring: Scoring, [query, key, value]: [&'a Tensor; 3]) -> Sizes<'a> {
    let rank = query.dim();
    Sizes {
        heads: &query.shape()[..rank - 2],
        queries: query.shape()[rank - 2],
        keys: key.shape()[rank - 2],
        width: query.shape()[rank - 1],
        value_width: value.shape()[rank - 1],
        scale: scoring.scale,
        causal: scoring.causal,
    }
}

fn multiply_adds(sizes: &Sizes<'_>) -> u64 {
    let each = sizes.queries * sizes.keys * (sizes.width + sizes.value_width);
    (sizes.heads.iter().product::<usize>() * each) as u64
}

/// A layout without gaps in the memory order of `model`, but with the last dimension the fastest.
fn layout_like(model: &Tensor, shape: Shape) -> Layout {
    let last = model.dim() - 1;
    let order = model.layout().memory_order();
    let order: Small<usize> = order.into_iter().filter(|&dim| dim != last).chain([last]).collect();
    Layout::in_order(shape, &order)
}

fn operand<'a, T>(data: &'a [T], layout: &'a Layout) -> Operand<'a, T> {
    Operand { data, offset: layout.offset, strides: &layout.strides }
}

/// The layout of a mask spread over all scores.
fn spread(mask: Option<&Tensor>, sizes: &Sizes<'_>) -> Option<Layout> {
    let scores = Shape::from_iter(sizes.heads.iter().copied().chain([sizes.queries, sizes.keys]));
    mask.map(|mask| mask.layout().expanded(&scores))
}

/// Runs `$body` with `$mask` as the kernels know it.
macro_rules! with_mask {
    ($T:ty, $tensor:expr, $sizes:expr, $mask:ident => $body:expr) => {{
        let layout = spread($tensor, $sizes);
        let storage = $tensor.map(Tensor::storage);
        let $mask: Mask<'_, $T> = match (&storage, &layout, $tensor) {
            (Some(storage), Some(layout), Some(tensor)) => match tensor.dtype() {
                DType::Bool => Mask::Allowed(operand(bool::slice(storage), layout)),
                _ => Mask::Added(operand(<$T>::slice(storage), layout)),
            },
            _ => Mask::None,
        };
        $body
    }};
}

/// The output, and the record if it is to be kept.
fn attend(scoring: Scoring, inputs: [&Tensor; 3], mask: Option<&Tensor>, keep: bool) -> (Tensor, Option<Record>) {
    let sizes = sizes(scoring, inputs);
    let shape = Shape::from_iter(sizes.heads.iter().copied().chain([sizes.queries, sizes.value_width]));
    let layout = layout_like(inputs[0], shape);
    let storages = inputs.map(Tensor::storage);
    dispatch_float!(inputs[0].dtype(), T => with_mask!(T, mask, &sizes, mask => {
        let operands = std::array::from_fn(|i| operand(T::slice(&storages[i]), inputs[i].layout()));
        let mut out = Buffer::<T>::unspecified(layout.shape.numel());
        let (statistics, kept) = if keep { (sizes.statistics(), sizes.kept::<T>()) } else { (0, 0) };
        let [mut statistics, mut kept] = [statistics, kept].map(Buffer::<T>::unspecified);
        let leave = keep.then_some(Leave { statistics: &mut statistics, kept: &mut kept });
        let target = Target::new(&mut out, 0, &layout.shape, &layout.strides);
        sizes.forward(operands, mask, &target, leave);
        drop(target);
        let list = |list: Buffer<T>| {
            let layout = Layout::contiguous([list.len()].into());
            Tensor::from_buffer::<T>(list, layout)
        };
        let record = keep.then(|| Record { statistics: list(statistics), kept: list(kept) });
        (Tensor::from_buffer::<T>(out, layout), record)
    }))
}

/// What backward starts from.
struct Return<'a> {
    scoring: Scoring,
    inputs: [&'a Tensor; 3],
    mask: Option<&'a Tensor>,
    out: &'a Tensor,
    grad: &'a Tensor,
    record: &'a Record,
}

impl Return<'_> {
    /// Writes the gradients to their targets.
    fn pass<T>(&self, targets: [&Target<'_, T>; 3])
    where
        T: Element<Stored = T> + jimu_kernels::attention::AttentionElement,
    {
        let sizes = sizes(self.scoring, self.inputs);
        let storages = self.inputs.map(Tensor::storage);
        let [of_out, of_grad, statistics, kept] =
            [self.out, self.grad, &self.record.statistics, &self.record.kept].map(Tensor::storage);
        with_mask!(T, self.mask, &sizes, mask => {
            let operands = std::array::from_fn(|i| operand(T::slice(&storages[i]), self.inputs[i].layout()));
            let values =
                [operand(T::slice(&of_out), self.out.layout()), operand(T::slice(&of_grad), self.grad.layout())];
            sizes.backward(operands, mask, values, [T::slice(&statistics), T::slice(&kept)], targets);
        });
    }
}

impl Operation for Attention {
    const NAME: &'static str = "scaled_dot_product_attention";

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let shapes = [0, 1, 2].map(|i| &inputs[i].shape()[..]);
        match inputs[..3].iter().all(|input| input.dtype() == inputs[0].dtype()) {
            true => rule(Self::NAME, inputs, shapes, inputs.get(3).copied()),
            false => Err(refuse(Self::NAME, inputs)),
        }
    }

    fn multiply_adds(&self, inputs: &[&Tensor], _output: &Tensor) -> u64 {
        multiply_adds(&sizes(self.scoring, [inputs[0], inputs[1], inputs[2]]))
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        let parts = [inputs[0], inputs[1], inputs[2]];
        let (out, record) = attend(self.scoring, parts, inputs.get(3).copied(), self.keep);
        self.record = record;
        out
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let inputs: Small<Tensor> = (0..context.inputs()).map(|index| context.input(index)).collect();
        let parts = [&inputs[0], &inputs[1], &inputs[2]];
        let record = match &self.record {
            Some(record) if !is_grad_enabled() => record,
            _ => return gradients_through(context, &inputs, &composed(parts, inputs.get(3), self.scoring), grad),
        };
        let back =
            Return { scoring: self.scoring, inputs: parts, mask: inputs.get(3), out: &context.output(), grad, record };
        let layouts = parts.map(|part| layout_like(part, part.size()));
        let mut gradients: Gradients = dispatch_float!(grad.dtype(), T => {
            let mut buffers = layouts.each_ref().map(|layout| Buffer::<T>::unspecified(layout.shape.numel()));
            {
                let mut at = layouts.iter();
                let targets = buffers.each_mut().map(|buffer| {
                    let layout = at.next().expect("a layout for each");
                    Target::new(buffer, 0, &layout.shape, &layout.strides)
                });
                back.pass::<T>(targets.each_ref());
            }
            let pairs = buffers.into_iter().zip(layouts);
            pairs.map(|(buffer, layout)| Some(Tensor::from_buffer::<T>(buffer, layout))).collect()
        });
        gradients.extend(inputs.get(3).map(|_| None));
        gradients
    }
}

/// The three parts of a stacked tensor.
fn parts(stacked: &Tensor) -> [Tensor; 3] {
    [0, 1, 2].map(|part| stacked.select(0, part))
}

impl Operation for StackedAttention {
    const NAME: &'static str = "stacked_attention";

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        match inputs[0].shape().split_first() {
            Some((&3, part)) => rule(Self::NAME, inputs, [part; 3], inputs.get(1).copied()),
            _ => Err(refuse(Self::NAME, inputs)),
        }
    }

    fn multiply_adds(&self, inputs: &[&Tensor], _output: &Tensor) -> u64 {
        let parts = parts(&inputs[0].detach());
        multiply_adds(&sizes(self.scoring, parts.each_ref()))
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        let parts = parts(inputs[0]);
        let (out, record) = attend(self.scoring, parts.each_ref(), inputs.get(1).copied(), self.keep);
        self.record = record;
        out
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let inputs: Small<Tensor> = (0..context.inputs()).map(|index| context.input(index)).collect();
        let parts = parts(&inputs[0]);
        let record = match &self.record {
            Some(record) if !is_grad_enabled() => record,
            _ => {
                let output = composed(parts.each_ref(), inputs.get(1), self.scoring);
                return gradients_through(context, &inputs, &output, grad);
            }
        };
        let back = Return {
            scoring: self.scoring,
            inputs: parts.each_ref(),
            mask: inputs.get(1),
            out: &context.output(),
            grad,
            record,
        };
        let layout = layout_like(&inputs[0], inputs[0].size());
        let gradient = dispatch_float!(grad.dtype(), T => {
            let mut buffer = Buffer::<T>::unspecified(layout.shape.numel());
            let targets = Target::new(&mut buffer, 0, &layout.shape, &layout.strides).unbind::<3>();
            back.pass::<T>(targets.each_ref());
            drop(targets);
            Tensor::from_buffer::<T>(buffer, layout)
        });
        [Some(gradient)].into_iter().chain(inputs.get(1).map(|_| None)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{BackwardOptions, grad};
    use crate::ops::testing::{check, variable};

    const SCORING: Scoring = Scoring { scale: 0.4, causal: false };

    fn masks() -> [Option<Tensor>; 4] {
        let allowed = Tensor::new([[true, false, true], [true, true, false], [false; 3]]);
        [
            None,
            Some(allowed.clone()),
            Some(Tensor::new([true, true, false])),
            Some(Tensor::new([0.5, -0.5, 2.0]).to(DType::F64)),
        ]
    }

    #[test]
    fn derivatives() {
        for mask in masks() {
            for causal in [false, true] {
                let scoring = Scoring { causal, ..SCORING };
                let inputs = [&variable([2, 3, 4]), &variable([2, 3, 4]), &variable([2, 3, 2])];
                check(|x| try_attention([x[0], x[1], x[2]], mask.as_ref(), scoring).unwrap(), &inputs);
                check(|x| try_stacked_attention(x[0], mask.as_ref(), scoring).unwrap(), &[&variable([3, 2, 3, 2])]);
            }
        }
    }

    #[test]
    fn equal_to_the_composition_and_in_the_order_of_the_queries() {
        // As they come from a projection: [n, l, 3, heads, d].
        let projected = Tensor::randn([2, 70, 3, 4, 8]).requires_grad_();
        let stacked = projected.permute([2, 0, 3, 1, 4]);
        let scoring = Scoring { causal: true, ..SCORING };
        let (one, parts) = (try_stacked_attention(&stacked, None, scoring).unwrap(), parts(&stacked));
        let each = try_attention(parts.each_ref(), None, scoring).unwrap();
        let other = composed(parts.each_ref(), None, scoring);
        assert!(one.transpose(1, 2).is_contiguous() && each.transpose(1, 2).is_contiguous());
        let cotangent = Tensor::randn(one.size());
        let gradients = [&one, &each, &other].map(|y| {
            grad(&[y], &[&projected], BackwardOptions::new().gradient(&cotangent).retain_graph(true)).remove(0)
        });
        assert!(gradients[0].is_contiguous());
        for (value, gradient) in [(&one, &gradients[0]), (&each, &gradients[1])] {
            assert!((value - &other).abs().max().item() < 1e-5);
            assert!((gradient - &gradients[2]).abs().max().item() < 1e-5);
        }
    }

    #[test]
    fn shapes_must_fit() {
        let [q, k, v] = [variable([2, 3, 4]), variable([2, 5, 4]), variable([2, 5, 2])];
        let wrong = [[&q, &k, &k.select(0, 0)], [&q, &v, &v], [&q, &k, &q], [&q.to(DType::F32), &k, &v]];
        for inputs in wrong {
            let error = try_attention(inputs, None, SCORING).unwrap_err().to_string();
            assert!(error.starts_with("scaled_dot_product_attention: inputs of shapes"), "{error}");
        }
        assert!(try_attention([&q, &k, &v], Some(&Tensor::ones_of([3, 4], DType::Bool)), SCORING).is_err());
        assert!(try_stacked_attention(&variable([2, 3, 4]), None, SCORING).is_err());
    }
}
