//! Each direction by the file of its path.

use super::windows::Output;
use super::{
    Activation, ConvElement, Geometry, Path, batch_innermost, channels_innermost, direct, gemm, winograd, winograd_rows,
};

/// [`super::forward`] of a type.
pub(super) fn forward<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let pixels = |y| Output::Pixels(activation, y);
    match path {
        Path::BatchInnermost => batch_innermost::forward(geometry, x, weight, bias, pixels(y)),
        Path::WinogradRows => winograd_rows::forward(geometry, x, weight, bias, pixels(y)),
        Path::Winograd => winograd::forward(geometry, x, weight, bias, activation, y),
        Path::ChannelsInnermost => channels_innermost::forward(geometry, x, weight, bias, activation, y),
        Path::ChannelsFromPlanes => channels_innermost::forward_from_planes(geometry, x, weight, bias, activation, y),
        Path::Gemm => gemm::forward(geometry, x, weight, bias, activation, y),
        Path::Direct => direct::forward(geometry, x, weight, bias, activation, y),
    }
}

/// [`super::backward_input`] of a type.
pub(super) fn backward_input<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    grad_y: &[T],
    weight: &[T],
    grad_x: &mut [T],
) {
    let backward = match path {
        Path::BatchInnermost => batch_innermost::backward_input,
        Path::WinogradRows => winograd_rows::backward_input,
        Path::Winograd => winograd::backward_input,
        Path::ChannelsInnermost | Path::ChannelsFromPlanes => channels_innermost::backward_input,
        Path::Gemm => gemm::backward_input,
        Path::Direct => direct::backward_input,
    };
    backward(geometry, grad_y, weight, grad_x);
}

/// [`super::backward_weight`] of a type.
pub(super) fn backward_weight<T: ConvElement>(
    geometry: &Geometry,
    path: Path,
    x: &[T],
    grad_y: &[T],
    grad_weight: &mut [T],
) {
    let backward = match path {
        Path::BatchInnermost => batch_innermost::backward_weight,
        Path::WinogradRows => winograd_rows::backward_weight,
        Path::Winograd => winograd::backward_weight,
        Path::ChannelsInnermost | Path::ChannelsFromPlanes => channels_innermost::backward_weight,
        Path::Gemm => gemm::backward_weight,
        Path::Direct => direct::backward_weight,
    };
    backward(geometry, x, grad_y, grad_weight);
}
