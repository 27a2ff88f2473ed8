//! Conversion between `f32` and bfloat16.

use bytemuck::Pod;
use half::bf16;

use crate::simd;
use crate::threads::parallel_chunks_mut;

/// Elements worth handing to another thread.
const CHUNK: usize = 1 << 16;

/// An element that a product of bfloat16 takes.
pub(super) trait Source: Pod {
    /// The bits of the bfloat16 that is nearest.
    fn bits(self) -> u16;
}

impl Source for f32 {
    /// To the even one of two that are equally near; NaN stays NaN, and the largest numbers become infinite.
    #[inline(always)]
    fn bits(self) -> u16 {
        let bits = self.to_bits();
        let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
        // A NaN whose payload lies in the lower half would become infinite: its highest payload bit is set.
        let not_a_number = bits | 0x40_0000;
        (if self.is_nan() { not_a_number } else { rounded } >> 16) as u16
    }
}

impl Source for bf16 {
    #[inline(always)]
    fn bits(self) -> u16 {
        self.to_bits()
    }
}

/// Rounds each number to the nearest bfloat16, to the even one of two that are equally near. NaN stays NaN.
///
/// ```
/// use jimu_kernels::mixed::{bf16, round};
/// let mut halves = [bf16::ZERO; 3];
/// round(&[1.0, 1.001, f32::NAN], &mut halves);
/// assert_eq!(halves[..2], [bf16::ONE; 2]);
/// assert!(halves[2].is_nan());
/// ```
///
/// # Panics
/// If the slices have different lengths.
pub fn round(from: &[f32], to: &mut [bf16]) {
    convert(
        from,
        to,
        #[inline(always)]
        |x| bf16::from_bits(x.bits()),
    );
}

/// Each bfloat16 as the `f32` that it is.
///
/// ```
/// use jimu_kernels::mixed::{bf16, widen};
/// let mut numbers = [0.0];
/// widen(&[bf16::from_f32(-1.5)], &mut numbers);
/// assert_eq!(numbers, [-1.5]);
/// ```
///
/// # Panics
/// If the slices have different lengths.
pub fn widen(from: &[bf16], to: &mut [f32]) {
    convert(
        from,
        to,
        #[inline(always)]
        |x| widened(x.to_bits()),
    );
}

#[inline(always)]
fn convert<A: Pod + Sync, B: Pod + Send>(from: &[A], to: &mut [B], f: impl Fn(A) -> B + Copy + Sync) {
    assert_eq!(from.len(), to.len(), "as many numbers as there are places");
    parallel_chunks_mut(to, CHUNK, |index, to| {
        let from = &from[index * CHUNK..][..to.len()];
        simd::dispatch(
            #[inline(always)]
            || to.iter_mut().zip(from).for_each(|(to, &from)| *to = f(from)),
        );
    });
}

#[inline(always)]
fn widened(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// Numbers `step` apart, rounded.
pub(super) fn rounded_line(to: &mut [f32], from: &[f32], step: usize) {
    line(
        to,
        from,
        step,
        #[inline(always)]
        |x| widened(x.bits()),
    );
}

/// Numbers `step` apart.
pub(super) fn widened_line(to: &mut [f32], from: &[bf16], step: usize) {
    line(
        to,
        from,
        step,
        #[inline(always)]
        |x| widened(x.to_bits()),
    );
}

#[inline(always)]
fn line<A: Pod>(to: &mut [f32], from: &[A], step: usize, f: impl Fn(A) -> f32 + Copy) {
    if step == 1 {
        simd::dispatch(
            #[inline(always)]
            || to.iter_mut().zip(from).for_each(|(to, &from)| *to = f(from)),
        );
    } else {
        to.iter_mut().enumerate().for_each(|(index, to)| *to = f(from[index * step]));
    }
}
