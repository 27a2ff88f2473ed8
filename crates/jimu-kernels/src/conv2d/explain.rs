//! How a convolution is computed, in words.

use super::{Activation, ConvElement, Geometry, Layout, Path, winograd, winograd_rows};
use crate::log;

/// What is computed of a convolution.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Forward,
    BackwardInput,
    BackwardWeight,
}

/// Such as `conv2d forward 64x64x32x32 * 128x64x3x3 pad 1: winograd F(4x4,3x3), channels innermost`.
pub(super) fn line<T: ConvElement>(geometry: &Geometry, path: Path, part: Part, activation: Activation) -> String {
    let part_name = match part {
        Part::Forward => "forward",
        Part::BackwardInput => "backward input",
        Part::BackwardWeight => "backward weight",
    };
    let input = log::sizes(&[geometry.batch, geometry.in_channels, geometry.input[0], geometry.input[1]]);
    let kernel = geometry.kernel;
    let weight = log::sizes(&[geometry.out_channels, geometry.group_inputs(), kernel[0], kernel[1]]);
    let options = options::<T>(geometry, activation);
    let layout = match path.layout() {
        Layout::Nchw => "width innermost",
        Layout::Nhwc => "channels innermost",
        Layout::Chwn => "batch innermost",
    };
    let from = match part {
        Part::Forward if path.reads() != path.layout() => " from plain images",
        _ => "",
    };
    format!("conv2d {part_name} {input} * {weight}{options}: {}, {layout}{from}", way::<T>(geometry, path, part))
}

/// The same, where the windows of 2x2 behind it are pooled by the same tasks.
pub(super) fn pooled_line<T: ConvElement>(geometry: &Geometry, path: Path, part: Part) -> String {
    format!("{}, max_pool2d 2x2 relu by the same tasks", line::<T>(geometry, path, part, Activation::Identity))
}

fn options<T>(geometry: &Geometry, activation: Activation) -> String {
    let padding = match geometry.padding {
        [[top, bottom], [left, right]] if top == bottom && left == right => log::option("pad", [top, left], 0),
        [[top, bottom], [left, right]] => format!(" pad {top}+{bottom}x{left}+{right}"),
    };
    let groups = if geometry.groups == 1 { String::new() } else { format!(" groups {}", geometry.groups) };
    let activation = if activation == Activation::Relu { " relu" } else { "" };
    let [stride, dilation] = [("stride", geometry.stride), ("dilation", geometry.dilation)]
        .map(|(name, values)| log::option(name, values, 1));
    format!("{stride}{padding}{dilation}{groups}{activation}{}", log::element::<T>())
}

fn way<T: ConvElement>(geometry: &Geometry, path: Path, part: Part) -> &'static str {
    let produced = if part == Part::BackwardInput { geometry.input } else { geometry.output() };
    match path {
        Path::BatchInnermost | Path::ChannelsInnermost | Path::ChannelsFromPlanes | Path::Direct => "direct",
        Path::WinogradRows if part == Part::Forward && winograd_rows::sums_are_short(geometry) => "direct",
        Path::WinogradRows if part == Part::BackwardWeight && winograd_rows::slides::<T>(geometry) => "direct",
        Path::WinogradRows => "winograd along the rows",
        Path::Winograd if winograd::fills_large_tiles(produced) => "winograd F(4x4,3x3)",
        Path::Winograd => "winograd F(2x2,3x3)",
        Path::Gemm => "matrix product of patches",
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    const GEOMETRY: Geometry = Geometry {
        batch: 64,
        in_channels: 64,
        out_channels: 128,
        groups: 1,
        input: [32, 32],
        kernel: [3, 3],
        stride: [1, 1],
        padding: [[1, 1], [1, 1]],
        dilation: [1, 1],
    };

    fn line_of(geometry: Geometry) -> String {
        line::<f32>(&geometry, plan(&geometry), Part::Forward, Activation::Identity)
    }

    #[test]
    fn sizes_options_and_paths_are_told() {
        let expected = "conv2d forward 64x64x32x32 * 128x64x3x3 pad 1: winograd F(4x4,3x3), channels innermost";
        assert_eq!(line_of(GEOMETRY), expected);
        let strided = Geometry { stride: [2, 1], padding: [[0, 1], [2, 2]], dilation: [2, 2], ..GEOMETRY };
        let expected =
            "conv2d forward 64x64x32x32 * 128x64x3x3 stride 2x1 pad 0+1x2+2 dilation 2: direct, channels innermost";
        assert_eq!(line_of(strided), expected);
        let grouped = Geometry { groups: 64, batch: 1, ..GEOMETRY };
        let found = line::<f64>(&grouped, plan(&grouped), Part::BackwardWeight, Activation::Relu);
        let expected =
            "conv2d backward weight 1x64x32x32 * 128x1x3x3 pad 1 groups 64 relu f64: direct, width innermost";
        assert_eq!(found, expected);
        let planes = |part| {
            line::<f32>(&Geometry { batch: 1, ..GEOMETRY }, Path::ChannelsFromPlanes, part, Activation::Identity)
        };
        assert!(planes(Part::Forward).ends_with(": direct, channels innermost from plain images"));
        assert!(planes(Part::BackwardInput).ends_with(": direct, channels innermost"));
    }

    #[test]
    fn pooling_by_the_same_tasks_is_told() {
        let expected = "conv2d forward 64x64x32x32 * 128x64x3x3 pad 1: direct, batch innermost, max_pool2d 2x2 relu by the \
                        same tasks";
        assert_eq!(pooled_line::<f32>(&GEOMETRY, Path::BatchInnermost, Part::Forward), expected);
    }

    #[test]
    fn small_images_take_small_tiles_where_the_transform_does() {
        let small = Geometry { input: [2, 2], padding: [[2, 2], [2, 2]], ..GEOMETRY };
        let of = |part| line::<f32>(&small, Path::Winograd, part, Activation::Identity);
        assert!(of(Part::Forward).contains("F(4x4,3x3)") && of(Part::BackwardInput).contains("F(2x2,3x3)"));
    }
}
