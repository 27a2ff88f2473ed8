//! `interpolate`: images, signals and volumes in another size.
//!
//! Every mode works on one dimension at a time: each element of the result is a weighted sum of a few neighbours along
//! it ([`Taps`]), and the gradient runs through the same sums the other way round.

use std::sync::Arc;

use jimu_kernels::buffer::Buffer;

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_float;
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::{Lanes, index_select_checked};
use crate::ops::numeric::Elementary;
use crate::tensor::{Layout, Tensor};

/// How [`Tensor::interpolate`] finds a value between elements. `linear`, `bilinear` and `trilinear` are one mode here:
/// the number of dimensions tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InterpolateMode {
    /// The element before, as PyTorch's `nearest` (and OpenCV's) has it.
    #[default]
    Nearest,
    /// The element whose centre is nearest, as Pillow has it.
    NearestExact,
    /// Between the two neighbours in each dimension.
    Linear,
    /// A cubic through the four neighbours in each dimension (Keys, 1981, with a = -0.75).
    Bicubic,
    /// The mean of all elements that the result's element covers.
    Area,
}

#[derive(Clone, Debug, PartialEq)]
enum Target {
    Sizes(Vec<usize>),
    Scales(Vec<f64>),
}

/// The options of [`Tensor::interpolate`].
///
/// ```
/// use jimu::{Interpolate, InterpolateMode, Tensor};
/// let options = Interpolate::to_size([4, 6]).mode(InterpolateMode::Linear).align_corners(true);
/// assert_eq!(Tensor::zeros([1, 3, 2, 2]).interpolate(&options).size(), [1, 3, 4, 6]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolate {
    target: Target,
    mode: InterpolateMode,
    align_corners: bool,
    recompute_scale_factor: bool,
    antialias: bool,
}

impl Interpolate {
    fn new(target: Target) -> Self {
        let mode = InterpolateMode::Nearest;
        Self { target, mode, align_corners: false, recompute_scale_factor: false, antialias: false }
    }

    /// To these sizes of the dimensions after the first two; a single one is for all.
    pub fn to_size(sizes: impl Into<Vec<usize>>) -> Self {
        Self::new(Target::Sizes(sizes.into()))
    }

    /// By these factors, rounded down to whole sizes; a single one is for all dimensions.
    pub fn by_scale(factors: impl Into<Vec<f64>>) -> Self {
        Self::new(Target::Scales(factors.into()))
    }

    /// How values between elements are found.
    pub fn mode(mut self, mode: InterpolateMode) -> Self {
        self.mode = mode;
        self
    }

    /// Whether the first and last elements stay where they are (linear and bicubic only), rather than the outer edges of
    /// the elements.
    pub fn align_corners(mut self, align: bool) -> Self {
        self.align_corners = align;
        self
    }

    /// Whether positions follow from the whole sizes even if factors are given.
    pub fn recompute_scale_factor(mut self, recompute: bool) -> Self {
        self.recompute_scale_factor = recompute;
        self
    }

    /// Whether a smaller result averages over all it covers (linear and bicubic only), as Pillow does.
    pub fn antialias(mut self, antialias: bool) -> Self {
        self.antialias = antialias;
        self
    }

    /// What [`mode`](Self::mode) has set.
    pub(crate) fn kind(&self) -> InterpolateMode {
        self.mode
    }

    /// The sizes asked for, or the factors.
    pub(crate) fn target(&self) -> Result<&[usize], &[f64]> {
        match &self.target {
            Target::Sizes(sizes) => Ok(sizes),
            Target::Scales(scales) => Err(scales),
        }
    }

    /// How dimension number `index` of those resized, of `size` elements, changes.
    fn axis(&self, index: usize, size: usize) -> Axis {
        let output = match &self.target {
            Target::Sizes(sizes) => sizes[index.min(sizes.len() - 1)],
            Target::Scales(scales) => (size as f64 * scales[index.min(scales.len() - 1)]).floor() as usize,
        };
        let scale = match &self.target {
            Target::Scales(scales) if !self.recompute_scale_factor => 1.0 / scales[index.min(scales.len() - 1)],
            _ => size as f64 / output as f64,
        };
        Axis { input: size, output, scale }
    }

    fn taps(&self, axis: Axis) -> Taps {
        match self.mode {
            InterpolateMode::Nearest => axis.nearest(0.0),
            InterpolateMode::NearestExact => axis.nearest(0.5),
            InterpolateMode::Area => axis.area(),
            InterpolateMode::Linear if self.antialias => axis.smoothed(self.align_corners, 1.0, triangle),
            InterpolateMode::Bicubic if self.antialias => axis.smoothed(self.align_corners, 2.0, |x| cubic(x, -0.5)),
            InterpolateMode::Linear => axis.linear(self.align_corners),
            InterpolateMode::Bicubic => axis.bicubic(self.align_corners),
        }
    }
}

/// One dimension of the input and of the result, and the distance in the input between neighbours of the result.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    output: usize,
    scale: f64,
}

/// For each position of the result, the positions of the input and their weights.
#[derive(Debug, Default)]
struct Taps(Vec<Vec<(usize, f64)>>);

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

/// Keys' cubic convolution kernel, 1 at 0, 0 at the other whole numbers.
fn cubic(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((x - 5.0) * x + 8.0) * x * a - 4.0 * a
    } else {
        0.0
    }
}

impl Axis {
    fn each(self, taps: impl Fn(usize) -> Vec<(usize, f64)>) -> Taps {
        Taps((0..self.output).map(taps).collect())
    }

    /// The distance in the input between neighbours of the result.
    fn step(self, align_corners: bool) -> f64 {
        match (align_corners, self.output) {
            (false, _) => self.scale,
            (true, 0 | 1) => 0.0,
            (true, output) => (self.input - 1) as f64 / (output - 1) as f64,
        }
    }

    /// Where position `at` of the result lies in the input.
    fn source(self, at: usize, align_corners: bool) -> f64 {
        let step = self.step(align_corners);
        if align_corners { at as f64 * step } else { (at as f64 + 0.5) * step - 0.5 }
    }

    fn nearest(self, centre: f32) -> Taps {
        // In f32 as PyTorch computes it: which element is nearest can turn on the last bit.
        let position = |at: usize| match self.input == self.output {
            true => at,
            false => (((at as f32 + centre) * self.scale as f32).floor() as usize).min(self.input - 1),
        };
        self.each(|at| vec![(position(at), 1.0)])
    }

    fn linear(self, align_corners: bool) -> Taps {
        self.each(|at| {
            let source = self.source(at, align_corners).max(0.0);
            let first = (source.floor() as usize).min(self.input - 1);
            let weight = (source - first as f64).min(1.0);
            vec![(first, 1.0 - weight), ((first + 1).min(self.input - 1), weight)]
        })
    }

    fn bicubic(self, align_corners: bool) -> Taps {
        self.each(|at| {
            let source = self.source(at, align_corners);
            let first = source.floor() - 1.0;
            let tap = |k: usize| {
                let position = first + k as f64;
                (position.clamp(0.0, (self.input - 1) as f64) as usize, cubic(source - position, -0.75))
            };
            (0..4).map(tap).collect()
        })
    }

    fn area(self) -> Taps {
        self.each(|at| {
            let (start, end) = (at * self.input / self.output, ((at + 1) * self.input).div_ceil(self.output));
            (start..end).map(|position| (position, 1.0 / (end - start) as f64)).collect()
        })
    }

    /// A kernel that reaches `reach` elements of the result to each side, so that a smaller result covers the input.
    fn smoothed(self, align_corners: bool, reach: f64, kernel: impl Fn(f64) -> f64) -> Taps {
        let step = self.step(align_corners);
        let stretch = step.max(1.0);
        self.each(|at| {
            let centre = step * (at as f64 + 0.5);
            let start = (centre - reach * stretch + 0.5).max(0.0) as usize;
            let end = ((centre + reach * stretch + 0.5) as usize).min(self.input);
            let weight = |position: usize| kernel((position as f64 - centre + 0.5) / stretch);
            let sum: f64 = (start..end).map(weight).sum();
            (start..end).map(|position| (position, weight(position) / sum)).collect()
        })
    }
}

/// Weighted sums along `dim`, from the input to the result or, `transposed`, back.
struct Resample {
    dim: usize,
    taps: Arc<Taps>,
    input: usize,
    transposed: bool,
}

impl Operation for Resample {
    const NAME: &'static str = "interpolate";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut spec = Spec::like(inputs[0]);
        spec.shape.as_mut()[self.dim] = if self.transposed { self.input } else { self.taps.0.len() };
        Ok(spec)
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[0].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::zeroed(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| {
                to.for_each_block(&mut out, |block, out: &mut [T]| {
                    let source = &source[block * from.block()..][..from.block()];
                    for (at, taps) in self.taps.0.iter().enumerate() {
                        for &(position, weight) in taps {
                            let (read, write) = if self.transposed { (at, position) } else { (position, at) };
                            let row = &source[read * from.inner..][..from.inner];
                            let target = &mut out[write * to.inner..][..to.inner];
                            let weight = T::of(weight);
                            target.iter_mut().zip(row).for_each(|(target, &element)| *target += weight * element);
                        }
                    }
                });
            });
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let (taps, transposed) = (self.taps.clone(), !self.transposed);
        context.first(|| apply(Resample { dim: self.dim, taps, input: self.input, transposed }, &[grad]))
    }
}

/// `x` with dimension `dim` in `output` means of even windows: what adaptive pooling does along it.
pub(super) fn averaged(x: &Tensor, dim: usize, output: usize) -> Tensor {
    let input = x.shape()[dim];
    let taps = Arc::new(Axis { input, output, scale: 1.0 }.area());
    apply(Resample { dim, taps, input, transposed: false }, &[x])
}

impl Tensor {
    /// The tensor resized along all dimensions but the first two:
    /// [`torch.nn.functional.interpolate`](https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html).
    ///
    /// # Shape
    /// `(N, C, …)` with one to three further dimensions, which take the sizes that the options ask for.
    ///
    /// # Panics
    /// If the shape or the options do not fit, or, but for the nearest modes, the elements are not real numbers.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Interpolate, InterpolateMode, Tensor};
    /// let x = Tensor::new([[[1.0, 3.0]]]);
    /// assert_eq!(x.interpolate(&Interpolate::by_scale([2.0])).to_vec::<f32>(), [1.0, 1.0, 3.0, 3.0]);
    /// let linear = Interpolate::to_size([3]).mode(InterpolateMode::Linear).align_corners(true);
    /// assert_eq!(x.interpolate(&linear).to_vec::<f32>(), [1.0, 2.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn interpolate(&self, options: &Interpolate) -> Tensor {
        try_interpolate(self, options).or_raise()
    }
}

/// [`Tensor::interpolate`], for layers that tell of a refusal themselves.
pub(crate) fn try_interpolate(x: &Tensor, options: &Interpolate) -> Result<Tensor, ShapeError> {
    interpolate_rule(x, options)?;
    Ok((2..x.dim()).fold(x.clone(), |x, dim| {
        let axis = options.axis(dim - 2, x.shape()[dim]);
        let taps = options.taps(axis);
        if matches!(options.mode, InterpolateMode::Nearest | InterpolateMode::NearestExact) {
            let positions: Vec<i64> = taps.0.iter().map(|taps| taps[0].0 as i64).collect();
            return index_select_checked(&x, dim, &Tensor::from(positions));
        }
        apply(Resample { dim, taps: Arc::new(taps), input: axis.input, transposed: false }, &[&x])
    }))
}

fn interpolate_rule(x: &Tensor, options: &Interpolate) -> Result<(), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("interpolate", problem).help(help));
    let (shape, mode) = (x.shape(), options.mode);
    if !(3..=5).contains(&x.dim()) || x.numel() == 0 {
        return refuse(
            format!("elements of shape (N, C, …) are needed, but the shape is {shape}"),
            "give 3 to 5 dimensions",
        );
    }
    let given = match &options.target {
        Target::Sizes(sizes) => sizes.len(),
        Target::Scales(scales) => scales.len(),
    };
    if given != 1 && given != x.dim() - 2 {
        let dims = x.dim() - 2;
        return refuse(
            format!("{given} sizes or factors do not fit {dims} dimensions"),
            "give one for each, or one for all",
        );
    }
    if (2..x.dim()).any(|dim| options.axis(dim - 2, shape[dim]).output == 0) {
        return refuse("the result would have no elements".into(), "give sizes of at least 1");
    }
    let smooth = matches!(mode, InterpolateMode::Linear | InterpolateMode::Bicubic);
    if !smooth && (options.align_corners || options.antialias) {
        return refuse(format!("align_corners and antialias mean nothing to {mode:?}"), "leave them out");
    }
    if mode == InterpolateMode::Bicubic && x.dim() != 4 {
        return refuse(format!("bicubic resizes images (N, C, H, W), but the shape is {shape}"), "use another mode");
    }
    let nearest = matches!(mode, InterpolateMode::Nearest | InterpolateMode::NearestExact);
    if !nearest && !x.dtype().is_floating_point() {
        return refuse(
            format!("the result is real, but the elements are {}", x.dtype()),
            "convert them with to(DType::F32)",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        use InterpolateMode::{Area, Bicubic, Linear, Nearest, NearestExact};
        for mode in [Nearest, NearestExact, Linear, Bicubic, Area] {
            let options = Interpolate::to_size([2, 5]).mode(mode);
            check(|x| x[0].interpolate(&options) * x[1], &[&variable([1, 2, 3, 3]), &variable([2, 5])]);
        }
        let options = Interpolate::to_size([2]).mode(Bicubic).antialias(true);
        check(|x| x[0].interpolate(&options), &[&variable([1, 1, 5, 4])]);
    }

    #[test]
    fn a_constant_stays_constant() {
        use InterpolateMode::{Area, Bicubic, Linear};
        for (mode, antialias) in [(Area, false), (Linear, false), (Bicubic, false), (Linear, true), (Bicubic, true)] {
            let options = Interpolate::by_scale([0.6, 1.7]).mode(mode).antialias(antialias);
            let y = Tensor::full([1, 1, 7, 5], 3.0).interpolate(&options);
            assert_eq!(y.size(), [1, 1, 4, 8]);
            assert!(y.to_vec::<f32>().iter().all(|y| (y - 3.0).abs() < 1e-5), "{mode:?}");
        }
    }

    #[test]
    fn whole_numbers_have_nearest_neighbours() {
        let x = Tensor::arange(0, 5).reshape([1, 1, 5]);
        let shrink = |mode| x.interpolate(&Interpolate::to_size([3]).mode(mode)).to_vec::<i64>();
        assert_eq!(shrink(InterpolateMode::Nearest), [0, 1, 3]);
        assert_eq!(shrink(InterpolateMode::NearestExact), [0, 2, 4]);
    }

    #[test]
    #[should_panic(expected = "interpolate: align_corners and antialias mean nothing to Nearest")]
    fn refusal() {
        Tensor::zeros([1, 1, 4]).interpolate(&Interpolate::to_size([2]).align_corners(true));
    }
}
