//! The vector operations the kernels need, the same for `f32` and `f64`.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul};

use bytemuck::Pod;
use pulp::{Simd, WithSimd};

use crate::simd;

/// A number of which SIMD registers hold several.
pub trait Lanes:
    Pod + Send + Sync + Debug + PartialOrd + Add<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// Zero.
    const ZERO: Self;

    /// `count` as a number.
    fn from_count(count: usize) -> Self;
    /// The nearest number.
    fn nearest(value: f64) -> Self;

    /// A register full.
    type Vector<S: Simd>: Pod;

    /// Numbers in a register.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }

    /// `value` in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// `a b + c` per lane, in one rounding where the machine has it.
    fn mul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// `a + b` per lane.
    fn add_lanes<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a - b` per lane.
    fn sub_lanes<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a b` per lane.
    fn mul_lanes<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// The larger of `a` and `b` per lane; `b` where `a` is NaN.
    fn max_lanes<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// The largest lane, if none is NaN.
    fn largest_lane<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// `a` where it is not below zero, else zero, per lane: NaN stays.
    fn relu<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// `a` in the lanes whose index in `indices` is `index`, else zero; there are as many indices as lanes, below 2^24 or
    /// `u32::MAX`.
    fn keep_where<S: Simd>(simd: S, a: Self::Vector<S>, indices: &[u32], index: u32) -> Self::Vector<S>;
    /// The sum of the lanes.
    fn sum_lanes<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// Reads as many numbers as `values` has, at most a register full; the other lanes are zero.
    fn load_part<S: Simd>(simd: S, values: &[Self]) -> Self::Vector<S>;
    /// Writes as many lanes as `values` has room for.
    fn store_part<S: Simd>(simd: S, values: &mut [Self], a: Self::Vector<S>);
    /// The whole registers in `values`, and the rest.
    fn as_vectors<S: Simd>(values: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// The whole registers in `values`, and the rest.
    fn as_vectors_mut<S: Simd>(values: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
}

macro_rules! impl_lanes {
    ($number:ty, $vector:ident, $splat:ident, $mul_add:ident, $add:ident, $sub:ident, $mul:ident, $max:ident,
     $largest:ident, $less:ident, $equal:ident,
     $select:ident, $sum:ident, $load:ident, $store:ident, $view:ident, $view_mut:ident) => {
        impl Lanes for $number {
            const ZERO: Self = 0.0;
            type Vector<S: Simd> = S::$vector;

            fn from_count(count: usize) -> Self {
                count as $number
            }
            #[inline(always)]
            fn nearest(value: f64) -> Self {
                value as $number
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn add_lanes<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn sub_lanes<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn mul_lanes<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn max_lanes<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$max(a, b)
            }
            #[inline(always)]
            fn largest_lane<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$largest(a)
            }
            #[inline(always)]
            fn relu<S: Simd>(simd: S, a: S::$vector) -> S::$vector {
                let zero = simd.$splat(0.0);
                simd.$select(simd.$less(a, zero), zero, a)
            }
            #[inline(always)]
            fn keep_where<S: Simd>(simd: S, a: S::$vector, indices: &[u32], index: u32) -> S::$vector {
                let mut found = [simd.$splat(0.0)];
                let numbers: &mut [Self] = bytemuck::cast_slice_mut(&mut found);
                for (number, &index) in numbers.iter_mut().zip(indices) {
                    // Signed: that is one instruction.
                    *number = index as i32 as $number;
                }
                let wanted = simd.$equal(found[0], simd.$splat(index as $number));
                simd.$select(wanted, a, simd.$splat(0.0))
            }
            #[inline(always)]
            fn sum_lanes<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$sum(a)
            }
            #[inline(always)]
            fn load_part<S: Simd>(simd: S, values: &[Self]) -> S::$vector {
                simd.$load(values)
            }
            #[inline(always)]
            fn store_part<S: Simd>(simd: S, values: &mut [Self], a: S::$vector) {
                simd.$store(values, a);
            }
            #[inline(always)]
            fn as_vectors<S: Simd>(values: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$view(values)
            }
            #[inline(always)]
            fn as_vectors_mut<S: Simd>(values: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$view_mut(values)
            }
        }
    };
}

impl_lanes!(
    f32,
    f32s,
    splat_f32s,
    mul_add_e_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    max_f32s,
    reduce_max_f32s,
    less_than_f32s,
    equal_f32s,
    select_f32s,
    reduce_sum_f32s,
    partial_load_f32s,
    partial_store_f32s,
    as_simd_f32s,
    as_mut_simd_f32s
);
impl_lanes!(
    f64,
    f64s,
    splat_f64s,
    mul_add_e_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    max_f64s,
    reduce_max_f64s,
    less_than_f64s,
    equal_f64s,
    select_f64s,
    reduce_sum_f64s,
    partial_load_f64s,
    partial_store_f64s,
    as_simd_f64s,
    as_mut_simd_f64s
);

/// Copies `from` to the front of `to`, whole registers, and fills the rest of `to` with zeros: for pieces so short that
/// a call to the system's copy would take longer.
#[inline(always)]
pub(crate) fn copy_short<T: Lanes, S: Simd>(simd: S, to: &mut [T], from: &[T]) {
    let to = T::as_vectors_mut::<S>(to).0;
    let (whole, rest) = T::as_vectors::<S>(from);
    for (to, &value) in to.iter_mut().zip(whole) {
        *to = value;
    }
    if whole.len() < to.len() {
        to[whole.len()] = T::load_part(simd, rest);
        for to in &mut to[whole.len() + 1..] {
            *to = T::splat(simd, T::ZERO);
        }
    }
}

/// The vector unit as a kernel that is cut for it needs to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Numbers in a register.
    pub lanes: usize,
    /// Vector registers.
    pub registers: usize,
}

/// The vector unit that [`simd::dispatch`] will pick, for numbers of type `T`.
pub(crate) fn machine<T: Lanes>() -> Machine {
    struct Ask<T>(std::marker::PhantomData<T>);
    impl<T: Lanes> WithSimd for Ask<T> {
        type Output = Machine;
        fn with_simd<S: Simd>(self, _: S) -> Machine {
            Machine { lanes: T::lanes::<S>(), registers: S::REGISTER_COUNT }
        }
    }
    simd::dispatch(Ask::<T>(std::marker::PhantomData))
}

/// The sum of `values`: four interleaved registers, then their lanes.
pub(crate) fn sum<T: Lanes>(values: &[T]) -> T {
    struct Sum<'a, T>(&'a [T]);
    impl<T: Lanes> WithSimd for Sum<'_, T> {
        type Output = T;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> T {
            let (vectors, rest) = T::as_vectors::<S>(self.0);
            let (fours, ones) = vectors.as_chunks::<4>();
            let mut totals = [T::splat(simd, T::ZERO); 4];
            for four in fours {
                for (total, &vector) in totals.iter_mut().zip(four) {
                    *total = T::add_lanes(simd, *total, vector);
                }
            }
            for &vector in ones {
                totals[0] = T::add_lanes(simd, totals[0], vector);
            }
            totals[1] = T::add_lanes(simd, totals[1], T::load_part(simd, rest));
            let [a, b, c, d] = totals;
            T::sum_lanes(simd, T::add_lanes(simd, T::add_lanes(simd, a, b), T::add_lanes(simd, c, d)))
        }
    }
    simd::dispatch(Sum(values))
}
