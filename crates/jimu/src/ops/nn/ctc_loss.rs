//! `ctc_loss`: all ways in which a long sequence can spell a short one.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::threads::parallel_chunks_mut;

use super::loss::Reduction;
use crate::autograd::{Context, Gradients, NoDerivative, Operation, Saves, Spec, apply, apply_without_derivative};
use crate::dtype::{DType, Element, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Tensor};

/// The options of [`ctc_loss`]; the defaults are PyTorch's.
#[derive(Clone, Copy, Debug, Default)]
pub struct CTCLossOptions {
    /// The class that stands for nothing, by default 0.
    pub blank: usize,
    /// What becomes of the losses of the samples. Their mean is of the losses divided by the lengths of their targets.
    pub reduction: Reduction,
    /// Whether losses that are infinite, since a target does not fit its input, are 0 and have no gradient.
    pub zero_infinity: bool,
}

/// The sequences of a batch, and their lengths.
#[derive(Clone)]
struct Sequences {
    /// Of each sample: blank, first label, blank, …, last label, blank.
    states: Vec<Vec<usize>>,
    steps: Vec<usize>,
    zero_infinity: bool,
}

impl Sequences {
    /// The loss of one sample: minus the logarithm of the probability of its target.
    fn loss(&self, sample: usize, at: impl Fn(usize, usize) -> f64) -> f64 {
        let states = &self.states[sample];
        let loss = match self.steps[sample] {
            // No step spells no label.
            0 if states.len() == 1 => 0.0,
            0 => f64::INFINITY,
            steps => {
                let last = &forwards(states, steps, at)[(steps - 1) * states.len()..];
                -last.iter().rev().take(2).copied().fold(f64::NEG_INFINITY, log_add)
            }
        };
        if self.zero_infinity && loss == f64::INFINITY { 0.0 } else { loss }
    }

    /// The gradient of one sample's loss, (steps, classes), for a cotangent of 1.
    fn gradient(&self, sample: usize, classes: usize, at: impl Fn(usize, usize) -> f64 + Copy) -> Vec<f64> {
        let (states, steps) = (&self.states[sample], self.steps[sample]);
        if steps == 0 {
            return Vec::new();
        }
        let forwards = forwards(states, steps, at);
        // From the end: the same walk, with time and states turned round.
        let turned: Vec<usize> = states.iter().rev().copied().collect();
        let backwards = self::forwards(&turned, steps, |step, class| at(steps - 1 - step, class));
        let count = states.len();
        let loss = -forwards.iter().rev().take(2.min(count)).copied().fold(f64::NEG_INFINITY, log_add);
        if self.zero_infinity && loss == f64::INFINITY {
            return vec![0.0; steps * classes];
        }
        let mut gradient = vec![f64::NEG_INFINITY; steps * classes];
        for (step, row) in gradient.chunks_mut(classes).enumerate() {
            for (state, &class) in states.iter().enumerate() {
                let through = forwards[step * count + state] + backwards[(steps - step) * count - 1 - state];
                row[class] = log_add(row[class], through);
            }
            for (class, through) in row.iter_mut().enumerate() {
                let log_probability = at(step, class);
                *through = log_probability.exp() - (*through + loss - log_probability).exp();
            }
        }
        gradient
    }
}

/// For each step and state, the logarithm of the probability of all ways that lead there.
fn forwards(states: &[usize], steps: usize, at: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let count = states.len();
    let mut ways = vec![f64::NEG_INFINITY; steps * count];
    for (state, &class) in states.iter().enumerate().take(2) {
        ways[state] = at(0, class);
    }
    for step in 1..steps {
        let (before, now) = ways[(step - 1) * count..].split_at_mut(count);
        for (state, &class) in states.iter().enumerate() {
            let mut sum = before[state];
            if state >= 1 {
                sum = log_add(sum, before[state - 1]);
            }
            // A blank can be passed over between two labels that differ.
            if state >= 2 && states[state - 2] != class {
                sum = log_add(sum, before[state - 2]);
            }
            now[state] = sum + at(step, class);
        }
    }
    ways
}

/// ln(eᵃ + eᵇ).
fn log_add(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if small == f64::NEG_INFINITY { large } else { large + (small - large).exp().ln_1p() }
}

/// The loss of each sample.
struct CtcLoss {
    sequences: Sequences,
}

impl Operation for CtcLoss {
    const NAME: &'static str = "ctc_loss";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), [inputs[0].shape()[1]]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (batch, classes) = (inputs[0].shape()[1], inputs[0].shape()[2]);
        dispatch_float!(spec.dtype, T => inputs[0].with_contiguous::<T, _>(|x| {
            let mut out = Buffer::unspecified(batch);
            parallel_chunks_mut(&mut out, 1, |sample, out| {
                let at = |step: usize, class: usize| x[(step * batch + sample) * classes + class].to_f64();
                out[0] = T::from_f64(self.sequences.loss(sample, at));
            });
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        }))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| {
            let backward = CtcLossBackward { sequences: self.sequences.clone() };
            apply_without_derivative(backward, &[&context.input(0), grad])
        })
    }
}

/// The gradient of the log-probabilities. PyTorch has no derivative of it, either.
struct CtcLossBackward {
    sequences: Sequences,
}

impl NoDerivative for CtcLossBackward {
    const NAME: &'static str = "ctc_loss_backward";

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let [steps, batch, classes] = [0, 1, 2].map(|dim| spec.shape[dim]);
        dispatch_float!(spec.dtype, T => inputs[0].with_contiguous::<T, _>(|x| inputs[1].with_contiguous::<T, _>(|grad| {
            // Sample by sample; steps past a sample's end have a gradient of 0.
            let mut out = Buffer::zeroed(spec.shape.numel());
            parallel_chunks_mut(&mut out, (steps * classes).max(1), |sample, out| {
                let at = |step: usize, class: usize| x[(step * batch + sample) * classes + class].to_f64();
                let gradient = self.sequences.gradient(sample, classes, at);
                let factor = grad[sample].to_f64();
                let zeroed = self.sequences.zero_infinity;
                out.iter_mut().zip(gradient).for_each(|(out, gradient)| {
                    *out = T::from_f64(if zeroed && gradient == 0.0 { 0.0 } else { gradient * factor });
                });
            });
            let by_sample = Layout::contiguous([batch, steps, classes].into());
            Tensor::from_buffer::<T>(out, by_sample).transpose(0, 1)
        })))
    }
}

/// The connectionist temporal classification loss: minus the logarithm of the probability that the steps of a sequence, once
/// neighbours that are equal are joined and blanks left out, spell its target:
/// [`torch.nn.functional.ctc_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html) (Graves et
/// al., *Connectionist temporal classification*, 2006).
///
/// As in PyTorch, the gradient is that of log-probabilities that come from a log-softmax, and there is no second one.
///
/// # Shape
/// - `log_probs`: (t, n, c), or (t, c) for one sequence: the logarithms of the classes' probabilities at each step.
/// - `targets`: (n, s), padded, or all targets one after the other (sum of `target_lengths`); (s) for one sequence. In `i64`,
///   without blanks.
/// - `input_lengths`, `target_lengths`: (n), or 0-d for one sequence; each at most t and s.
/// - Output: 0-d, or (n) with [`Reduction::None`].
///
/// # Panics
/// If the shapes, types, lengths or classes do not fit.
///
/// # Examples
/// ```
/// use jimu::nn::functional::ctc_loss;
/// use jimu::Tensor;
/// // Two steps, and classes blank, a, b that are equally likely: "a" is spelt by "a-", "-a" and "aa".
/// let log_probs = Tensor::zeros([2, 1, 3]).log_softmax(-1);
/// let (targets, lengths) = (Tensor::new([[1]]), Tensor::new([1]));
/// let loss = ctc_loss(&log_probs, &targets, &Tensor::new([2]), &lengths, &Default::default());
/// assert!((loss.item() + (3.0f64 / 9.0).ln()).abs() < 1e-6);
/// ```
#[track_caller]
pub fn ctc_loss(
    log_probs: &Tensor,
    targets: &Tensor,
    input_lengths: &Tensor,
    target_lengths: &Tensor,
    options: &CTCLossOptions,
) -> Tensor {
    let batched = log_probs.dim() != 2;
    let x = if batched { log_probs.clone() } else { log_probs.unsqueeze(1) };
    let sequences = sequences(&x, targets, [input_lengths, target_lengths], options).or_raise();
    let losses = apply(CtcLoss { sequences }, &[&x]);
    match options.reduction {
        Reduction::Mean => {
            let lengths = target_lengths.to(DType::I64).reshape([-1]).clamp_min(1);
            (losses / lengths.to(log_probs.dtype())).mean()
        }
        Reduction::Sum => losses.sum(),
        Reduction::None if batched => losses,
        Reduction::None => losses.squeeze_dim(0),
    }
}

fn sequences(
    x: &Tensor,
    targets: &Tensor,
    [input_lengths, target_lengths]: [&Tensor; 2],
    options: &CTCLossOptions,
) -> Result<Sequences, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("ctc_loss", problem).help(help));
    if x.dim() != 3 || !x.dtype().is_floating_point() {
        return refuse(
            format!("the log-probabilities are {} of shape {}", x.dtype(), x.shape()),
            "give real numbers of shape [t, n, c], or [t, c] for one sequence: the output of log_softmax",
        );
    }
    let [steps, batch, classes] = [0, 1, 2].map(|dim| x.shape()[dim]);
    if options.blank >= classes {
        return refuse(
            format!("the blank is class {}, but there are {classes} classes", options.blank),
            "give a class that the log-probabilities have",
        );
    }
    let input_lengths = lengths("input_lengths", input_lengths, batch, steps)?;
    let target_lengths = lengths("target_lengths", target_lengths, batch, usize::MAX)?;
    let states = states(targets, &target_lengths, classes, options.blank)?;
    Ok(Sequences { states, steps: input_lengths, zero_infinity: options.zero_infinity })
}

/// One length for each sample, at most `most`.
fn lengths(name: &str, lengths: &Tensor, batch: usize, most: usize) -> Result<Vec<usize>, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("ctc_loss", problem).help(help));
    if lengths.dtype().is_floating_point() || lengths.dim() > 1 || lengths.numel() != batch {
        return refuse(
            format!("{name} is {} of shape {}, but there are {batch} samples", lengths.dtype(), lengths.shape()),
            "give one whole number for each sample",
        );
    }
    let given = lengths.to(DType::I64).to_vec::<i64>();
    match given.iter().find(|&&length| length < 0 || length as usize > most) {
        Some(wrong) if most == usize::MAX => refuse(format!("{name} holds {wrong}"), "lengths are 0 or more"),
        Some(wrong) => {
            refuse(format!("{name} holds {wrong}, but there are {most} steps"), "give lengths from 0 to that")
        }
        None => Ok(given.into_iter().map(|length| length as usize).collect()),
    }
}

/// The labels of each sample, with a blank before each and one at the end.
fn states(targets: &Tensor, lengths: &[usize], classes: usize, blank: usize) -> Result<Vec<Vec<usize>>, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("ctc_loss", problem).help(help));
    let (shape, total, longest) = (targets.shape(), lengths.iter().sum(), lengths.iter().max().copied().unwrap_or(0));
    let whole = matches!(targets.dtype(), DType::I64 | DType::U8);
    let fits = match shape[..] {
        [padded] if lengths.len() == 1 => padded >= total,
        [joined] => joined == total,
        [samples, padded] => samples == lengths.len() && padded >= longest,
        _ => false,
    };
    if !whole || !fits {
        return refuse(
            format!(
                "targets of {} and shape {shape} do not fit {} targets with {total} labels",
                targets.dtype(),
                lengths.len()
            ),
            "give whole numbers: a row for each target, or all targets one after the other",
        );
    }
    let labels = targets.to(DType::I64).to_vec::<i64>();
    let mut start = 0;
    let mut all = Vec::with_capacity(lengths.len());
    for (sample, &length) in lengths.iter().enumerate() {
        let first = if shape.len() == 2 { sample * shape[1] } else { start };
        start += length;
        let mut states = vec![blank];
        for &label in &labels[first..first + length] {
            if !(0..classes as i64).contains(&label) {
                return refuse(format!("class {label} is out of range for {classes} classes"), "count classes from 0");
            }
            states.extend([label as usize, blank]);
        }
        all.push(states);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::gradcheck;

    /// The log-probabilities of the golden values, (5, 3, 4).
    fn scores() -> Tensor {
        let numbers = (0..60).map(|index| f64::from(index * 37 % 11) / 5.0 - 1.0).collect();
        Tensor::from_vec(numbers, [5, 3, 4])
    }

    fn padded() -> [Tensor; 3] {
        [Tensor::new([[1, 2, 2], [3, 1, 0], [1, 0, 0]]), Tensor::new([5, 4, 5]), Tensor::new([3, 2, 0])]
    }

    fn losses(targets: &Tensor, [inputs, lengths]: [&Tensor; 2], options: CTCLossOptions) -> Vec<f64> {
        ctc_loss(&scores().log_softmax(-1), targets, inputs, lengths, &options).to_vec::<f64>()
    }

    #[track_caller]
    fn assert_close(found: &[f64], expected: &[f64]) {
        let close = |(a, b): (&f64, &f64)| a == b || (a - b).abs() < 1e-5 || (a.is_nan() && b.is_nan());
        assert!(found.len() == expected.len() && found.iter().zip(expected).all(close), "{found:?}");
    }

    #[test]
    fn the_losses_are_those_of_pytorch() {
        let [targets, inputs, lengths] = padded();
        let with = |reduction| CTCLossOptions { reduction, ..Default::default() };
        let each = [6.219517, 2.658928, 7.21999];
        assert_close(&losses(&targets, [&inputs, &lengths], with(Reduction::None)), &each);
        assert_close(&losses(&targets, [&inputs, &lengths], with(Reduction::Sum)), &[16.098435]);
        assert_close(&losses(&targets, [&inputs, &lengths], with(Reduction::Mean)), &[3.540876]);
        let joined = Tensor::new([1, 2, 2, 3, 1]);
        assert_close(&losses(&joined, [&inputs, &lengths], with(Reduction::None)), &each);
        let one = scores().log_softmax(-1).select(1, 0);
        let loss = ctc_loss(&one, &joined.narrow(0, 0, 3), &Tensor::new(5), &Tensor::new(3), &with(Reduction::Mean));
        assert_close(&[loss.item()], &[2.073172]);
        let other = CTCLossOptions { blank: 3, reduction: Reduction::None, ..Default::default() };
        let targets = Tensor::new([[0, 1], [2, 2], [1, 0]]);
        let lengths = [&Tensor::new([5, 5, 5]), &Tensor::new([2, 2, 1])];
        assert_close(&losses(&targets, lengths, other), &[4.089213, 4.729172, 5.349815]);
    }

    #[test]
    fn the_gradient_is_that_of_pytorch() {
        let [targets, inputs, lengths] = padded();
        let x = scores().log_softmax(-1).detach().requires_grad_();
        let options = CTCLossOptions { reduction: Reduction::Sum, ..Default::default() };
        ctc_loss(&x, &targets, &inputs, &lengths, &options).backward();
        let gradient = x.grad().unwrap().to_vec::<f64>();
        assert_close(
            &gradient[..8],
            &[0.055756, -0.712613, 0.52692, 0.129937, -0.153444, 0.445486, 0.109856, -0.401898],
        );
        assert_close(&gradient[48..56], &[-0.256737, 0.445486, -0.433237, 0.244488, 0.0, 0.0, 0.0, 0.0]);
        let x = scores().requires_grad_();
        gradcheck(|x| ctc_loss(&x[0].log_softmax(-1), &targets, &inputs, &lengths, &Default::default()), &[&x])
            .unwrap();
    }

    #[test]
    fn a_target_that_does_not_fit_is_infinitely_unlikely() {
        let [targets, _, lengths] = padded();
        let inputs = Tensor::new([2, 4, 0]);
        for (zero_infinity, first, slope) in [(false, f64::INFINITY, f64::NAN), (true, 0.0, 0.0)] {
            let x = scores().log_softmax(-1).detach().requires_grad_();
            let options = CTCLossOptions { reduction: Reduction::None, zero_infinity, ..Default::default() };
            let losses = ctc_loss(&x, &targets, &inputs, &lengths, &options);
            assert_close(&losses.to_vec::<f64>(), &[first, 2.658928, 0.0]);
            losses.sum().backward();
            let gradient = x.grad().unwrap();
            assert_close(&gradient.select(1, 0).select(0, 1).to_vec::<f64>(), &[slope; 4]);
            assert_close(&gradient.select(1, 0).select(0, 2).to_vec::<f64>(), &[0.0; 4]);
        }
    }

    #[test]
    #[should_panic(expected = "ctc_loss: input_lengths holds 6, but there are 5 steps")]
    fn a_length_beyond_the_end() {
        let [targets, _, lengths] = padded();
        ctc_loss(&scores(), &targets, &Tensor::new([5, 6, 5]), &lengths, &Default::default());
    }

    #[test]
    #[should_panic(expected = "ctc_loss: class 4 is out of range for 4 classes")]
    fn a_class_out_of_range() {
        let [targets, inputs, lengths] = padded();
        ctc_loss(&scores(), &(targets + 1), &inputs, &lengths, &Default::default());
    }
}
