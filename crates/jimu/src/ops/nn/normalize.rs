//! What batch, instance, group, layer and RMS normalisation have in common: elements fall into sets, and each set is
//! moved and scaled to mean 0 and variance 1 (for RMS norm only scaled, to a mean square of 1).
//!
//! With x̂ = (x - mean) r and r = 1 / √(variance + eps), the gradient of the input is r P(u), where u is the gradient of
//! the output times the weight and P(u) = u - mean(u) - x̂ mean(u x̂) is its own transpose. Forward and backward are
//! kernels of two passes each; the second derivatives are composed of tensor operations. A ReLU behind it is computed in
//! the same passes, and its part of the gradient found from x again.

use std::sync::{Arc, OnceLock};

use jimu_kernels::buffer::Buffer;
use jimu_kernels::normalize::{self as kernels, NormalizeElement, Slabs};

use super::planes::with_order;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, attach, is_grad_enabled, no_grad, try_apply};
use crate::dtype::{Element, dispatch_float};
use crate::error::ShapeError;
use crate::ops::unary::relu_backward;
use crate::tensor::{Layout, Small, Tensor};

/// Which elements share a mean and a variance, the tensor being seen as [batch, groups, channels, inner].
#[derive(Clone, Copy, Debug)]
pub(super) struct Sets {
    pub(super) batch: usize,
    pub(super) groups: usize,
    /// Channels of a group. Each channel of each group has a weight and a bias.
    pub(super) channels: usize,
    pub(super) inner: usize,
    /// Whether a set spans the batch: then a group has one channel, and dimension 1 of the tensor are the groups.
    pub(super) over_batch: bool,
    /// Whether the mean is subtracted.
    pub(super) centred: bool,
}

impl Sets {
    fn weights(self) -> usize {
        self.groups * self.channels
    }

    /// The elements of each set.
    pub(super) fn each(self) -> usize {
        self.channels * self.inner * if self.over_batch { self.batch } else { 1 }
    }

    fn count(self) -> usize {
        if self.over_batch { self.groups } else { self.batch * self.groups }
    }

    /// Whether a set is a row of memory whose every element has a weight of its own.
    fn are_rows(self) -> bool {
        !self.over_batch && self.groups == 1 && self.inner == 1
    }

    /// The memory order in which the kernels take the tensor, and its slabs in that order.
    fn slabs(self, x: &Tensor) -> (Small<usize>, Slabs) {
        if self.over_batch && x.layout().is_dense() {
            return channel_slabs(x);
        }
        let plain: Small<usize> = (0..x.dim()).collect();
        let slabs = match self.over_batch {
            true => Slabs { outer: self.batch, count: self.groups, inner: self.inner },
            false => Slabs { outer: 1, count: self.batch * self.weights(), inner: self.inner },
        };
        (plain, slabs)
    }

    fn view(self, x: &Tensor) -> Tensor {
        x.reshape([self.batch, self.groups, self.channels, self.inner])
    }

    /// The mean over each set of a [`view`](Self::view).
    fn mean(self, x: &Tensor) -> Tensor {
        if self.over_batch { x.mean_dim([0, 2, 3], true) } else { x.mean_dim([2, 3], true) }
    }

    fn view_weight(self, weight: &Tensor) -> Tensor {
        weight.reshape([1, self.groups, self.channels, 1])
    }

    /// The sums over everything that shares a weight, of a [`view`](Self::view).
    fn sum_to_weight(self, x: &Tensor) -> Tensor {
        x.sum_dim([0, 3], false).reshape([-1])
    }
}

/// The channels, dimension 1, of a tensor: as slabs of its memory, in its own order if it has no gaps.
pub(super) fn channel_slabs(x: &Tensor) -> (Small<usize>, Slabs) {
    let order = match x.layout().is_dense() {
        true => x.layout().memory_order(),
        false => (0..x.dim()).collect(),
    };
    let position = order.iter().position(|&dim| dim == 1).expect("the shape rule asks for dimension 1");
    let product = |dims: &[usize]| dims.iter().map(|&dim| x.shape()[dim]).product();
    let (outer, inner) = (product(&order[..position]), product(&order[position + 1..]));
    (order, Slabs { outer, count: x.shape()[1], inner })
}

/// What was found out about each set.
pub(super) struct Statistics {
    pub(super) mean: Tensor,
    /// The mean squared distance from the mean.
    pub(super) variance: Tensor,
    /// 1 / √(variance + eps).
    scale: Tensor,
}

/// One call: its options, and what it has found.
#[derive(Clone)]
struct Call {
    sets: Sets,
    eps: f64,
    /// Whether a ReLU follows; not for rows.
    relu: bool,
    statistics: Arc<OnceLock<Statistics>>,
}

/// A number for each slab, from one for each set or one for each weight.
struct PerSlab<T> {
    mean: Vec<T>,
    scale: Vec<T>,
    weight: Vec<T>,
}

impl Call {
    fn statistics(&self) -> &Statistics {
        self.statistics.get().expect("forward runs before backward")
    }

    fn per_slab<T: Element<Stored = T> + NormalizeElement>(&self, weight: Option<&Tensor>) -> PerSlab<T> {
        let Statistics { mean, scale, .. } = self.statistics();
        let (mean, scale) = (mean.to_vec::<T>(), scale.to_vec::<T>());
        let sets = || (0..mean.len() * self.sets.channels).map(|slab| slab / self.sets.channels);
        PerSlab {
            mean: sets().map(|set| mean[set]).collect(),
            scale: sets().map(|set| scale[set]).collect(),
            weight: self.per_weight(weight, 1.0),
        }
    }

    /// The weights or biases, repeated for each slab; `missing` where there are none.
    fn per_weight<T: Element<Stored = T> + NormalizeElement>(&self, numbers: Option<&Tensor>, missing: f64) -> Vec<T> {
        let count = self.sets.count() * self.sets.channels;
        match numbers {
            Some(numbers) => numbers.to_vec::<T>().into_iter().cycle().take(count).collect(),
            None => vec![T::of(missing); count],
        }
    }

    fn values<T: Element<Stored = T> + NormalizeElement>(
        &self,
        x: &Tensor,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
    ) -> Tensor {
        let (order, slabs) = self.sets.slabs(x);
        let mut out = Buffer::unspecified(x.numel());
        with_order::<T, _>(x, &order, |x| match self.sets.are_rows() {
            true => self.row_values(x, weight, bias, &mut out),
            false => {
                self.set_statistics(x, slabs);
                let PerSlab { mean, mut scale, weight } = self.per_slab::<T>(weight);
                scale.iter_mut().zip(weight).for_each(|(scale, weight)| *scale = *scale * weight);
                let shift = self.per_weight::<T>(bias, 0.0);
                kernels::affine(x, slabs, [&mean, &scale, &shift], self.relu, &mut out);
            }
        });
        Tensor::from_buffer::<T>(out, Layout::in_order(x.size(), &order))
    }

    fn row_values<T: Element<Stored = T> + NormalizeElement>(
        &self,
        x: &[T],
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
        out: &mut [T],
    ) {
        let [mut mean, mut scale] = [(); 2].map(|()| vec![T::of(0.0); self.sets.count()]);
        let (weight, bias) = (self.row_weight::<T>(weight, 1.0), self.row_weight::<T>(bias, 0.0));
        kernels::rows(x, [&weight, &bias], self.sets.centred, self.eps, [&mut mean, &mut scale], out);
        // Nobody follows the variances of rows.
        self.keep(mean, Vec::new(), scale);
    }

    /// One number for each element of a row.
    fn row_weight<T: Element<Stored = T> + NormalizeElement>(&self, numbers: Option<&Tensor>, missing: f64) -> Vec<T> {
        numbers.map_or_else(|| vec![T::of(missing); self.sets.channels], |numbers| numbers.to_vec::<T>())
    }

    /// The statistics of each set, put together from those of its slabs.
    fn set_statistics<T: Element<Stored = T> + NormalizeElement>(&self, x: &[T], slabs: Slabs) {
        let [mut means, mut variances] = [(); 2].map(|()| vec![T::of(0.0); slabs.count]);
        if !x.is_empty() {
            kernels::moments(x, slabs, &mut means, &mut variances);
        }
        let channels = self.sets.channels;
        let average = |numbers: &mut dyn Iterator<Item = T>| {
            numbers.fold(T::of(0.0), |sum, number| sum + number) / T::of(channels as f64)
        };
        let pairs = means.chunks(channels).zip(variances.chunks(channels));
        let (mean, variance): (Vec<T>, Vec<T>) = pairs
            .map(|(means, variances)| {
                let mean = average(&mut means.iter().copied());
                let apart = means.iter().map(|&of_slab| (of_slab - mean) * (of_slab - mean));
                (mean, average(&mut apart.zip(variances).map(|(apart, &variance)| apart + variance)))
            })
            .unzip();
        let scale = variance.iter().map(|&variance| (variance + T::of(self.eps)).sqrt().recip()).collect();
        self.keep(mean, variance, scale);
    }

    fn keep<T: Element<Stored = T>>(&self, mean: Vec<T>, variance: Vec<T>, scale: Vec<T>) {
        let [mean, variance, scale] = [mean, variance, scale].map(|numbers| {
            let count = numbers.len();
            Tensor::from_vec(numbers, count)
        });
        // Applied anew for a second derivative, it finds what it has found before.
        let _ = self.statistics.set(Statistics { mean, variance, scale });
    }

    /// The gradients of the input, if `of_x`, of the weight and of the bias, of which the two latter are as in forward.
    fn gradients<T: Element<Stored = T> + NormalizeElement>(
        &self,
        [grad, x]: [&Tensor; 2],
        [weight, bias]: [Option<&Tensor>; 2],
        of_x: bool,
    ) -> [Tensor; 3] {
        let (order, slabs) = self.sets.slabs(x);
        let mut out = Buffer::unspecified(if of_x { x.numel() } else { 0 });
        let [mut of_weight, mut of_bias] = [(); 2].map(|()| vec![T::of(0.0); self.sets.weights()]);
        with_order::<T, _>(grad, &order, |grad| {
            with_order::<T, _>(x, &order, |x| match self.sets.are_rows() {
                true => self.row_gradients([grad, x], weight, &mut out, [&mut of_weight, &mut of_bias]),
                false => {
                    self.slab_gradients([grad, x], slabs, [weight, bias], &mut out, [&mut of_weight, &mut of_bias])
                }
            });
        });
        let layout = if of_x { Layout::in_order(x.size(), &order) } else { Layout::contiguous(0.into()) };
        let count = self.sets.weights();
        [Tensor::from_buffer::<T>(out, layout), Tensor::from_vec(of_weight, count), Tensor::from_vec(of_bias, count)]
    }

    fn row_gradients<T: Element<Stored = T> + NormalizeElement>(
        &self,
        [grad, x]: [&[T]; 2],
        weight: Option<&Tensor>,
        out: &mut [T],
        [of_weight, of_bias]: [&mut [T]; 2],
    ) {
        let Statistics { mean, scale, .. } = self.statistics();
        let (mean, scale) = (mean.to_vec::<T>(), scale.to_vec::<T>());
        if out.len() == x.len() {
            let weight = self.row_weight::<T>(weight, 1.0);
            kernels::row_gradients([grad, x], &weight, self.sets.centred, [&mean, &scale], out);
        }
        kernels::row_weight_gradients([grad, x], [&mean, &scale], of_weight, of_bias);
    }

    fn slab_gradients<T: Element<Stored = T> + NormalizeElement>(
        &self,
        [grad, x]: [&[T]; 2],
        slabs: Slabs,
        [weight, bias]: [Option<&Tensor>; 2],
        out: &mut [T],
        [of_weight, of_bias]: [&mut [T]; 2],
    ) {
        let PerSlab { mean, scale, weight } = self.per_slab::<T>(weight);
        // The numbers that forward's values were computed with, before the ReLU.
        let gate = self.relu.then(|| {
            let slopes: Vec<T> = scale.iter().zip(&weight).map(|(&scale, &weight)| scale * weight).collect();
            [slopes, self.per_weight::<T>(bias, 0.0)]
        });
        let gate = gate.as_ref().map(|numbers| numbers.each_ref().map(Vec::as_slice));
        let [mut sums, mut products] = [(); 2].map(|()| vec![T::of(0.0); slabs.count]);
        kernels::gradient_sums([grad, x], slabs, &mean, gate, &mut sums, &mut products);
        for slab in 0..slabs.count {
            let at = slab % self.sets.weights();
            of_weight[at] = of_weight[at] + products[slab] * scale[slab];
            of_bias[at] = of_bias[at] + sums[slab];
        }
        if out.len() != x.len() {
            return;
        }
        let (channels, each) = (self.sets.channels, T::of(self.sets.each() as f64));
        let [mut factor, mut slope, mut shift] = [(); 3].map(|()| vec![T::of(0.0); slabs.count]);
        for set in (0..slabs.count).step_by(channels) {
            let slabs = set..set + channels;
            let mean =
                |numbers: &[T]| slabs.clone().fold(T::of(0.0), |sum, slab| sum + weight[slab] * numbers[slab]) / each;
            let (sum, product, scale) = (mean(&sums), mean(&products), scale[set]);
            for slab in slabs.clone() {
                factor[slab] = weight[slab] * scale;
                slope[slab] = -(scale * scale * scale * product);
                shift[slab] = -(scale * sum);
            }
        }
        kernels::gradient([grad, x], slabs, [&factor, &mean, &slope, &shift], gate, out);
    }
}

/// The input, the weight if it is `weighted`, the bias if it is `biased`.
struct Normalize {
    call: Call,
    weighted: bool,
    biased: bool,
}

impl Normalize {
    /// Which input the bias is.
    fn bias_at(&self) -> usize {
        1 + usize::from(self.weighted)
    }
}

impl Operation for Normalize {
    const NAME: &'static str = "normalize";

    fn saves(&self) -> Saves {
        match self.weighted {
            _ if self.call.relu => Saves::Inputs,
            true => Saves::These(0b11),
            false => Saves::These(0b1),
        }
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let weight = self.weighted.then(|| inputs[1]);
        let bias = self.biased.then(|| inputs[self.bias_at()]);
        dispatch_float!(spec.dtype, T => self.call.values::<T>(inputs[0], weight, bias))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (call, x) = (&self.call, context.input(0));
        let weight = self.weighted.then(|| context.input(1));
        let bias = (call.relu && self.biased).then(|| context.input(self.bias_at()));
        let numbers = [weight.as_ref(), bias.as_ref()];
        if call.relu && is_grad_enabled() {
            // The ReLU by itself: what is differentiated again is a normalisation without one.
            let plain = Self { call: Call { relu: false, ..call.clone() }, ..*self };
            let y = no_grad(|| dispatch_float!(x.dtype(), T => plain.call.values::<T>(&x, numbers[0], numbers[1])));
            return plain.backward(context, &relu_backward(grad, &y));
        }
        // One look at the elements serves all gradients.
        let [of_x, of_weight, of_bias] =
            no_grad(|| dispatch_float!(x.dtype(), T => call.gradients::<T>([grad, &x], numbers, context.needs(0))));
        let mut gradients = Gradients::new();
        gradients.push(context.needs(0).then(|| {
            let inputs: Small<&Tensor> = [grad, &x].into_iter().chain(&weight).collect();
            attach(InputGradient { call: call.clone(), weighted: self.weighted }, &inputs, of_x)
        }));
        if self.weighted {
            let operation = || WeightGradient { call: call.clone() };
            gradients.push(context.needs(1).then(|| attach(operation(), &[grad, &x], of_weight)));
        }
        if self.biased {
            gradients.push(context.needs(gradients.len()).then(|| match is_grad_enabled() {
                true => call.sets.sum_to_weight(&call.sets.view(grad)),
                false => of_bias,
            }));
        }
        gradients
    }
}

/// The gradient of the input from that of the output, the input, and the weight if it is `weighted`.
struct InputGradient {
    call: Call,
    weighted: bool,
}

impl Operation for InputGradient {
    const NAME: &'static str = "normalize_backward_input";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[1]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let weight = inputs.get(2).copied();
        dispatch_float!(spec.dtype, T => {
            let [of_x, ..] = self.call.gradients::<T>([inputs[0], inputs[1]], [weight, None], true);
            of_x
        })
    }

    /// With L = Σ v r P(u): the derivative by u is r P(v), and that by x, through x̂ and r,
    /// -r² (x̂ mean(v P(u)) + P(v) mean(u x̂) + P(u) mean(v x̂)).
    fn backward(&self, context: &Context<'_>, v: &Tensor) -> Gradients {
        let (sets, shape) = (self.call.sets, v.size());
        let (grad, x) = (sets.view(&context.input(0)), sets.view(&context.input(1)));
        let weight = self.weighted.then(|| sets.view_weight(&context.input(2)));
        let v = sets.view(v);
        let centred = if sets.centred { &x - sets.mean(&x) } else { x };
        let scale = (sets.mean(&(&centred * &centred)) + self.call.eps).rsqrt();
        let hat = &centred * &scale;
        let project = |u: &Tensor| {
            let rest = u - &hat * sets.mean(&(u * &hat));
            if sets.centred { rest - sets.mean(u) } else { rest }
        };
        let of_u = project(&v) * &scale;
        let mut gradients = Gradients::new();
        gradients.push(context.needs(0).then(|| match &weight {
            Some(weight) => (&of_u * weight).reshape(&shape),
            None => of_u.reshape(&shape),
        }));
        gradients.push(context.needs(1).then(|| {
            let u = weight.as_ref().map_or_else(|| grad.clone(), |weight| &grad * weight);
            let projected = project(&u) * &scale;
            let through_scale = &hat * sets.mean(&(&v * &projected));
            let through_hat = &of_u * sets.mean(&(&u * &hat)) + &projected * sets.mean(&(&v * &hat));
            (-(through_scale + through_hat) * &scale).reshape(&shape)
        }));
        if self.weighted {
            gradients.push(context.needs(2).then(|| sets.sum_to_weight(&(&grad * &of_u))));
        }
        gradients
    }
}

/// The gradient of the weight from that of the output and the input: Σ grad x̂.
struct WeightGradient {
    call: Call,
}

impl Operation for WeightGradient {
    const NAME: &'static str = "normalize_backward_weight";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[1].dtype(), self.call.sets.weights()))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => {
            let [_, of_weight, _] = self.call.gradients::<T>([inputs[0], inputs[1]], [None; 2], false);
            of_weight
        })
    }

    fn backward(&self, context: &Context<'_>, v: &Tensor) -> Gradients {
        let (call, x) = (self.call.clone(), context.input(1));
        // v x̂ is a normalisation with the weight v; the other derivative is that of one.
        crate::ops::binary::both(
            context,
            || apply(Normalize { call: call.clone(), weighted: true, biased: false }, &[&x, v]),
            || apply(InputGradient { call: call.clone(), weighted: true }, &[&context.input(0), &x, v]),
        )
    }
}

/// `x` with every set normalised, and what was found out about the sets: nothing for a tensor without elements.
pub(super) fn normalize(
    x: &Tensor,
    sets: Sets,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<(Tensor, Arc<OnceLock<Statistics>>), ShapeError> {
    normalize_then(false, x, sets, weight, bias, eps)
}

/// [`normalize`], with a ReLU behind it if `relu`; not for sets that are rows.
pub(super) fn normalize_then(
    relu: bool,
    x: &Tensor,
    sets: Sets,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<(Tensor, Arc<OnceLock<Statistics>>), ShapeError> {
    debug_assert!(!(relu && sets.are_rows()), "rows have no ReLU");
    let statistics = Arc::new(OnceLock::new());
    let call = Call { sets, eps, relu, statistics: statistics.clone() };
    let inputs: Small<&Tensor> = [x].into_iter().chain(weight).chain(bias).collect();
    let y = try_apply(Normalize { call, weighted: weight.is_some(), biased: bias.is_some() }, &inputs)?;
    Ok((y, statistics))
}

/// Refuses what cannot be normalised, or a weight or bias that does not fit.
pub(super) fn check_numbers(
    name: &str,
    x: &Tensor,
    expected: &[usize],
    numbers: &[(&str, Option<&Tensor>)],
) -> Result<(), ShapeError> {
    if !x.dtype().is_floating_point() {
        return Err(
            ShapeError::new(name, format!("the input is {}", x.dtype())).help("convert it with x.to(DType::F32)")
        );
    }
    for (what, tensor) in numbers.iter().filter_map(|&(what, tensor)| Some((what, tensor?))) {
        if **tensor.shape() != *expected {
            let problem = format!(
                "the {what} must have the shape {expected:?} for an input of shape {}, but has {}",
                x.shape(),
                tensor.shape()
            );
            return Err(ShapeError::new(name, problem).help("build the layer for as many features as its input has"));
        }
        if tensor.dtype() != x.dtype() {
            let problem = format!("the input is {}, but the {what} is {}", x.dtype(), tensor.dtype());
            return Err(ShapeError::new(name, problem)
                .help(format!("convert the input with x.to(DType::{:?})", tensor.dtype())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{BackwardOptions, grad};
    use crate::ops::testing::{check, variable};

    fn sets(shape: [usize; 4], over_batch: bool, centred: bool) -> Sets {
        let [batch, groups, channels, inner] = shape;
        Sets { batch, groups, channels, inner, over_batch, centred }
    }

    /// The formula, composed of tensor operations.
    fn composed(x: &Tensor, sets: Sets, weight: &Tensor, bias: &Tensor, eps: f64) -> Tensor {
        let seen = sets.view(x);
        let centred = if sets.centred { &seen - sets.mean(&seen) } else { seen };
        let hat = &centred * (sets.mean(&(&centred * &centred)) + eps).rsqrt();
        (hat * sets.view_weight(weight) + sets.view_weight(bias)).reshape(x.size())
    }

    const CASES: [([usize; 4], bool, bool); 6] = [
        ([3, 2, 1, 4], true, true),
        ([2, 3, 1, 17], true, true),
        ([2, 2, 3, 2], false, true),
        ([2, 3, 1, 20], false, true),
        ([3, 1, 5, 1], false, true),
        ([3, 1, 5, 1], false, false),
    ];

    #[test]
    fn derivatives() {
        for (shape, over_batch, centred) in CASES {
            let sets = sets(shape, over_batch, centred);
            let x = variable([shape[0], shape[1] * shape[2], shape[3]]);
            let (weight, bias) = (variable(sets.weights()), variable(sets.weights()));
            let all = |i: &[&Tensor]| normalize(i[0], sets, Some(i[1]), Some(i[2]), 0.1).unwrap().0;
            check(all, &[&x, &weight, &bias]);
            check(|i| normalize(i[0], sets, None, None, 0.1).unwrap().0, &[&x]);
            check(|i| normalize(i[0], sets, None, Some(i[1]), 0.1).unwrap().0, &[&x, &bias]);
        }
    }

    #[test]
    fn equal_to_the_composition_in_every_layout() {
        for (shape, over_batch, centred) in CASES {
            let [batch, groups, channels, inner] = shape.map(|size| size * 3);
            let sets = Sets { channels: shape[2], ..sets([batch, groups, channels, inner], over_batch, centred) };
            let sets = Sets { inner: if shape[3] == 1 { 1 } else { inner }, groups: shape[1], ..sets };
            let x = Tensor::randn([batch, sets.weights(), sets.inner]);
            let (weight, bias) = (Tensor::randn([sets.weights()]), Tensor::randn([sets.weights()]));
            let want = composed(&x, sets, &weight, &bias, 1e-5);
            for order in [[0, 1, 2], [1, 2, 0], [0, 2, 1]] {
                let back: Vec<isize> =
                    (0..3).map(|dim| order.iter().position(|&at| at == dim).unwrap() as isize).collect();
                let moved = x.permute(order.map(|dim| dim as isize)).contiguous().permute(back);
                let y = normalize(&moved, sets, Some(&weight), Some(&bias), 1e-5).unwrap().0;
                let apart = (y - &want).abs().max().item();
                assert!(apart < 1e-5, "{sets:?} in order {order:?}: {apart}");
            }
        }
    }

    #[test]
    fn third_derivatives_equal_those_of_the_composition() {
        let create = || BackwardOptions::new().create_graph(true);
        let sets = sets([3, 2, 1, 2], true, true);
        let (x, weight, bias) = (variable([3, 2, 2]), variable([2]), variable([2]));
        let third = |f: &dyn Fn() -> Tensor| {
            let y = f();
            let first = grad(&[&(&y * &y * &y).sum()], &[&x], create()).remove(0);
            let second = grad(&[&(&first * &first).sum()], &[&x], create()).remove(0);
            grad(&[&(&second * &second).sum()], &[&x, &weight], create())
        };
        let got = third(&|| normalize(&x, sets, Some(&weight), Some(&bias), 0.1).unwrap().0);
        let want = third(&|| composed(&x, sets, &weight, &bias, 0.1));
        for (got, want) in got.iter().zip(want) {
            let (apart, size) = ((got - &want).abs().max().item(), want.abs().max().item());
            assert!(apart < 1e-9 * size, "{apart} of {size}");
        }
    }
}
