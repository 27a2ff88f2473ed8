//! `pad`, in all modes.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};

use super::index_select_checked;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Layout, Scalar, Tensor};

/// What [`Tensor::pad`] puts around a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PadMode {
    /// One number everywhere.
    Constant(f64),
    /// The tensor mirrored at its border elements, which are not repeated.
    Reflect,
    /// The border elements.
    Replicate,
    /// The tensor once more, from its other end.
    Circular,
}

/// The padding of one dimension, in front and behind.
#[derive(Clone, Copy, Debug)]
struct Side {
    dim: usize,
    before: isize,
    after: isize,
}

impl Side {
    fn padded(self, size: usize) -> isize {
        size as isize + self.before + self.after
    }

    /// `x` without what a negative padding cuts off.
    fn cropped(self, x: &Tensor) -> Tensor {
        let (front, back) = (self.before.min(0), self.after.min(0));
        match (front, back) {
            (0, 0) => x.clone(),
            _ => x.narrow(self.dim as isize, -front, (x.shape()[self.dim] as isize + front + back) as usize),
        }
    }

    fn positive(self) -> Self {
        Self { before: self.before.max(0), after: self.after.max(0), ..self }
    }
}

/// One number around a tensor; no padding is negative.
struct ConstantPad {
    sides: Vec<Side>,
    value: f64,
}

impl Operation for ConstantPad {
    const NAME: &'static str = "constant_pad_nd";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut spec = Spec::like(inputs[0]);
        for side in &self.sides {
            spec.shape.as_mut()[side.dim] = side.padded(inputs[0].shape()[side.dim]) as usize;
        }
        Ok(spec)
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let whole = Layout::contiguous(spec.shape.clone());
        let offset = self.sides.iter().map(|side| side.before as usize * whole.strides[side.dim]).sum();
        let (storage, source) = (inputs[0].storage(), inputs[0].layout());
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            out.fill(T::from_f64(self.value).into_stored());
            let operand = Operand { data: T::slice(&storage), offset: source.offset, strides: &source.strides };
            strided::assign(&source.shape, operand, &mut out, offset, &whole.strides);
            Tensor::from_buffer::<T>(out, whole)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| {
            self.sides.iter().fold(grad.clone(), |inner, side| {
                let length = inner.shape()[side.dim] - (side.before + side.after) as usize;
                inner.narrow(side.dim as isize, side.before, length)
            })
        })
    }
}

/// [`Tensor::pad`], for layers that tell of a refusal themselves.
pub(crate) fn try_pad(x: &Tensor, padding: &Dims, mode: PadMode) -> Result<Tensor, ShapeError> {
    let sides = pad_rule(x, padding, mode)?;
    let PadMode::Constant(value) = mode else {
        return Ok(sides.iter().fold(x.clone(), |x, side| repeated(&x, *side, mode)));
    };
    let inner = sides.iter().fold(x.clone(), |x, side| side.cropped(&x));
    let sides: Vec<Side> = sides.iter().map(|side| side.positive()).collect();
    if sides.iter().all(|side| (side.before, side.after) == (0, 0)) {
        return Ok(inner);
    }
    Ok(apply(ConstantPad { sides, value }, &[&inner]))
}

impl Tensor {
    /// The tensor with elements put around it, or, where the padding is negative, cut off:
    /// [`torch.nn.functional.pad`](https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html).
    ///
    /// # Args
    /// - `padding`: pairs of how many in front and behind, the last dimension first: `[left, right, top, bottom]` pads
    ///   images.
    /// - `mode`: what is put there.
    ///
    /// # Panics
    /// If the numbers are not pairs or are too many, more is cut off than there is, or, when reflecting, the padding is
    /// not smaller than the dimension, or, when going round, is larger.
    ///
    /// # Examples
    /// ```
    /// use jimu::{PadMode, Tensor};
    /// let x = Tensor::new([1, 2, 3]);
    /// assert_eq!(x.pad([1, 2], PadMode::Constant(0.0)).to_vec::<i64>(), [0, 1, 2, 3, 0, 0]);
    /// assert_eq!(x.pad([2, 1], PadMode::Reflect).to_vec::<i64>(), [3, 2, 1, 2, 3, 2]);
    /// assert_eq!(x.pad([2, -1], PadMode::Replicate).to_vec::<i64>(), [1, 1, 1, 2]);
    /// assert_eq!(x.pad([1, 1], PadMode::Circular).to_vec::<i64>(), [3, 1, 2, 3, 1]);
    /// ```
    #[track_caller]
    pub fn pad(&self, padding: impl Into<Dims>, mode: PadMode) -> Tensor {
        try_pad(self, &padding.into(), mode).or_raise()
    }

    /// [`pad`](Self::pad) with one number: `F.pad(x, padding, value=value)`.
    ///
    /// # Panics
    /// As [`pad`](Self::pad).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([1, 28, 28]).pad_constant([2, 2, 2, 2], 0).size(), [1, 32, 32]);
    /// ```
    #[track_caller]
    pub fn pad_constant(&self, padding: impl Into<Dims>, value: impl Into<Scalar>) -> Tensor {
        self.pad(padding, PadMode::Constant(value.into().to_f64()))
    }
}

/// One dimension padded with the tensor's own elements.
fn repeated(x: &Tensor, side: Side, mode: PadMode) -> Tensor {
    // Going round starts after the cut; the others look at the whole tensor.
    let (x, side) = match mode {
        PadMode::Circular => (side.cropped(x), side.positive()),
        _ => (x.clone(), side),
    };
    let last = x.shape()[side.dim] as isize - 1;
    let source = |position: isize| match mode {
        PadMode::Reflect => last - (last - position.abs()).abs(),
        PadMode::Circular => position.rem_euclid(last + 1),
        PadMode::Replicate | PadMode::Constant(_) => position.clamp(0, last),
    };
    let positions: Vec<i64> = (-side.before..=last + side.after).map(|position| source(position) as i64).collect();
    let count = positions.len();
    index_select_checked(&x, side.dim, &Tensor::from_vec(positions, count))
}

fn pad_rule(x: &Tensor, padding: &Dims, mode: PadMode) -> Result<Vec<Side>, ShapeError> {
    let shape = x.shape();
    if !padding.len().is_multiple_of(2) || padding.len() > 2 * x.dim() {
        let count = padding.len();
        return Err(ShapeError::new("pad", format!("{count} numbers do not pad a tensor of shape {shape}"))
            .help("give two for each dimension that is padded, the last dimension first"));
    }
    let sides = padding.chunks(2).enumerate().map(|(index, pair)| {
        let side = Side { dim: x.dim() - 1 - index, before: pair[0], after: pair[1] };
        side_rule(x, side, mode).map(|()| side)
    });
    sides.collect()
}

fn side_rule(x: &Tensor, side: Side, mode: PadMode) -> Result<(), ShapeError> {
    let (shape, size) = (x.shape(), x.shape()[side.dim]);
    let (before, after) = (side.before, side.after);
    let cut = before.min(0) + after.min(0);
    let told = format!("a padding of ({before}, {after}) in dimension {} of a tensor of shape {shape}", side.dim);
    if side.padded(size) < 0 || (size as isize) + cut < 0 && !matches!(mode, PadMode::Replicate) {
        return Err(ShapeError::new("pad", format!("{told} cuts off more than there is"))
            .help(format!("cut off at most {size}")));
    }
    let longest = before.max(after);
    let limit = match mode {
        PadMode::Constant(_) => return Ok(()),
        PadMode::Reflect => size as isize - 1,
        PadMode::Circular => size as isize,
        PadMode::Replicate if size > 0 => return Ok(()),
        PadMode::Replicate => 0,
    };
    match longest > limit {
        true => Err(ShapeError::new("pad", format!("{told} asks for elements that are not there"))
            .help(format!("pad by at most {limit} in this mode"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let modes = [PadMode::Constant(2.0), PadMode::Reflect, PadMode::Replicate, PadMode::Circular];
        for mode in modes {
            check(|x| x[0].pad([1, 2, -1, 1], mode) * x[1], &[&variable([2, 3, 4]), &variable([2, 3, 7])]);
        }
    }

    #[test]
    fn every_mode_in_two_dimensions() {
        let x = Tensor::arange(1, 7).reshape([2, 3]);
        let reflected = [5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5];
        assert_eq!(x.pad([1, 1, 1, 0], PadMode::Reflect).to_vec::<i64>(), reflected);
        assert_eq!(x.pad([-1, 1], PadMode::Circular).to_vec::<i64>(), [2, 3, 2, 5, 6, 5]);
        assert_eq!(x.pad([5, -4], PadMode::Replicate).to_vec::<i64>(), [1, 1, 1, 1, 4, 4, 4, 4]);
        assert_eq!(x.pad([-1, 1, 1, -1], PadMode::Constant(9.0)).to_vec::<i64>(), [9, 9, 9, 2, 3, 9]);
        assert_eq!(x.pad([3, 0], PadMode::Circular).to_vec::<i64>(), [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    }

    #[test]
    #[should_panic(expected = "pad: a padding of (3, 0) in dimension 1 of a tensor of shape [2, 3] asks for elements")]
    fn reflection_needs_elements() {
        Tensor::zeros([2, 3]).pad([3, 0], PadMode::Reflect);
    }

    #[test]
    #[should_panic(expected = "pad: 3 numbers do not pad a tensor of shape [2, 3]")]
    fn padding_comes_in_pairs() {
        Tensor::zeros([2, 3]).pad([1, 2, 3], PadMode::Replicate);
    }
}
