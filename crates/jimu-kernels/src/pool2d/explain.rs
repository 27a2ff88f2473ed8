//! How a pooling is computed, in words.

use super::{Geometry, Planes, is_halving};
use crate::conv2d::Layout;
use crate::log;

/// Such as `max_pool2d forward 64x6x28x28 window 2x2 stride 2: four pixels at once, lanes of 64`; `name` is
/// that of the operation.
pub(super) fn line<T>(name: &str, geometry: &Geometry, layout: Layout) -> String {
    let Geometry { batch, channels, input, kernel, stride, padding, dilation, .. } = *geometry;
    let way = if name.starts_with("max") && is_halving(geometry) { "four pixels at once" } else { "tap by tap" };
    format!(
        "{name} {} window {}{}{}{}{}: {way}, lanes of {}",
        log::sizes(&[batch, channels, input[0], input[1]]),
        log::sizes(&kernel),
        log::option("stride", stride, 1),
        log::option("pad", padding, 0),
        log::option("dilation", dilation, 1),
        log::element::<T>(),
        Planes::new(geometry, layout).lanes
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_paths_are_told() {
        let pool = Geometry {
            batch: 64,
            channels: 6,
            input: [28, 28],
            output: [14, 14],
            kernel: [2, 2],
            stride: [2, 2],
            padding: [0, 0],
            dilation: [1, 1],
        };
        let line_of = |name: &str, pool| line::<f32>(name, &pool, Layout::Chwn);
        let halving = "max_pool2d forward 64x6x28x28 window 2x2 stride 2: four pixels at once, lanes of 64";
        assert_eq!(line_of("max_pool2d forward", pool), halving);
        let padded = Geometry { output: [15, 15], padding: [1, 1], ..pool };
        let expected = "max_pool2d backward 64x6x28x28 window 2x2 stride 2 pad 1: tap by tap, lanes of 64";
        assert_eq!(line_of("max_pool2d backward", padded), expected);
        assert!(line_of("avg_pool2d forward", pool).ends_with("tap by tap, lanes of 64"));
    }
}
