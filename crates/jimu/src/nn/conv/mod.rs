//! Convolutions.

mod conv1d;
mod conv2d;
mod conv_transpose1d;
mod conv_transpose2d;

pub use conv_transpose1d::ConvTranspose1d;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv1d::Conv1d;
pub use conv2d::Conv2d;

use jimu_kernels::conv2d::Activation;

use super::builders::python;
use super::field::Parameter;
use super::init;
use crate::error::{ShapeError, raise};
use crate::ops::index::{PadMode, try_pad};
use crate::ops::nn::conv_options::{ConvOptions, ConvTransposeOptions, Padding};
use crate::ops::nn::conv2d::try_conv;
use crate::ops::nn::images::Images;
use crate::ops::nn::pair::Extent;
use crate::tensor::{Dims, Shape, Tensor};

/// What is put around the input: `padding_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaddingMode {
    /// Zeros.
    #[default]
    Zeros,
    /// The input mirrored at its edge pixels.
    Reflect,
    /// The edge pixels repeated.
    Replicate,
    /// The input's other side.
    Circular,
}

/// Builders of options that must not be 0.
macro_rules! steps {
    ($layer:literal: $($(#[$doc:meta])* $name:ident($type:ty);)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// If it is 0.
        #[track_caller]
        pub fn $name(mut self, $name: $type) -> Self {
            self.options = self.options.$name($name);
            super::check_step($layer, stringify!($name), self.options.$name);
            self
        }
    )*};
}

/// The methods that all convolutions share.
macro_rules! channels_and_groups {
    ($layer:ident) => {
        impl $layer {
            /// The number of separate convolutions that the channels are divided among. Draws new filters.
            ///
            /// # Panics
            /// If the channels cannot be divided so.
            #[track_caller]
            pub fn groups(mut self, groups: usize) -> Self {
                let channels = [self.in_channels(), self.out_channels()];
                super::check_groups(stringify!($layer), channels, groups);
                let mut sizes = self.weight.size();
                sizes.as_mut()[1] = sizes[1] * self.options.groups / groups;
                self.options.groups = groups;
                (self.weight, self.bias) = super::draw(sizes, self.bias.is_some().then_some(channels[1]));
                self
            }

            /// With a bias, or without.
            pub fn bias(mut self, on: bool) -> Self {
                if on != self.bias.is_some() {
                    let fan_in = self.weight.shape()[1..].iter().product();
                    self.bias = on.then(|| super::init::default_weight([self.out_channels()], fan_in));
                }
                self
            }
        }
    };
}

/// The methods of a convolution, in whatever number of dimensions.
macro_rules! convolution {
    ($layer:ident $(, $method:item)?) => {
        super::channels_and_groups!($layer);

        impl $layer {
            /// What is put around the input.
            pub fn padding_mode(mut self, mode: PaddingMode) -> Self {
                self.padding_mode = mode;
                self
            }

            fn in_channels(&self) -> usize {
                self.weight.shape()[1] * self.options.groups
            }

            fn out_channels(&self) -> usize {
                self.weight.shape()[0]
            }

            fn extra_repr(&self) -> String {
                let ConvOptions { stride, padding, dilation, groups } = self.options;
                let (channels, padding) = ([self.in_channels(), self.out_channels()], super::repr_padding(padding));
                super::repr(channels, &self.weight, [stride, dilation], padding, "", groups, self.bias.is_some())
                    + &super::repr_mode(self.padding_mode)
            }
        }

        impl $layer {
            #[track_caller]
            fn activated(&self, x: &Tensor, activation: Activation) -> Tensor {
                if activation == Activation::Relu && x.is_meta() {
                    // What merely traces the shapes sees both.
                    return self.activated(x, Activation::Identity).relu();
                }
                let _scope = self.label.enter();
                let (name, numbers) = (stringify!($layer), (&*self.weight, self.bias.as_deref()));
                super::convolved(name, x, numbers, &self.options, self.padding_mode, activation)
                    .map_err(|error| error.told_by(self.label.describe(name)))
                    .or_raise()
            }
        }

        impl Forward for $layer {
            #[track_caller]
            fn forward(&self, x: &Tensor) -> Tensor {
                self.activated(x, Activation::Identity)
            }

            #[track_caller]
            fn forward_relu(&self, x: &Tensor) -> Tensor {
                self.activated(x, Activation::Relu)
            }

            $($method)?
        }
    };
}

/// The methods of a transposed convolution, whose output is asked for in a size of this type.
macro_rules! transposed_convolution {
    ($layer:ident, $size:ty) => {
        super::channels_and_groups!($layer);

        impl $layer {
            /// The output in this size, of those that a convolution takes to the size of the input: PyTorch's argument
            /// `output_size` of the call, which stands in for `output_padding`.
            ///
            /// # Panics
            /// If a convolution takes no such size to that of the input, or as `forward`.
            #[track_caller]
            pub fn forward_with_output_size(&self, x: &Tensor, output_size: $size) -> Tensor {
                let _scope = self.label.enter();
                super::output_padding(x, &self.weight, &self.options, output_size.into())
                    .and_then(|padding| self.transposed(x, &self.options.output_padding(padding)))
                    .map_err(|error| error.told_by(self.label.describe(stringify!($layer))))
                    .or_raise()
            }

            fn transposed<S: Extent>(
                &self,
                x: &Tensor,
                options: &ConvTransposeOptions<S>,
            ) -> Result<Tensor, ShapeError> {
                try_conv_transpose(stringify!($layer), x, &self.weight, self.bias.as_deref(), options)
            }

            fn in_channels(&self) -> usize {
                self.weight.shape()[0]
            }

            fn out_channels(&self) -> usize {
                self.weight.shape()[1] * self.options.groups
            }

            fn extra_repr(&self) -> String {
                let ConvTransposeOptions { stride, padding, output_padding, dilation, groups } = self.options;
                let shown = |size| super::repr_padding(super::Padding::Pixels(size));
                let rest = shown(output_padding).map_or_else(String::new, |size| format!(", output_padding={size}"));
                let (channels, bias) = ([self.in_channels(), self.out_channels()], self.bias.is_some());
                super::repr(channels, &self.weight, [stride, dilation], shown(padding), &rest, groups, bias)
            }
        }

        impl Forward for $layer {
            #[track_caller]
            fn forward(&self, x: &Tensor) -> Tensor {
                let _scope = self.label.enter();
                self.transposed(x, &self.options)
                    .map_err(|error| error.told_by(self.label.describe(stringify!($layer))))
                    .or_raise()
            }
        }
    };
}

use {channels_and_groups, convolution, steps, transposed_convolution};

/// Random filters of this shape and, for so many output channels, a random bias.
fn draw(sizes: Shape, outputs: Option<usize>) -> (Parameter, Option<Parameter>) {
    let fan_in = sizes[1..].iter().product();
    (init::default_weight(sizes, fan_in), outputs.map(|outputs| init::default_weight([outputs], fan_in)))
}

#[track_caller]
fn check_step<S: Extent>(layer: &str, name: &str, step: S) {
    if step.height_and_width(1).contains(&0) {
        let problem = format!("{name} is {}", step.shown());
        raise(ShapeError::new(layer, problem).help("choose numbers of at least 1"));
    }
}

#[track_caller]
fn check_groups(layer: &str, [inputs, outputs]: [usize; 2], groups: usize) {
    if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
        let problem = format!("{inputs} input and {outputs} output channels do not divide into {groups} groups");
        raise(ShapeError::new(layer, problem).help("make both numbers of channels multiples of groups"));
    }
}

/// A convolution whose padding is not always zeros.
fn convolved<S: Extent>(
    name: &str,
    x: &Tensor,
    (weight, bias): (&Tensor, Option<&Tensor>),
    options: &ConvOptions<S>,
    mode: PaddingMode,
    activation: Activation,
) -> Result<Tensor, ShapeError> {
    let (x, options) = padded(name, x, weight, options, mode)?;
    try_conv(name, &x, weight, bias, &options, activation)
}

/// The input of a convolution whose padding is not always zeros, and what is then left to it.
fn padded<S: Extent>(
    name: &str,
    x: &Tensor,
    weight: &Tensor,
    options: &ConvOptions<S>,
    mode: PaddingMode,
) -> Result<(Tensor, ConvOptions<S>), ShapeError> {
    let mode = match mode {
        PaddingMode::Zeros => return Ok((x.clone(), *options)),
        PaddingMode::Reflect => PadMode::Reflect,
        PaddingMode::Replicate => PadMode::Replicate,
        PaddingMode::Circular => PadMode::Circular,
    };
    let kernel = S::of_last(weight.shape()).height_and_width(1);
    let [[top, bottom], [left, right]] = options.pixels(kernel, name)?;
    let sides = Dims::from(&[left, right, top, bottom][..2 * S::DIMENSIONS]);
    Ok((try_pad(x, &sides, mode)?, options.padding(Padding::Valid)))
}

/// What stands between the parentheses: the parts that differ are told by `padding` and `rest`.
fn repr<S: Extent>(
    [inputs, outputs]: [usize; 2],
    weight: &Tensor,
    [stride, dilation]: [S; 2],
    padding: Option<String>,
    rest: &str,
    groups: usize,
    bias: bool,
) -> String {
    let kernel = S::of_last(weight.shape()).tuple();
    let mut text = format!("{inputs}, {outputs}, kernel_size={kernel}, stride={}", stride.tuple());
    if let Some(padding) = padding {
        text += &format!(", padding={padding}");
    }
    if dilation != S::from(1) {
        text += &format!(", dilation={}", dilation.tuple());
    }
    text += rest;
    if groups != 1 {
        text += &format!(", groups={groups}");
    }
    if !bias {
        text += &format!(", bias={}", python(bias));
    }
    text
}

/// The padding as printed, unless it is none.
fn repr_padding<S: Extent>(padding: Padding<S>) -> Option<String> {
    match padding {
        Padding::Same => Some("same".to_owned()),
        Padding::Valid => Some("valid".to_owned()),
        Padding::Pixels(pixels) => (pixels != S::from(0)).then(|| pixels.tuple()),
    }
}

/// The padding mode as printed, unless it is the usual one.
fn repr_mode(mode: PaddingMode) -> String {
    match mode {
        PaddingMode::Zeros => String::new(),
        mode => format!(", padding_mode={}", format!("{mode:?}").to_lowercase()),
    }
}

/// The output padding that gives a transposed convolution of `x` this output size.
fn output_padding<S: Extent>(
    x: &Tensor,
    weight: &Tensor,
    options: &ConvTransposeOptions<S>,
    size: S,
) -> Result<S, ShapeError> {
    let name = "ConvTranspose";
    let input = Images::of::<S>(x, name)?.images;
    let kernel = S::of_last(weight.shape()).height_and_width(1);
    let [stride, dilation, wanted] = [options.stride, options.dilation, size].map(|size| size.height_and_width(1));
    let padding = options.padding.height_and_width(0);
    let smallest = [0, 1].map(|axis| {
        let full = input.shape()[2 + axis].saturating_sub(1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1;
        full.saturating_sub(2 * padding[axis])
    });
    let largest = [0, 1].map(|axis| smallest[axis] + stride[axis].saturating_sub(1));
    if (0..2).any(|axis| wanted[axis] < smallest[axis] || wanted[axis] > largest[axis]) {
        let [wanted, smallest, largest] = [wanted, smallest, largest].map(|size| S::of_last(&size).shown());
        let problem = format!("the output cannot have the size {wanted}, only from {smallest} to {largest}");
        return Err(ShapeError::new(name, problem)
            .help("ask for a size that a convolution with these options takes to the size of the input"));
    }
    Ok(S::of_last(&[0, 1].map(|axis| wanted[axis] - smallest[axis])))
}
