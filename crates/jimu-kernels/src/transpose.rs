//! Transposition of matrices: `to[j, i] = from[i, j]`.
//!
//! | path | when |
//! |---|---|
//! | squares of 8 x 8 in registers, three rounds of shuffles | 4-byte numbers, AVX2 or better, whole squares |
//! | the same, of which a part is kept | fewer than 16 rows, or fewer than 8 columns, if what lies behind them can be read or will be overwritten |
//! | squares of 16 x 16 through the nearest cache | all else |

use bytemuck::Pod;

use crate::simd;

/// A matrix in a slice: the distance of its rows, whose elements are neighbours.
type Rows<'a, T> = (&'a [T], usize);

/// Side of the squares that go through the cache.
const SQUARE: usize = 16;

/// Writes the transpose of `from`, of `rows` x `columns`, to `to`, whose rows are `to_step` apart.
///
/// # Panics
/// If a matrix reaches beyond its slice.
pub(crate) fn transpose<T: Pod>(to: &mut [T], to_step: usize, from: Rows<'_, T>, rows: usize, columns: usize) {
    if rows == 0 || columns == 0 {
        return;
    }
    let (from, from_step) = from;
    assert!((rows - 1) * from_step + columns <= from.len(), "transpose: the source is too short");
    assert!((columns - 1) * to_step + rows <= to.len(), "transpose: the target is too short");
    #[cfg(target_arch = "x86_64")]
    if size_of::<T>() == 4 && simd::has_avx2() {
        return by_squares(to, to_step, (from, from_step), rows, columns);
    }
    for first in (0..columns).step_by(SQUARE) {
        let part = first..columns.min(first + SQUARE);
        one_by_one(to, to_step, (from, from_step), 0..rows, part);
    }
}

/// As [`transpose`], which has checked the matrices, for numbers of 4 bytes on a machine with AVX2.
#[cfg(target_arch = "x86_64")]
fn by_squares<T: Pod>(to: &mut [T], to_step: usize, (from, from_step): Rows<'_, T>, rows: usize, columns: usize) {
    let target = to.as_mut_ptr().cast::<f32>();
    let whole_columns = columns / 8 * 8;
    if rows < 16 && !rows.is_multiple_of(8) && rows == to_step {
        // Whole vectors, of which the next rows of the target overwrite what is too much, as long as there are eight more.
        let (roomy, whole) = (columns.saturating_sub(8) / 8 * 8, rows / 8 * 8);
        for j in (0..roomy).step_by(8) {
            for i in std::iter::once(whole).chain((0..whole).step_by(8)) {
                let count = 8.min(rows - i);
                let place = from[i * from_step + j..(i + count - 1) * from_step + j + 8].as_ptr().cast();
                // SAFETY: AVX2 is there; 8 numbers of each row lie inside (sliced), and 8 of the target from each of 8 rows on inside
                // the matrix, as there are at least 8 rows more.
                unsafe { avx2::square(target.add(j * to_step + i), to_step, place, from_step, [count, 8]) };
            }
        }
        return one_by_one(to, to_step, (from, from_step), 0..rows, roomy..columns);
    }
    let whole_rows = rows / 8 * 8;
    // SAFETY: AVX2 is there, T has 4 bytes of plain data, and both matrices lie inside their slices.
    unsafe { avx2::squares(target, to_step, from.as_ptr().cast(), from_step, whole_rows, whole_columns) };
    let left = columns - whole_columns;
    // Whole squares of rows that have 8 numbers from the last columns on, be some of them the next row's.
    let reach = whole_columns + 8;
    let readable = match left > 0 && from.len() >= reach {
        true => whole_rows.min((from.len() - reach) / from_step.max(1) + 1) / 8 * 8,
        false => 0,
    };
    for i in (0..readable).step_by(8) {
        let place = from[i * from_step + whole_columns..(i + 7) * from_step + whole_columns + 8].as_ptr().cast();
        // SAFETY: as above, with 8 numbers of each row inside the slice, of which the first `left` are written.
        unsafe { avx2::square(target.add(whole_columns * to_step + i), to_step, place, from_step, [8, left]) };
    }
    one_by_one(to, to_step, (from, from_step), readable..whole_rows, whole_columns..columns);
    one_by_one(to, to_step, (from, from_step), whole_rows..rows, 0..columns);
}

fn one_by_one<T: Pod>(
    to: &mut [T],
    to_step: usize,
    (from, from_step): Rows<'_, T>,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) {
    for i in rows {
        for (j, &value) in columns.clone().zip(&from[i * from_step..][columns.clone()]) {
            to[j * to_step + i] = value;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    /// Numbers of 4 bytes in a cache line.
    const LINE: usize = 16;

    /// Transposes `rows` x `columns` numbers of 4 bytes, both multiples of 8.
    ///
    /// # Safety
    /// The machine has AVX2; all elements of `from` can be read and those of `to` written.
    #[target_feature(enable = "avx2")]
    pub unsafe fn squares(
        to: *mut f32,
        to_step: usize,
        from: *const f32,
        from_step: usize,
        rows: usize,
        columns: usize,
    ) {
        // Both halves of a cache line before it is forgotten: rows a power of two apart push each other out.
        for line in (0..columns).step_by(LINE) {
            for i in (0..rows).step_by(8) {
                for j in (line..columns.min(line + LINE)).step_by(8) {
                    // SAFETY: 8 elements of each of 8 rows of both, by the caller's promise.
                    unsafe { square(to.add(j * to_step + i), to_step, from.add(i * from_step + j), from_step, [8, 8]) };
                }
            }
        }
    }

    /// Transposes a square of which only so many rows and columns are there: those of the source that are not are not read, nor
    /// those of the target written.
    ///
    /// # Safety
    /// The machine has AVX2; 8 numbers of each row of `from` can be read and 8 of each row of `to` written.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub unsafe fn square(
        to: *mut f32,
        to_step: usize,
        from: *const f32,
        from_step: usize,
        [rows, columns]: [usize; 2],
    ) {
        let mut square = [_mm256_setzero_ps(); 8];
        for (row, vector) in square.iter_mut().enumerate().take(rows) {
            // SAFETY: 8 elements of a row, by the caller's promise.
            *vector = unsafe { _mm256_loadu_ps(from.add(row * from_step)) };
        }
        for (column, vector) in transposed(square).into_iter().enumerate().take(columns) {
            // SAFETY: 8 elements of a row of the target, by the caller's promise.
            unsafe { _mm256_storeu_ps(to.add(column * to_step), vector) };
        }
    }

    /// Exchanges single numbers, then pairs, then halves.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn transposed(rows: [__m256; 8]) -> [__m256; 8] {
        let [a, b, c, d, e, f, g, h] = rows;
        let ones = |low, high| (_mm256_unpacklo_ps(low, high), _mm256_unpackhi_ps(low, high));
        let ((ab0, ab1), (cd0, cd1), (ef0, ef1), (gh0, gh1)) = (ones(a, b), ones(c, d), ones(e, f), ones(g, h));
        let twos = |low, high| (_mm256_shuffle_ps::<0x44>(low, high), _mm256_shuffle_ps::<0xee>(low, high));
        let ((left0, left1), (left2, left3)) = (twos(ab0, cd0), twos(ab1, cd1));
        let ((right0, right1), (right2, right3)) = (twos(ef0, gh0), twos(ef1, gh1));
        let near = |low, high| _mm256_permute2f128_ps::<0x20>(low, high);
        let far = |low, high| _mm256_permute2f128_ps::<0x31>(low, high);
        [
            near(left0, right0),
            near(left1, right1),
            near(left2, right2),
            near(left3, right3),
            far(left0, right0),
            far(left1, right1),
            far(left2, right2),
            far(left3, right3),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_one_element_at_a_time() {
        for (rows, columns) in
            [(0, 3), (3, 0), (1, 1), (7, 9), (8, 8), (16, 40), (19, 33), (5, 64), (64, 5), (24, 25), (12, 40)]
        {
            for (from_step, to_step) in [(columns + 2, rows + 1), (columns, rows)] {
                let from: Vec<u32> = (0..(rows * from_step) as u32).collect();
                let wide: Vec<u64> = from.iter().map(|&value| u64::from(value)).collect();
                // Some numbers behind the matrix, which are to stay.
                let len = columns * to_step + 100;
                let (mut to, mut wide_to) = (vec![u32::MAX; len], vec![u64::MAX; len]);
                transpose(&mut to, to_step, (&from, from_step), rows, columns);
                transpose(&mut wide_to, to_step, (&wide, from_step), rows, columns);
                for j in 0..columns {
                    for i in 0..to_step {
                        let expected = if i < rows { from[i * from_step + j] } else { u32::MAX };
                        assert_eq!(to[j * to_step + i], expected, "{rows} x {columns}: {j}, {i}");
                        assert_eq!(wide_to[j * to_step + i] as u32, expected);
                    }
                }
                assert!(to[columns * to_step..].iter().all(|&value| value == u32::MAX), "{rows} x {columns}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "the target is too short")]
    fn a_short_target_is_refused() {
        transpose(&mut [0.0f32; 5], 2, (&[0.0; 6], 3), 2, 3);
    }
}
