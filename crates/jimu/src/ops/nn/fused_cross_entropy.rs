//! The common case of `cross_entropy` as one operation: classes as indices, without label smoothing.
//!
//! Composed of log-softmax, gather and reductions it takes some ten passes over memory; here it takes one forward and one
//! backward, in whatever order the scores lie.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::cross_entropy as kernels;
use jimu_kernels::pooled::Shared;
use jimu_kernels::softmax::Geometry;

use super::cross_entropy::CrossEntropyOptions;
use super::loss::{Reduction, class_dim};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, Element, dispatch_float};
use crate::error::ShapeError;
use crate::ops::binary::both;
use crate::tensor::{Layout, Small, Tensor};

/// Whether the fused operation can do it.
pub(super) fn applies(x: &Tensor, target: &Tensor, options: &CrossEntropyOptions) -> bool {
    let weight_is_fixed = options.weight.as_ref().is_none_or(|w| !w.requires_grad() && w.dtype() == x.dtype());
    let values = !x.is_meta() && !target.is_meta() && options.weight.as_ref().is_none_or(|w| !w.is_meta());
    values && weight_is_fixed && !target.dtype().is_floating_point() && options.label_smoothing == 0.0
}

/// The loss; shapes and classes are known to be right.
pub(super) fn cross_entropy(x: &Tensor, target: &Tensor, options: &CrossEntropyOptions) -> Tensor {
    let target = target.to(DType::I64).detach();
    let samples = Shared::new(Samples::new(&target, x.dtype(), options));
    apply(CrossEntropy { target, ignored: options.ignore_index, samples, sums: None }, &[x])
}

/// What is known of the samples.
struct Samples {
    reduction: Reduction,
    /// Whether the loss is 0 / 0.
    mean_of_nothing: bool,
    /// The class of each, 0 where it is ignored.
    classes: Tensor,
    /// What the gradient of each loss is multiplied by: its weight, or 0 where it is ignored, by the sum of all for a mean.
    factors: Tensor,
}

impl Samples {
    fn new(target: &Tensor, dtype: DType, options: &CrossEntropyOptions) -> Self {
        let weight = options.weight.as_ref().map(|weight| weight.to(DType::F64).to_vec::<f64>());
        let counts = |class: i64| class != options.ignore_index;
        let weigh = |class: i64| match &weight {
            _ if !counts(class) => 0.0,
            Some(weight) => weight[class as usize],
            None => 1.0,
        };
        let mut classes = Buffer::<i64>::unspecified(target.numel());
        let mut factors = Buffer::<f64>::unspecified(target.numel());
        let mut total = 0.0;
        target.with_contiguous::<i64, _>(|given| {
            for ((&given, class), factor) in given.iter().zip(&mut *classes).zip(&mut *factors) {
                *class = if counts(given) { given } else { 0 };
                *factor = weigh(given);
                total += *factor;
            }
            if options.reduction == Reduction::Mean {
                // What is ignored stays 0, also where the mean is of nothing.
                let counted = factors.iter_mut().zip(given).filter(|&(_, &class)| counts(class));
                counted.for_each(|(factor, _)| *factor /= total);
            }
        });
        let layout = Layout::contiguous(target.size());
        Self {
            reduction: options.reduction,
            mean_of_nothing: options.reduction == Reduction::Mean && total == 0.0,
            classes: Tensor::from_buffer::<i64>(classes, layout.clone()),
            factors: Tensor::from_buffer::<f64>(factors, layout).to(dtype),
        }
    }
}

/// The order in memory of the scores, and of the samples among them.
struct Order {
    scores: Small<usize>,
    samples: Small<usize>,
    geometry: Geometry,
}

impl Order {
    fn of(x: &Tensor) -> Self {
        let dim = class_dim(x);
        let scores: Small<usize> = match x.layout().is_dense() {
            true => x.layout().memory_order(),
            false => (0..x.dim()).collect(),
        };
        let place = scores.iter().position(|&at| at == dim).unwrap_or(0);
        let product = |dims: &[usize]| dims.iter().map(|&dim| x.shape()[dim]).product();
        let geometry =
            Geometry { outer: product(&scores[..place]), len: x.shape()[dim], inner: product(&scores[place + 1..]) };
        let samples = scores.iter().filter(|&&at| at != dim).map(|&at| if at > dim { at - 1 } else { at }).collect();
        Self { scores, samples, geometry }
    }
}

/// The elements of `x` in the order of memory `order`.
fn with_order<T: Element<Stored = T>, R>(x: &Tensor, order: &[usize], read: impl FnOnce(&[T]) -> R) -> R {
    let dense = x.to_memory_order(order);
    let storage = dense.storage();
    read(&T::slice(&storage)[dense.layout().offset..][..x.numel()])
}

/// The largest score of each sample and ln Σ exp(x - largest), in the order of the samples.
#[derive(Clone)]
struct Sums {
    max: Tensor,
    logs: Tensor,
}

struct CrossEntropy {
    target: Tensor,
    ignored: i64,
    samples: Shared<Samples>,
    sums: Option<Sums>,
}

impl Operation for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(match self.samples.reduction {
            Reduction::None => Spec::new(inputs[0].dtype(), self.target.shape()),
            Reduction::Mean | Reduction::Sum => Spec::new(inputs[0].dtype(), []),
        })
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let order = Order::of(inputs[0]);
        let shape = self.target.size();
        let losses = dispatch_float!(spec.dtype, T => {
            let [mut max, mut logs, mut losses] = [(); 3].map(|()| Buffer::<T>::unspecified(shape.numel()));
            with_order::<T, _>(inputs[0], &order.scores, |x| {
                kernels::log_sums(x, &mut max, &mut logs, order.geometry);
                with_order::<i64, _>(&self.target, &order.samples, |classes| {
                    kernels::losses(x, (&max, &logs), classes, self.ignored, &mut losses, order.geometry);
                });
            });
            let tensor = |values| Tensor::from_buffer::<T>(values, Layout::in_order(shape.clone(), &order.samples));
            self.sums = Some(Sums { max: tensor(max), logs: tensor(logs) });
            tensor(losses)
        });
        match self.samples.reduction {
            _ if self.samples.mean_of_nothing => Tensor::full_of([], f64::NAN, spec.dtype),
            Reduction::None => losses * &self.samples.factors,
            Reduction::Mean | Reduction::Sum => (losses * &self.samples.factors).sum(),
        }
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let gradient = |sums: &Sums| {
            let slope = Slope { samples: self.samples.clone(), sums: sums.clone() };
            apply(slope, &[grad, &context.input(0)])
        };
        [self.sums.as_ref().filter(|_| context.needs(0)).map(gradient)].into_iter().collect()
    }
}

/// The gradient of the scores from that of the loss: factor · grad · (softmax(x) - one_hot(class)). Inputs: the gradient
/// and the scores.
struct Slope {
    samples: Shared<Samples>,
    sums: Sums,
}

impl Operation for Slope {
    const NAME: &'static str = "cross_entropy_backward";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[1]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (grad, x) = (inputs[0], inputs[1]);
        let order = Order::of(x);
        let scales = grad * &self.samples.factors;
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::<T>::unspecified(x.numel());
            let samples = &order.samples;
            with_order::<T, _>(x, &order.scores, |x| with_order::<i64, _>(&self.samples.classes, samples, |classes| {
                with_order::<T, _>(&scales, samples, |scales| {
                    with_order::<T, _>(&self.sums.max, samples, |max| {
                        with_order::<T, _>(&self.sums.logs, samples, |logs| {
                            kernels::gradient(x, (max, logs), classes, scales, &mut out, order.geometry);
                        });
                    });
                });
            }));
            Tensor::from_buffer::<T>(out, Layout::in_order(spec.shape.clone(), &order.scores))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (first, x) = (context.input(0), context.input(1));
        let dim = class_dim(&x) as isize;
        let p = x.softmax(dim);
        let mean = (grad * &p).sum_dim(dim, true);
        both(
            context,
            || {
                let hot = grad.gather(dim, &self.samples.classes.unsqueeze(dim));
                let each = (&mean - hot).squeeze_dim(dim) * &self.samples.factors;
                if self.samples.reduction == Reduction::None { each } else { each.sum() }
            },
            || (&first * &self.samples.factors).unsqueeze(dim) * &p * (grad - &mean),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::cross_entropy::{composed, cross_entropy as of_any_kind};
    use super::*;
    use crate::ops::testing::{check, variable};

    fn options(reduction: Reduction) -> [CrossEntropyOptions; 3] {
        let plain = CrossEntropyOptions { reduction, ..Default::default() };
        let weight = Some(Tensor::new([0.5, 1.0, 2.0]).to(DType::F64));
        [
            plain.clone(),
            CrossEntropyOptions { ignore_index: 1, ..plain.clone() },
            CrossEntropyOptions { weight, ..plain },
        ]
    }

    #[test]
    fn derivatives() {
        let cases: [(&[usize], Tensor); 4] = [
            (&[4, 3], Tensor::new([2, 0, 1, 2])),
            (&[2, 3, 2], Tensor::new([[2, 0], [1, 1]])),
            (&[3], Tensor::new(2)),
            (&[0, 3], Tensor::zeros_of([0], DType::I64)),
        ];
        for (shape, classes) in &cases {
            for options in [Reduction::Sum, Reduction::None].into_iter().flat_map(options) {
                check(|x| of_any_kind(x[0], classes, &options), &[&variable(*shape)]);
            }
        }
        let (shape, classes) = &cases[0];
        for options in options(Reduction::Mean) {
            check(|x| of_any_kind(x[0], classes, &options), &[&variable(*shape)]);
        }
    }

    #[test]
    fn every_layout_gives_what_the_composition_gives() {
        let classes = Tensor::randint(0, 3, [4, 5]);
        for order in [[0, 1, 2], [1, 2, 0], [0, 2, 1], [2, 1, 0]] {
            let back: Vec<isize> = (0..3).map(|dim| order.iter().position(|&o| o == dim).unwrap() as isize).collect();
            for options in [Reduction::Mean, Reduction::Sum, Reduction::None].into_iter().flat_map(options) {
                let x = variable([4, 3, 5]).detach();
                let moved = x.permute(order).to_contiguous().permute(back.clone());
                let run = |x: &Tensor, loss: &dyn Fn(&Tensor) -> Tensor| {
                    let x = x.detach().requires_grad_();
                    let y = loss(&x);
                    y.square().sum().backward();
                    (y.detach(), x.grad().unwrap())
                };
                let (y, grad) = run(&moved, &|x| of_any_kind(x, &classes, &options));
                let (expected, expected_grad) = run(&x, &|x| composed(x, &classes, &options));
                assert!((y - expected).abs().max().item() < 1e-12, "{order:?} {options:?}");
                assert!((grad - expected_grad).abs().max().item() < 1e-12, "{order:?} {options:?}");
            }
        }
    }

    #[test]
    fn when_all_are_ignored_the_mean_is_of_nothing() {
        let x = Tensor::zeros([2, 3]).requires_grad_();
        let classes = Tensor::new([-100, -100]);
        let mean = x.cross_entropy(&classes);
        mean.backward();
        assert!(mean.item().is_nan());
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0; 6]);
        let options = CrossEntropyOptions { reduction: Reduction::Sum, ..Default::default() };
        let loss = of_any_kind(&x, &classes, &options);
        loss.backward();
        assert_eq!((loss.item(), x.grad().unwrap().to_vec::<f32>()), (0.0, vec![0.0; 6]));
    }
}
