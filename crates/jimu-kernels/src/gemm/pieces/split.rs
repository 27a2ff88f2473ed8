//! Numbers split into three pieces of `bf16`, in pairs, as AMX reads them.
//!
//! ```text
//! a strip         its steps, one behind the other
//! a step          [h, m or l][lines 0 to 15, 16 to 31][16 rows][16 pairs]
//! a pair          terms r and r + 16 of a step, in one u32: no bits change places to put them there
//! rows and pairs  of a: rows are pairs of terms r, of 16 lines; of b: rows are lines, with 16 pairs of terms each
//! ```
//! So of a 16 neighbouring lines are split at a time, of b 16 neighbouring terms. A matrix whose neighbours are the others is
//! transposed before, square by square. What a strip or a step lacks is zero.

use std::arch::x86_64::{
    __m512, __m512i, _CMP_UNORD_Q, _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512, _mm512_castps_si512,
    _mm512_castsi512_ps, _mm512_cmp_ps_mask, _mm512_maskz_loadu_ps, _mm512_or_si512, _mm512_set1_epi32,
    _mm512_setzero_ps, _mm512_srli_epi32, _mm512_storeu_si512, _mm512_sub_ps,
};
use std::ops::Range;

use super::{PAIRS, SIDE, STEP, TILE};
use crate::transpose::transpose;

/// Pairs of 16 rows: what a register holds.
const HALF: usize = 256;
const PIECES: usize = 3;
const LANES: usize = 16;

/// What must be neighbours: what a row's pairs belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Lines,
    Terms,
}

/// The rows of a, or the columns of b.
pub(super) struct Lines<'a> {
    pub data: &'a [f32],
    /// Lines, and the terms of each.
    pub count: (usize, usize),
    /// Distance of lines, and of a line's terms.
    pub line: usize,
    pub term: usize,
    pub wanted: Wanted,
}

impl Lines<'_> {
    /// Splits some steps of some strips, at most [`TILE`]; what is written of a strip begins `each` pairs behind that of the one before.
    /// Tells of each strip whether it could be split: all numbers are finite, and not as large as to be rounded to infinity.
    pub fn split(&self, to: &mut [u32], each: usize, strips: &Range<usize>, steps: &Range<usize>) -> [bool; TILE] {
        // SAFETY: who splits has AMX, and so AVX-512.
        unsafe { self.split_strips(to, each, strips, steps) }
    }

    #[target_feature(enable = "avx512f")]
    fn split_strips(&self, to: &mut [u32], each: usize, strips: &Range<usize>, steps: &Range<usize>) -> [bool; TILE] {
        let mut left = [_mm512_setzero_ps(); TILE];
        let mut square = |strip: usize, step: usize| {
            let place = (strip - strips.start) * each + (step - steps.start) * PAIRS;
            let lines = strip * SIDE..self.count.0.min((strip + 1) * SIDE);
            let terms = step * STEP..self.count.1.min((step + 1) * STEP);
            let left = &mut left[strip - strips.start];
            *left = _mm512_add_ps(*left, self.square(&mut to[place..][..PAIRS], lines, terms));
        };
        // In the order in which they lie.
        if self.line == 1 {
            steps.clone().for_each(|step| strips.clone().for_each(|strip| square(strip, step)));
        } else {
            strips.clone().for_each(|strip| steps.clone().for_each(|step| square(strip, step)));
        }
        left.map(|left| _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(left, left) == 0)
    }

    /// Splits a step of a strip, of which it has these lines and terms. Returns what the pieces leave of the numbers, summed: zeros, or NaN.
    #[target_feature(enable = "avx512f")]
    fn square(&self, to: &mut [u32], lines: Range<usize>, terms: Range<usize>) -> __m512 {
        let data = self.data.get(lines.start * self.line + terms.start * self.term..).unwrap_or(&[]);
        let (slow, fast, near) = match self.wanted {
            Wanted::Lines => ((terms.len(), self.term), (lines.len(), self.line), self.term),
            Wanted::Terms => ((lines.len(), self.line), (terms.len(), self.term), self.line),
        };
        if fast.1 == 1 {
            return self.rows(to, &Rows { data, count: slow.0, step: slow.1, len: fast.0 });
        }
        let mut turned = [0.0; SIDE * STEP];
        if near == 1 {
            transpose(&mut turned, SIDE, (data, fast.1), fast.0, slow.0);
        } else {
            for (i, row) in turned.chunks_exact_mut(SIDE).take(slow.0).enumerate() {
                (0..fast.0).for_each(|j| row[j] = data[i * slow.1 + j * fast.1]);
            }
        }
        self.rows(to, &Rows { data: &turned, count: slow.0, step: SIDE, len: fast.0 })
    }

    #[target_feature(enable = "avx512f")]
    fn rows(&self, to: &mut [u32], rows: &Rows<'_>) -> __m512 {
        let mut left = _mm512_setzero_ps();
        match self.wanted {
            Wanted::Lines => {
                for pair in 0..STEP / 2 {
                    let (first, second) = (rows.row(pair), rows.row(pair + STEP / 2));
                    for half in 0..2 {
                        left = split_pairs(to, half, pair, [first[half], second[half]], left);
                    }
                }
            }
            Wanted::Terms => {
                for line in 0..SIDE {
                    left = split_pairs(to, line / LANES, line % LANES, rows.row(line), left);
                }
            }
        }
        left
    }
}

/// Rows of a square, their numbers neighbours: all that it has.
struct Rows<'a> {
    data: &'a [f32],
    count: usize,
    step: usize,
    len: usize,
}

impl Rows<'_> {
    /// A row, zero where there is none.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn row(&self, row: usize) -> [__m512; 2] {
        if row >= self.count {
            return [_mm512_setzero_ps(); 2];
        }
        let numbers = &self.data[row * self.step..][..self.len];
        let mask = ((1_u64 << numbers.len()) - 1) as u32;
        let (low, high) = (mask as u16, (mask >> LANES) as u16);
        // SAFETY: only numbers of this row are read: those of the mask.
        unsafe {
            [
                _mm512_maskz_loadu_ps(low, numbers.as_ptr()),
                _mm512_maskz_loadu_ps(high, numbers.as_ptr().wrapping_add(LANES)),
            ]
        }
    }
}

/// Writes the pieces of 16 pairs to a row of a half. Adds what they leave of the numbers to `left`.
#[inline]
#[target_feature(enable = "avx512f")]
fn split_pairs(to: &mut [u32], half: usize, row: usize, pair: [__m512; 2], left: __m512) -> __m512 {
    let mut rest = pair;
    for piece in 0..PIECES {
        let [first, second] = rest.map(|number| nearest(number));
        let place = &mut to[(2 * piece + half) * HALF + row * LANES..][..LANES];
        let pairs = _mm512_or_si512(_mm512_srli_epi32::<16>(first), second);
        // SAFETY: there is room for 16 pairs (sliced).
        unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), pairs) };
        rest =
            [_mm512_sub_ps(rest[0], _mm512_castsi512_ps(first)), _mm512_sub_ps(rest[1], _mm512_castsi512_ps(second))];
    }
    _mm512_add_ps(left, _mm512_add_ps(rest[0], rest[1]))
}

/// The nearest numbers of 8 bits, away from zero where two are: as `f32`, whose upper half is the `bf16`.
#[inline]
#[target_feature(enable = "avx512f")]
fn nearest(numbers: __m512) -> __m512i {
    let rounded = _mm512_add_epi32(_mm512_castps_si512(numbers), _mm512_set1_epi32(0x8000));
    _mm512_and_si512(rounded, _mm512_set1_epi32(0xffff_0000_u32 as i32))
}
