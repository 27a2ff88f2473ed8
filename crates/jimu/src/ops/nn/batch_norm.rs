//! `batch_norm`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::normalize::{self as kernels, NormalizeElement};

use super::normalize::{Sets, channel_slabs, check_numbers, normalize_then};
use super::planes::with_order;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, no_grad, try_apply};
use crate::dtype::{Element, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::ops::unary::relu_backward;
use crate::tensor::{Layout, Small, Tensor};

/// The options of [`batch_norm`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormOptions<'a> {
    /// The mean of each channel outside training; training moves it towards that of the batch, in place.
    pub running_mean: Option<&'a Tensor>,
    /// The variance of each channel outside training; training moves it towards that of the batch, in place.
    pub running_var: Option<&'a Tensor>,
    /// A factor for each channel.
    pub weight: Option<&'a Tensor>,
    /// A summand for each channel.
    pub bias: Option<&'a Tensor>,
    /// Whether the batch's own mean and variance are used, by default no.
    pub training: bool,
    /// How far the running statistics move towards those of a batch, by default 0.1.
    pub momentum: f64,
    /// What is added to the variance, by default 1e-5.
    pub eps: f64,
}

impl Default for BatchNormOptions<'_> {
    fn default() -> Self {
        Self {
            running_mean: None,
            running_var: None,
            weight: None,
            bias: None,
            training: false,
            momentum: 0.1,
            eps: 1e-5,
        }
    }
}

/// Normalises each channel over the batch and all further dimensions:
/// [`torch.nn.functional.batch_norm`](https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html).
///
/// y = (x - mean) / √(variance + eps) · weight + bias, with the mean and (biased) variance of the batch in training, and
/// the running ones otherwise. The layers are [`BatchNorm1d`](crate::nn::BatchNorm1d) and
/// [`BatchNorm2d`](crate::nn::BatchNorm2d).
///
/// # Shape
/// - `x`: (n, c, *); every number of the options: (c). Output: as `x`.
///
/// # Panics
/// If the shapes or types do not fit, in training if a channel has one value only, and otherwise if there are no running
/// statistics.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{BatchNormOptions, batch_norm}};
/// let x = Tensor::new([[1.0, 10.0], [3.0, 30.0]]);
/// let options = BatchNormOptions { training: true, eps: 0.0, ..Default::default() };
/// assert_eq!(batch_norm(&x, &options).to_vec::<f32>(), [-1.0, -1.0, 1.0, 1.0]);
///
/// let (mean, variance) = (Tensor::new([1.0, 10.0]), Tensor::new([1.0, 100.0]));
/// let options = BatchNormOptions { running_mean: Some(&mean), running_var: Some(&variance), eps: 0.0, ..Default::default() };
/// assert_eq!(batch_norm(&x, &options).to_vec::<f32>(), [0.0, 0.0, 2.0, 2.0]);
/// ```
#[track_caller]
pub fn batch_norm(x: &Tensor, options: &BatchNormOptions<'_>) -> Tensor {
    try_batch_norm(x, options, false).or_raise()
}

/// [`batch_norm`], with a ReLU behind it if `relu`.
pub(crate) fn try_batch_norm(x: &Tensor, options: &BatchNormOptions<'_>, relu: bool) -> Result<Tensor, ShapeError> {
    let &BatchNormOptions { running_mean, running_var, weight, bias, training, momentum, eps } = options;
    if x.dim() < 2 && x.numel() == 0 {
        return Ok(x.clone());
    }
    if x.dim() < 2 {
        return Err(ShapeError::new(
            "batch_norm",
            format!("the input must have the shape [batch, channels, …], but has {}", x.shape()),
        )
        .help("a single sample needs a batch dimension (unsqueeze(0))"));
    }
    let channels = x.shape()[1];
    let running = [("running_mean", running_mean), ("running_var", running_var)];
    let numbers = [running[0], running[1], ("weight", weight), ("bias", bias)];
    check_numbers("batch_norm", x, &[channels], &numbers)?;
    if !training {
        let (Some(mean), Some(variance)) = (running_mean, running_var) else {
            return Err(ShapeError::new("batch_norm", "outside training running_mean and running_var are needed")
                .help("give both, or set training"));
        };
        return fixed_norm(x, [mean, variance], weight, bias, eps, relu);
    }
    let (batch, inner) = (x.shape()[0], x.shape()[2..].iter().product());
    let sets = Sets { batch, groups: channels, channels: 1, inner, over_batch: true, centred: true };
    if sets.each() == 1 {
        return Err(ShapeError::new(
            "batch_norm",
            format!(
                "in training more than one value for each channel is needed, but the input has shape {}",
                x.shape()
            ),
        )
        .help("use a larger batch, or call eval()"));
    }
    let (y, statistics) = normalize_then(relu, x, sets, weight, bias, eps)?;
    if let Some(statistics) = statistics.get().filter(|_| x.numel() > 0) {
        let unbiased = sets.each() as f64 / (sets.each() as f64 - 1.0);
        follow(running_mean, &statistics.mean, momentum);
        follow(running_var, &(&statistics.variance * unbiased), momentum);
    }
    Ok(y)
}

/// Moves a running statistic towards that of a batch.
pub(super) fn follow(running: Option<&Tensor>, batch: &Tensor, momentum: f64) {
    if let Some(running) = running {
        no_grad(|| running.mul_(1.0 - momentum).add_(batch * momentum));
    }
}

/// Channels normalised by numbers that do not depend on them.
fn fixed_norm(
    x: &Tensor,
    [mean, variance]: [&Tensor; 2],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
    relu: bool,
) -> Result<Tensor, ShapeError> {
    let (mean, scale) = no_grad(|| (mean.detach(), (variance + eps).rsqrt()));
    let inputs: Small<&Tensor> = [x].into_iter().chain(weight).chain(bias).collect();
    try_apply(FixedNorm { mean, scale, weighted: weight.is_some(), biased: bias.is_some(), relu }, &inputs)
}

/// (x - mean) · scale · weight + bias: the input, the weight if it is `weighted`, the bias if it is `biased`. With `relu`
/// the larger of that and 0.
struct FixedNorm {
    mean: Tensor,
    scale: Tensor,
    weighted: bool,
    biased: bool,
    relu: bool,
}

impl FixedNorm {
    fn values<T: Element<Stored = T> + NormalizeElement>(&self, inputs: &[&Tensor]) -> Tensor {
        let (order, slabs) = channel_slabs(inputs[0]);
        let (mean, mut scale) = (self.mean.to_vec::<T>(), self.scale.to_vec::<T>());
        if self.weighted {
            scale.iter_mut().zip(inputs[1].to_vec::<T>()).for_each(|(scale, weight)| *scale = *scale * weight);
        }
        let shift = match self.biased {
            true => inputs[1 + usize::from(self.weighted)].to_vec::<T>(),
            false => vec![T::of(0.0); mean.len()],
        };
        let mut out = Buffer::unspecified(inputs[0].numel());
        with_order::<T, _>(inputs[0], &order, |x| {
            kernels::affine(x, slabs, [&mean, &scale, &shift], self.relu, &mut out);
        });
        Tensor::from_buffer::<T>(out, Layout::in_order(inputs[0].size(), &order))
    }
}

impl Operation for FixedNorm {
    const NAME: &'static str = "batch_norm";

    fn saves(&self) -> Saves {
        match self.weighted {
            _ if self.relu => Saves::InputsAndOutput,
            true => Saves::These(0b11),
            false => Saves::Nothing,
        }
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_float!(spec.dtype, T => self.values::<T>(inputs))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let grad = &if self.relu { relu_backward(grad, &context.output()) } else { grad.clone() };
        let along = |numbers: &Tensor| {
            let mut sizes = vec![1; grad.dim()];
            sizes[1] = numbers.numel();
            numbers.reshape(sizes)
        };
        let sum = |x: &Tensor| {
            let others: Vec<isize> = (0..x.dim() as isize).filter(|&dim| dim != 1).collect();
            x.sum_dim(others, false)
        };
        let mut gradients = Gradients::new();
        gradients.push(context.needs(0).then(|| match self.weighted {
            true => grad * along(&(context.input(1) * &self.scale)),
            false => grad * along(&self.scale),
        }));
        if self.weighted {
            gradients
                .push(context.needs(1).then(|| sum(&(grad * (context.input(0) - along(&self.mean)))) * &self.scale));
        }
        if self.biased {
            gradients.push(context.needs(gradients.len()).then(|| sum(grad)));
        }
        gradients
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (x, weight, bias) = (variable([3, 2, 2, 2]), variable([2]), variable([2]));
        let (mean, variance) = (variable([2]).detach(), variable([2]).abs().detach());
        for training in [true, false] {
            let running = BatchNormOptions {
                running_mean: Some(&mean),
                running_var: Some(&variance),
                training,
                momentum: 0.0,
                ..Default::default()
            };
            let affine =
                |i: &[&Tensor]| batch_norm(i[0], &BatchNormOptions { weight: Some(i[1]), bias: Some(i[2]), ..running });
            check(affine, &[&x, &weight, &bias]);
            check(|i| batch_norm(i[0], &running), &[&x]);
            let rectified = |i: &[&Tensor]| {
                let options = BatchNormOptions { weight: Some(i[1]), bias: Some(i[2]), ..running };
                try_batch_norm(i[0], &options, true).unwrap()
            };
            check(rectified, &[&x, &weight, &bias]);
            check(|i| try_batch_norm(i[0], &running, true).unwrap(), &[&x]);
        }
    }

    #[test]
    fn running_statistics_follow_the_batch() {
        let (mean, variance) = (Tensor::zeros([1]), Tensor::ones([1]));
        let options = BatchNormOptions {
            running_mean: Some(&mean),
            running_var: Some(&variance),
            training: true,
            momentum: 0.5,
            ..Default::default()
        };
        batch_norm(&Tensor::new([[1.0], [3.0]]), &options);
        // The mean is 2 and the unbiased variance 2.
        assert_eq!((mean.item(), variance.item()), (1.0, 1.5));
        batch_norm(&Tensor::empty_meta([4, 1], DType::F32), &options);
        assert_eq!(mean.item(), 1.0);
    }

    #[test]
    fn refusals() {
        let says = |x: Tensor, options: BatchNormOptions<'_>, text: &str| {
            let error = try_batch_norm(&x, &options, false).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        let training = BatchNormOptions { training: true, ..Default::default() };
        let three = Tensor::ones([3]);
        says(Tensor::zeros([4]), training, "the input must have the shape [batch, channels, …], but has [4]");
        says(
            Tensor::zeros([1, 4]),
            training,
            "more than one value for each channel is needed, but the input has shape [1, 4]",
        );
        says(Tensor::zeros([2, 4]), BatchNormOptions::default(), "running_mean and running_var are needed");
        says(
            Tensor::zeros([2, 4, 5]),
            BatchNormOptions { weight: Some(&three), ..training },
            "the weight must have the shape [4] for an input of shape [2, 4, 5], but has [3]",
        );
        says(Tensor::arange(0, 8).reshape([2, 4]), training, "the input is int64");
    }
}
