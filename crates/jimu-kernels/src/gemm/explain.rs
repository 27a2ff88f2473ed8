//! How a product is computed, in words.

use super::{Cut, GemmElement, GemmShape};
use crate::log;

/// Such as `gemm 256x512 * 512x256: panels, 8 tiles of 64x128`. `turned` is the product as it is computed, which may be that
/// of the transposed matrices; `k_fast`: whether k is the fast dimension of its a, and of its b.
pub(super) fn product<T: GemmElement>(shape: GemmShape, turned: GemmShape, k_fast: [bool; 2], cut: Cut) -> String {
    let tiles = |rows: usize, columns: usize| {
        if (rows, columns) == (turned.m, turned.n) {
            return "one tile".to_owned();
        }
        let tiles = turned.m.div_ceil(rows) * turned.n.div_ceil(columns);
        let [rows, columns] = if turned == shape { [rows, columns] } else { [columns, rows] };
        format!("{tiles} tiles of {rows}x{columns}")
    };
    let way = T::way(turned, k_fast == [true; 2]);
    let cut = match cut {
        Cut::Pieces(rows, columns) => format!("bf16 pieces, {}", tiles(rows, columns)),
        Cut::Strips(rows, columns) => format!("strips, {}", tiles(rows, columns)),
        Cut::Parts(part) => format!("{way}, sums of {} parts of {part}", turned.k.div_ceil(part)),
        Cut::Tiles(rows, columns) => format!("{way}, {}", tiles(rows, columns)),
    };
    format!("gemm {}{}: {cut}", sizes(shape), log::element::<T>())
}

/// Such as `batched gemm 128 of 64x32 * 32x64: 2 a task`.
pub(super) fn batch<T: GemmElement>(shape: GemmShape, count: usize, together: Option<usize>) -> String {
    let cut = together.map_or_else(|| "one after the other".to_owned(), |group| format!("{group} a task"));
    format!("batched gemm {count} of {}{}: {cut}", sizes(shape), log::element::<T>())
}

fn sizes(shape: GemmShape) -> String {
    format!("{} * {}", log::sizes(&[shape.m, shape.k]), log::sizes(&[shape.k, shape.n]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_told() {
        let shape = GemmShape { m: 256, n: 256, k: 512 };
        let told = product::<f32>(shape, shape, [true; 2], Cut::Tiles(64, 128));
        assert_eq!(told, "gemm 256x512 * 512x256: panels, 8 tiles of 64x128");
        let (shape, turned) = (GemmShape { m: 500, n: 300, k: 100 }, GemmShape { m: 300, n: 500, k: 100 });
        let told = product::<f32>(shape, turned, [false; 2], Cut::Strips(128, 252));
        assert_eq!(told, "gemm 500x100 * 100x300: strips, 6 tiles of 252x128");
        let told = product::<f32>(shape, turned, [false; 2], Cut::Pieces(128, 256));
        assert_eq!(told, "gemm 500x100 * 100x300: bf16 pieces, 6 tiles of 256x128");
        let long = GemmShape { m: 5, n: 4, k: 4096 };
        let told = product::<f32>(long, long, [true; 2], Cut::Parts(1024));
        assert_eq!(told, "gemm 5x4096 * 4096x4: dot products, sums of 4 parts of 1024");
        let (shape, turned) = (GemmShape { m: 2, n: 3, k: 4 }, GemmShape { m: 3, n: 2, k: 4 });
        let told = product::<i64>(shape, turned, [true; 2], Cut::Tiles(3, 2));
        assert_eq!(told, "gemm 2x4 * 4x3 i64: plain loops, one tile");
        assert_eq!(batch::<f32>(shape, 9, Some(4)), "batched gemm 9 of 2x4 * 4x3: 4 a task");
        assert_eq!(batch::<f32>(shape, 9, None), "batched gemm 9 of 2x4 * 4x3: one after the other");
    }
}
