//! Adaptive pooling: as many windows as the result has pixels, as even as the sizes allow.
//!
//! Window i of m over a size of s runs from ⌊i·s / m⌋ to ⌈(i + 1)·s / m⌉. Where m divides s this is plain pooling.

use jimu_kernels::conv2d::Activation;
use jimu_kernels::pool2d::Geometry;

use super::avg_pool2d::try_avg_pool;
use super::images::Images;
use super::interpolate::averaged;
use super::max_pool2d::pooled;
use super::pair::{Extent, Pair};
use super::pool_options::AvgPoolOptions;
use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::{gather_checked, index_select_checked};
use crate::tensor::Tensor;

/// The height and width of the result of adaptive pooling: one number for both, or two, of which `None` keeps the
/// input's size.
///
/// ```
/// use jimu::nn::{AdaptiveAvgPool2d, Forward, OutputSize};
/// use jimu::Tensor;
/// let layer = AdaptiveAvgPool2d::new((Some(3), None));
/// assert_eq!(layer.forward(&Tensor::zeros([1, 2, 9, 5])).size(), [1, 2, 3, 5]);
/// assert_eq!(OutputSize::from(7), OutputSize::from([7, 7]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputSize(pub(crate) [Option<usize>; 2]);

impl From<usize> for OutputSize {
    fn from(both: usize) -> Self {
        Self([Some(both); 2])
    }
}

impl From<[usize; 2]> for OutputSize {
    fn from(sizes: [usize; 2]) -> Self {
        Self(sizes.map(Some))
    }
}

impl From<(usize, usize)> for OutputSize {
    fn from((height, width): (usize, usize)) -> Self {
        Self([Some(height), Some(width)])
    }
}

impl From<[Option<usize>; 2]> for OutputSize {
    fn from(sizes: [Option<usize>; 2]) -> Self {
        Self(sizes)
    }
}

impl From<(Option<usize>, Option<usize>)> for OutputSize {
    fn from((height, width): (Option<usize>, Option<usize>)) -> Self {
        Self([height, width])
    }
}

/// The means of `output_size` even windows:
/// [`torch.nn.functional.adaptive_avg_pool1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html).
/// The layer is [`AdaptiveAvgPool1d`](crate::nn::AdaptiveAvgPool1d).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l). Output: (n, c, output_size) or without n.
///
/// # Panics
/// If the rank is another, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::adaptive_avg_pool1d};
/// assert_eq!(adaptive_avg_pool1d(&Tensor::new([[1.0, 2.0, 6.0]]), 2).to_vec::<f32>(), [1.5, 4.0]);
/// ```
#[track_caller]
pub fn adaptive_avg_pool1d(x: &Tensor, output_size: usize) -> Tensor {
    try_adaptive_avg_pool::<usize>(x, output_size.into()).or_raise()
}

/// The means of even windows, as many as `output_size` says:
/// [`torch.nn.functional.adaptive_avg_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html).
/// The layer is [`AdaptiveAvgPool2d`](crate::nn::AdaptiveAvgPool2d).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w). Output: (n, c, h', w') or without n, h' and w' being `output_size`.
///
/// # Panics
/// If the rank is another, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::adaptive_avg_pool2d};
/// assert_eq!(adaptive_avg_pool2d(&Tensor::new([[[1.0, 2.0], [4.0, 3.0]]]), 1).item(), 2.5);
/// ```
#[track_caller]
pub fn adaptive_avg_pool2d(x: &Tensor, output_size: impl Into<OutputSize>) -> Tensor {
    try_adaptive_avg_pool::<Pair>(x, output_size.into()).or_raise()
}

/// The maxima of `output_size` even windows, and where each was:
/// [`torch.nn.functional.adaptive_max_pool1d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html)
/// with `return_indices=True`. The layer is [`AdaptiveMaxPool1d`](crate::nn::AdaptiveMaxPool1d).
///
/// # Shape
/// - `x`: (n, c, l) or (c, l). Outputs: (n, c, output_size) or without n.
///
/// # Panics
/// If the rank is another, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::adaptive_max_pool1d};
/// let (values, indices) = adaptive_max_pool1d(&Tensor::new([[1.0, 2.0, 6.0]]), 2);
/// assert_eq!((values.to_vec::<f32>(), indices.to_vec::<i64>()), (vec![2.0, 6.0], vec![1, 2]));
/// ```
#[track_caller]
pub fn adaptive_max_pool1d(x: &Tensor, output_size: usize) -> (Tensor, Tensor) {
    try_adaptive_max_pool::<usize>(x, output_size.into()).or_raise()
}

/// The maxima of even windows, as many as `output_size` says, and where in its plane each was, `row * width + column`:
/// [`torch.nn.functional.adaptive_max_pool2d`](https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html)
/// with `return_indices=True`. The layer is [`AdaptiveMaxPool2d`](crate::nn::AdaptiveMaxPool2d).
///
/// # Shape
/// - `x`: (n, c, h, w) or (c, h, w). Outputs: (n, c, h', w') or without n, h' and w' being `output_size`.
///
/// # Panics
/// If the rank is another, or the elements are not real numbers.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::adaptive_max_pool2d};
/// let (value, index) = adaptive_max_pool2d(&Tensor::new([[[1.0, 2.0], [4.0, 3.0]]]), 1);
/// assert_eq!((value.item(), index.item()), (4.0, 2.0));
/// ```
#[track_caller]
pub fn adaptive_max_pool2d(x: &Tensor, output_size: impl Into<OutputSize>) -> (Tensor, Tensor) {
    try_adaptive_max_pool::<Pair>(x, output_size.into()).or_raise()
}

pub(crate) fn try_adaptive_avg_pool<S: Extent>(x: &Tensor, output_size: OutputSize) -> Result<Tensor, ShapeError> {
    let name = if S::DIMENSIONS == 1 { "adaptive_avg_pool1d" } else { "adaptive_avg_pool2d" };
    let x = Images::of::<S>(x, name)?;
    let windows = Windows::new::<S>(&x, output_size, name)?;
    Ok(x.back(&match windows.even() {
        Some(Geometry { kernel, .. }) => try_avg_pool(&x.images, &AvgPoolOptions::<Pair>::new(kernel))?,
        None => (0..2).fold(x.images.clone(), |x, axis| averaged(&x, 2 + axis, windows.output[axis])),
    }))
}

pub(crate) fn try_adaptive_max_pool<S: Extent>(
    x: &Tensor,
    output_size: OutputSize,
) -> Result<(Tensor, Tensor), ShapeError> {
    let name = if S::DIMENSIONS == 1 { "adaptive_max_pool1d" } else { "adaptive_max_pool2d" };
    let x = Images::of::<S>(x, name)?;
    let windows = Windows::new::<S>(&x, output_size, name)?;
    let (values, indices) = match windows.even() {
        Some(geometry) => pooled(&x.images, geometry, Activation::Identity, true),
        None => {
            let indices = windows.maxima(&x.images);
            (picked(&x.images, &indices), Some(indices))
        }
    };
    Ok((x.back(&values), x.back(&indices.expect("indices were asked for"))))
}

/// The pixels of images [n, c, h, w] at positions in their planes.
fn picked(x: &Tensor, indices: &Tensor) -> Tensor {
    gather_checked(&x.flatten(2..), 2, &indices.flatten(2..)).reshape(indices.size())
}

/// The windows over images.
struct Windows {
    batch: usize,
    channels: usize,
    input: [usize; 2],
    output: [usize; 2],
}

impl Windows {
    fn new<S: Extent>(x: &Images, OutputSize(wanted): OutputSize, name: &str) -> Result<Self, ShapeError> {
        let sizes = x.images.shape();
        let input = [sizes[2], sizes[3]];
        if input.contains(&0) {
            let problem = format!("there is nothing to pool in an input of shape {}", x.shape());
            return Err(ShapeError::new(name, problem).help("give at least one pixel"));
        }
        let dtype = x.images.dtype();
        if !dtype.is_floating_point() {
            return Err(ShapeError::new(name, format!("the input is {dtype}")).help("convert it with x.to(DType::F32)"));
        }
        let mut output = [0, 1].map(|axis| wanted[axis].unwrap_or(input[axis]));
        if S::DIMENSIONS == 1 {
            output[0] = 1;
        }
        Ok(Self { batch: sizes[0], channels: sizes[1], input, output })
    }

    /// Plain pooling, if the windows are all alike.
    fn even(&self) -> Option<Geometry> {
        let &Self { batch, channels, input, output } = self;
        if (0..2).any(|axis| output[axis] == 0 || !input[axis].is_multiple_of(output[axis])) {
            return None;
        }
        let kernel = [0, 1].map(|axis| input[axis] / output[axis]);
        Some(Geometry { batch, channels, input, output, kernel, stride: kernel, padding: [0; 2], dilation: [1; 2] })
    }

    /// For each window along an axis its positions; shorter windows repeat their last.
    fn positions(&self, axis: usize) -> Vec<i64> {
        let (input, output) = (self.input[axis], self.output[axis]);
        let window = |at: usize| (at * input / output, ((at + 1) * input).div_ceil(output));
        let longest = (0..output).map(|at| window(at).1 - window(at).0).max().unwrap_or(0);
        (0..output)
            .flat_map(|at| (0..longest).map(move |step| (window(at).0 + step).min(window(at).1 - 1) as i64))
            .collect()
    }

    /// The position in its plane of the largest pixel of each window.
    fn maxima(&self, x: &Tensor) -> Tensor {
        let [height, width] = self.output;
        let shape = [self.batch, self.channels, height, width];
        if x.is_meta() || shape.contains(&0) {
            return if x.is_meta() {
                Tensor::empty_meta(shape, DType::I64)
            } else {
                Tensor::zeros_of(shape, DType::I64)
            };
        }
        no_grad(|| {
            let (rows, columns) = (self.positions(0), self.positions(1));
            let [tall, wide] = [rows.len() / height, columns.len() / width];
            let in_plane: Vec<i64> = rows
                .iter()
                .flat_map(|row| columns.iter().map(move |column| row * self.input[1] as i64 + column))
                .collect();
            // [.., window row, row in the window, window column, column in the window] with the window's pixels last.
            let windows = |planes: Tensor, count: usize| {
                planes.reshape([count, height, tall, width, wide]).permute([0, 1, 3, 2, 4]).flatten(3..)
            };
            let picked = index_select_checked(x, 2, &Tensor::from(rows));
            let picked = index_select_checked(&picked, 3, &Tensor::from(columns));
            let largest = windows(picked, self.batch * self.channels).argmax_dim(3, true);
            let in_plane =
                windows(Tensor::from(in_plane), 1).expand([(self.batch * self.channels) as isize, -1, -1, -1]);
            gather_checked(&in_plane, 3, &largest).reshape(shape)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        for size in [(2, 2), (3, 2), (5, 7), (1, 1)] {
            let x = variable([2, 1, 5, 4]);
            check(|x| adaptive_avg_pool2d(x[0], size), &[&x]);
            check(|x| adaptive_max_pool2d(x[0], size).0, &[&x]);
        }
        check(|x| adaptive_max_pool1d(x[0], 2).0, &[&variable([2, 3])]);
        check(|x| adaptive_avg_pool1d(x[0], 4), &[&variable([1, 2, 3])]);
    }

    #[test]
    fn windows_share_pixels_and_the_first_maximum_wins() {
        let x = Tensor::new([[[3.0, 1.0, 3.0], [0.0, 3.0, 2.0]]]);
        let (values, indices) = adaptive_max_pool2d(&x, (Some(1), Some(2)));
        assert_eq!((values.to_vec::<f32>(), indices.to_vec::<i64>()), (vec![3.0, 3.0], vec![0, 2]));
        let (values, indices) = adaptive_max_pool2d(&x, (None, Some(2)));
        assert_eq!((values.to_vec::<f32>(), indices.to_vec::<i64>()), (vec![3.0, 3.0, 3.0, 3.0], vec![0, 2, 4, 4]));
    }

    #[test]
    fn no_windows_give_nothing() {
        assert_eq!(adaptive_avg_pool2d(&Tensor::zeros([2, 3, 4, 4]), (0, 2)).size(), [2, 3, 0, 2]);
        assert_eq!(adaptive_max_pool2d(&Tensor::zeros([2, 3, 4, 4]), (3, 0)).0.size(), [2, 3, 3, 0]);
        assert_eq!(adaptive_max_pool2d(&Tensor::empty_meta([2, 3, 4, 4], DType::F32), 3).1.size(), [2, 3, 3, 3]);
    }

    #[test]
    #[should_panic(expected = "adaptive_avg_pool2d: the input must have the shape [batch, channels, height, width]")]
    fn refusal() {
        adaptive_avg_pool2d(&Tensor::zeros([4, 4]), 1);
    }
}
