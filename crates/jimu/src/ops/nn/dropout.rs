//! `dropout` and its relatives.

use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

/// The slope of [`selu`](super::selu::selu) far below 0, negated: the λ·α of self-normalizing networks.
const SATURATION: f64 = 1.758_099_340_847_376_6;

pub(crate) fn check_probability(p: f64, name: &str) -> Result<(), ShapeError> {
    match (0.0..=1.0).contains(&p) {
        true => Ok(()),
        false => Err(ShapeError::new(name, format!("p is {p}")).help("choose a probability from 0 to 1")),
    }
}

/// 1 with probability 1 - p, 0 else.
fn kept(shape: impl Into<Shape>, p: f64, dtype: DType) -> Tensor {
    Tensor::rand(shape).ge(p).to(dtype)
}

/// `x` with what a mask of the shape `mask` zeroes, scaled so that the mean stays.
fn drop(x: &Tensor, mask: impl Into<Shape>, p: f64) -> Tensor {
    match p {
        _ if x.is_meta() => x.clone(),
        1.0 => x * 0.0,
        _ => x * (kept(mask, p, x.dtype()) / (1.0 - p)),
    }
}

/// Zeroes each element with probability `p` and divides the rest by 1 - p, if `training`; passes its input on otherwise:
/// [`torch.nn.functional.dropout`](https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html).
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If `p` is not from 0 to 1.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let y = F::dropout(&Tensor::ones([100]), 0.5, true).to_vec::<f32>();
/// assert!(y.iter().all(|&y| y == 0.0 || y == 2.0));
/// assert_eq!(F::dropout(&Tensor::ones([2]), 0.5, false).to_vec::<f32>(), [1.0, 1.0]);
/// ```
#[track_caller]
pub fn dropout(x: &Tensor, p: f64, training: bool) -> Tensor {
    check_probability(p, "dropout").or_raise();
    if training && p > 0.0 { drop(x, x.size(), p) } else { x.clone() }
}

/// The sizes of a mask with one element for each channel of an input with `spatial` dimensions after the channels.
fn channel_mask(x: &Tensor, spatial: usize, name: &str) -> Result<Vec<usize>, ShapeError> {
    let batched = match x.dim() {
        rank if rank == spatial + 2 => 2,
        rank if rank == spatial + 1 => 1,
        _ => {
            let shape = x.shape();
            let problem =
                format!("the input must have {} or {} dimensions, but has shape {shape}", spatial + 1, spatial + 2);
            return Err(ShapeError::new(name, problem).help("use Dropout to zero single elements of any input"));
        }
    };
    Ok(x.shape().iter().enumerate().map(|(dim, &size)| if dim < batched { size } else { 1 }).collect())
}

#[track_caller]
fn channel_dropout(x: &Tensor, p: f64, training: bool, spatial: usize, name: &str) -> Tensor {
    check_probability(p, name).or_raise();
    let mask = channel_mask(x, spatial, name).or_raise();
    if training && p > 0.0 { drop(x, mask, p) } else { x.clone() }
}

macro_rules! channel_dropout {
    ($name:ident, $spatial:literal, $shapes:literal, $url:literal, $example:literal) => {
        #[doc = concat!("Zeroes each channel with probability `p` and divides the rest by 1 - p, if `training`: [`torch.nn.functional.", stringify!($name), "`](", $url, ").")]
        ///
        /// # Shape
        #[doc = concat!($shapes, "; the result has the same.")]
        ///
        /// # Panics
        /// If `p` is not from 0 to 1, or the input has another number of dimensions.
        ///
        /// # Examples
        /// ```
        /// use jimu::{Tensor, nn::functional as F};
        #[doc = concat!("let y = F::", stringify!($name), "(&Tensor::ones(", $example, "), 0.5, true);")]
        /// let y = y.reshape([10, 4]).to_vec::<f32>();
        /// assert!(y.chunks(4).all(|channel| channel == [0.0; 4] || channel == [2.0; 4]));
        /// ```
        #[track_caller]
        pub fn $name(x: &Tensor, p: f64, training: bool) -> Tensor {
            channel_dropout(x, p, training, $spatial, stringify!($name))
        }
    };
}
channel_dropout!(
    dropout1d,
    1,
    "(n, c, l) or (c, l)",
    "https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html",
    "[2, 5, 4]"
);
channel_dropout!(
    dropout2d,
    2,
    "(n, c, h, w) or (c, h, w)",
    "https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html",
    "[2, 5, 2, 2]"
);
channel_dropout!(
    dropout3d,
    3,
    "(n, c, d, h, w) or (c, d, h, w)",
    "https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html",
    "[2, 5, 1, 2, 2]"
);

/// `x` with elements set to the value that [`selu`](super::selu::selu) tends to, and all of it scaled and shifted so that
/// mean 0 and variance 1 stay.
fn alpha_drop(x: &Tensor, mask: impl Into<Shape>, p: f64) -> Tensor {
    match p {
        _ if x.is_meta() => return x.clone(),
        1.0 => return x * 0.0,
        _ => {}
    }
    let scale = 1.0 / ((SATURATION * SATURATION * p + 1.0) * (1.0 - p)).sqrt();
    let kept = kept(mask, p, x.dtype());
    let shift = (&kept - 1.0) * (SATURATION * scale) + SATURATION * scale * p;
    x * (kept * scale) + shift
}

/// Sets each element with probability `p` to the value that SELU tends to, and scales and shifts all so that mean 0 and
/// variance 1 stay, if `training`:
/// [`torch.nn.functional.alpha_dropout`](https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html).
///
/// # Shape
/// Any; the result has the same.
///
/// # Panics
/// If `p` is not from 0 to 1.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let y = F::alpha_dropout(&Tensor::randn([20000]), 0.2, true);
/// assert!(y.mean().item().abs() < 0.05 && (y.var().item() - 1.0).abs() < 0.1);
/// ```
#[track_caller]
pub fn alpha_dropout(x: &Tensor, p: f64, training: bool) -> Tensor {
    check_probability(p, "alpha_dropout").or_raise();
    if training && p > 0.0 { alpha_drop(x, x.size(), p) } else { x.clone() }
}

/// [`alpha_dropout`] of whole channels:
/// [`torch.nn.functional.feature_alpha_dropout`](https://pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html).
///
/// # Shape
/// (n, c, …); the result has the same.
///
/// # Panics
/// If `p` is not from 0 to 1, or there are fewer than two dimensions.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let y = F::feature_alpha_dropout(&Tensor::ones([2, 5, 4]), 0.5, true).to_vec::<f32>();
/// assert!(y.chunks(4).all(|channel| channel == [channel[0]; 4]));
/// ```
#[track_caller]
pub fn feature_alpha_dropout(x: &Tensor, p: f64, training: bool) -> Tensor {
    let name = "feature_alpha_dropout";
    check_probability(p, name).or_raise();
    let mask = channel_mask(x, x.dim().saturating_sub(2), name).or_raise();
    if training && p > 0.0 { alpha_drop(x, mask, p) } else { x.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_and_the_mean_are_as_asked() {
        let y = dropout(&Tensor::ones([20_000]), 0.3, true);
        let dropped = y.eq(0.0).to(DType::F32).mean().item();
        assert!((dropped - 0.3).abs() < 0.02 && (y.mean().item() - 1.0).abs() < 0.03);
    }

    #[test]
    fn the_gradient_is_zero_where_the_output_is() {
        let x = Tensor::ones([100]).requires_grad_();
        let y = dropout(&x, 0.5, true);
        y.sum().backward();
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), y.to_vec::<f32>());
    }

    #[test]
    fn everything_or_nothing() {
        let x = Tensor::new([1.0, -2.0]);
        assert_eq!(dropout(&x, 1.0, true).to_vec::<f32>(), [0.0, -0.0]);
        assert_eq!(dropout(&x, 0.0, true).to_vec::<f32>(), [1.0, -2.0]);
        assert_eq!(alpha_dropout(&x, 1.0, true).to_vec::<f32>(), [0.0, -0.0]);
    }

    #[test]
    #[should_panic(expected = "dropout2d: the input must have 3 or 4 dimensions, but has shape [2, 3]")]
    fn refusal() {
        dropout2d(&Tensor::zeros([2, 3]), 0.5, true);
    }
}
