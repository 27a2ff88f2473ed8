//! `Upsample`, `UpsamplingNearest2d` and `UpsamplingBilinear2d`.

use super::builders::{builders, python_float};
use super::field::Label;
use super::{Forward, Module};
use crate::error::{OrRaise, ShapeError};
use crate::ops::nn::interpolate::{Interpolate, InterpolateMode, try_interpolate};
use crate::tensor::Tensor;

/// Signals, images or volumes in another size:
/// [`torch.nn.Upsample`](https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html).
///
/// # Args
/// - [`to_size`](Self::to_size) or [`by_scale`](Self::by_scale): PyTorch's `size` or `scale_factor`; one number for all
///   dimensions or one for each.
/// - [`mode`](Self::mode): by default the nearest element. `linear`, `bilinear` and `trilinear` are one mode here.
/// - [`align_corners`](Self::align_corners): whether the first and last elements stay where they are, by default no.
/// - [`recompute_scale_factor`](Self::recompute_scale_factor): whether positions follow from the whole sizes even if
///   factors are given, by default no.
///
/// # Shape
/// - Input: (n, c, l), (n, c, h, w) or (n, c, d, h, w); output: each size times its factor, rounded down, or as asked.
///
/// # Examples
/// ```
/// use jimu::InterpolateMode;
/// use jimu::{Tensor, nn::{Forward, Upsample}};
/// let x = Tensor::new([[[1.0, 3.0]]]);
/// assert_eq!(Upsample::by_scale([2.0]).forward(&x).to_vec::<f32>(), [1.0, 1.0, 3.0, 3.0]);
/// let linear = Upsample::to_size([3]).mode(InterpolateMode::Linear).align_corners(true);
/// assert_eq!(linear.forward(&x).to_vec::<f32>(), [1.0, 2.0, 3.0]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Upsample {
    label: Label,
    #[module(skip)]
    options: Interpolate,
}

impl Upsample {
    /// To these sizes; a single one is for all dimensions.
    pub fn to_size(sizes: impl Into<Vec<usize>>) -> Self {
        Self { label: Label::default(), options: Interpolate::to_size(sizes) }
    }

    /// By these factors; a single one is for all dimensions.
    pub fn by_scale(factors: impl Into<Vec<f64>>) -> Self {
        Self { label: Label::default(), options: Interpolate::by_scale(factors) }
    }

    builders! {
        /// How values between elements are found.
        mode(InterpolateMode);
        /// Whether the first and last elements stay where they are (linear and bicubic only).
        align_corners(bool);
        /// Whether positions follow from the whole sizes even if factors are given.
        recompute_scale_factor(bool);
    }

    fn extra_repr(&self) -> String {
        let mode = match self.options.kind() {
            InterpolateMode::Nearest => "nearest",
            InterpolateMode::NearestExact => "nearest-exact",
            InterpolateMode::Linear => "linear",
            InterpolateMode::Bicubic => "bicubic",
            InterpolateMode::Area => "area",
        };
        repr(&self.options, mode)
    }
}

impl Forward for Upsample {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_interpolate(x, &self.options).map_err(|error| error.told_by(self.label.describe("Upsample"))).or_raise()
    }
}

fn repr(options: &Interpolate, mode: &str) -> String {
    let tuple = |numbers: Vec<String>| match numbers.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    match options.target() {
        Ok(sizes) => format!("size={}, mode='{mode}'", tuple(sizes.iter().map(usize::to_string).collect())),
        Err(factors) => {
            format!(
                "scale_factor={}, mode='{mode}'",
                tuple(factors.iter().map(|&factor| python_float(factor)).collect())
            )
        }
    }
}

/// The two layers that PyTorch keeps for images.
macro_rules! upsampling_2d {
    ($(#[$doc:meta])* $layer:ident, $mode:literal, |$options:ident| $fix:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Module)]
        #[module(extra_repr)]
        pub struct $layer {
            label: Label,
            #[module(skip)]
            options: Interpolate,
        }

        impl $layer {
            /// To this height and width, or to one number for both.
            pub fn to_size(sizes: impl Into<Vec<usize>>) -> Self {
                let $options = Interpolate::to_size(sizes);
                Self { label: Label::default(), options: $fix }
            }

            /// By these factors of height and width, or by one for both.
            pub fn by_scale(factors: impl Into<Vec<f64>>) -> Self {
                let $options = Interpolate::by_scale(factors);
                Self { label: Label::default(), options: $fix }
            }

            fn extra_repr(&self) -> String {
                repr(&self.options, $mode)
            }
        }

        impl Forward for $layer {
            #[track_caller]
            fn forward(&self, x: &Tensor) -> Tensor {
                let _scope = self.label.enter();
                images_only(x)
                    .and_then(|()| try_interpolate(x, &self.options))
                    .map_err(|error| error.told_by(self.label.describe(stringify!($layer))))
                    .or_raise()
            }
        }
    };
}

fn images_only(x: &Tensor) -> Result<(), ShapeError> {
    if x.dim() == 4 {
        return Ok(());
    }
    let problem = format!("the input must have the shape [batch, channels, height, width], but has {}", x.shape());
    Err(ShapeError::new("interpolate", problem).help("use Upsample for signals and volumes"))
}

upsampling_2d! {
    /// Images in another size, each pixel the nearest of the input:
    /// [`torch.nn.UpsamplingNearest2d`](https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html).
    ///
    /// # Args
    /// - [`to_size`](Self::to_size) or [`by_scale`](Self::by_scale).
    ///
    /// # Shape
    /// - Input: (n, c, h, w); output: height and width times their factors, rounded down, or as asked.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, UpsamplingNearest2d}};
    /// let y = UpsamplingNearest2d::by_scale([2.0]).forward(&Tensor::new([[[[1.0, 3.0]]]]));
    /// assert_eq!(y.to_vec::<f32>(), [1.0, 1.0, 3.0, 3.0, 1.0, 1.0, 3.0, 3.0]);
    /// ```
    UpsamplingNearest2d, "nearest", |options| options
}

upsampling_2d! {
    /// Images in another size, interpolated between the corners, which stay where they are:
    /// [`torch.nn.UpsamplingBilinear2d`](https://pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html).
    ///
    /// # Args
    /// - [`to_size`](Self::to_size) or [`by_scale`](Self::by_scale).
    ///
    /// # Shape
    /// - Input: (n, c, h, w); output: height and width times their factors, rounded down, or as asked.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Tensor, nn::{Forward, UpsamplingBilinear2d}};
    /// let y = UpsamplingBilinear2d::to_size([1, 3]).forward(&Tensor::new([[[[1.0, 3.0]]]]));
    /// assert_eq!(y.to_vec::<f32>(), [1.0, 2.0, 3.0]);
    /// ```
    UpsamplingBilinear2d, "bilinear", |options| options.mode(InterpolateMode::Linear).align_corners(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_as_in_pytorch() {
        assert_eq!(Upsample::by_scale([2.0]).to_string(), "Upsample(scale_factor=2.0, mode='nearest')");
        let layer = UpsamplingBilinear2d::to_size([2, 3]);
        assert_eq!(layer.to_string(), "UpsamplingBilinear2d(size=(2, 3), mode='bilinear')");
    }

    #[test]
    #[should_panic(expected = "Upsample: 2 sizes or factors do not fit 1 dimensions")]
    fn refusal() {
        Upsample::to_size([2, 3]).forward(&Tensor::zeros([1, 1, 4]));
    }

    #[test]
    #[should_panic(
        expected = "UpsamplingNearest2d: the input must have the shape [batch, channels, height, width], but has [1, 1, 4]"
    )]
    fn images_are_needed() {
        UpsamplingNearest2d::to_size([2]).forward(&Tensor::zeros([1, 1, 4]));
    }
}
