//! Element by element over operands of any strides.
//!
//! ```text
//! the result is dense; the caller gives shape and strides in the order of the result's memory
//!   Walk::new        merges neighbouring dimensions that every operand walks evenly: most calls end with one dimension
//!   map1, map2, map3 cut the result into blocks of BLOCK elements (the same whatever the number of threads), each block
//!                    into rows, each row into one of
//!                      unit       every operand has stride 1: plain slices, vectorised by the compiler
//!                      broadcast  operands have stride 0: their element is read once
//!                      general    any strides
//!   copy             map1 with the identity, or, where the rows of the source lie across those of the result,
//!                    TILE rows at a time, transposed
//! ```

use bytemuck::Pod;
use smallvec::{SmallVec, smallvec};

use crate::shared::SharedSlice;
use crate::simd;
use crate::threads::{parallel_chunks_mut, parallel_for};
use crate::transpose::transpose;

/// Elements of the result that one task computes.
const BLOCK: usize = 1 << 14;
/// Rows of the result that a task of [`copy`] transposes, and the fewest worth transposing.
const TILE: usize = 64;
const FEWEST_ROWS: usize = 8;

type Sizes = SmallVec<[usize; 6]>;

/// An operand: its memory, where it starts, and its strides in the order of the result's memory.
#[derive(Clone, Copy)]
pub struct Operand<'a, T> {
    /// The memory.
    pub data: &'a [T],
    /// The position of the first element.
    pub offset: usize,
    /// The stride in each dimension; 0 repeats.
    pub strides: &'a [usize],
}

/// How `N` operands are walked in step.
struct Walk<const N: usize> {
    shape: Sizes,
    strides: [Sizes; N],
}

impl<const N: usize> Walk<N> {
    /// Merges each dimension into the one before it where every operand allows.
    fn new(shape: &[usize], strides: [&[usize]; N]) -> Self {
        let mut walk = Self { shape: smallvec![], strides: std::array::from_fn(|_| smallvec![]) };
        for (dim, &size) in shape.iter().enumerate() {
            if size == 1 {
                continue;
            }
            let even = |operand: usize| {
                walk.strides[operand].last().is_some_and(|&outer| outer == strides[operand][dim] * size)
            };
            if (0..N).all(even) {
                *walk.shape.last_mut().expect("a merged dimension has one before it") *= size;
                walk.strides.iter_mut().zip(strides).for_each(|(own, all)| {
                    *own.last_mut().expect("as many strides as sizes") = all[dim];
                });
            } else {
                walk.shape.push(size);
                walk.strides.iter_mut().zip(strides).for_each(|(own, all)| own.push(all[dim]));
            }
        }
        if walk.shape.is_empty() {
            walk.shape.push(1);
            walk.strides.iter_mut().for_each(|own| own.push(1));
        }
        walk
    }

    /// The strides of the innermost dimension.
    fn step(&self) -> [usize; N] {
        std::array::from_fn(|operand| self.strides[operand][self.shape.len() - 1])
    }

    /// Calls `row(first, len, offsets)` for each stretch of the result's positions `start..start + len` that lies in
    /// one row; `first` counts from `start`.
    fn rows(&self, start: usize, len: usize, row: &mut dyn FnMut(usize, usize, [usize; N])) {
        let inner = self.shape[self.shape.len() - 1];
        let mut index: Sizes = smallvec![0; self.shape.len()];
        let mut offsets = [0; N];
        let mut rest = start;
        for dim in (0..self.shape.len()).rev() {
            index[dim] = rest % self.shape[dim];
            rest /= self.shape[dim];
            (0..N).for_each(|operand| offsets[operand] += index[dim] * self.strides[operand][dim]);
        }
        let mut done = 0;
        while done < len {
            let count = (inner - index[self.shape.len() - 1]).min(len - done);
            row(done, count, offsets);
            done += count;
            if done < len {
                self.advance(&mut index, &mut offsets, count);
            }
        }
    }

    /// As [`rows`](Self::rows) for all of a result of `len` positions, in blocks, one task each; `first` counts from the
    /// result's first position.
    fn parallel_rows(&self, len: usize, row: &(dyn Fn(usize, usize, [usize; N]) + Sync)) {
        parallel_for(len.div_ceil(BLOCK), |block| {
            let start = block * BLOCK;
            self.rows(start, BLOCK.min(len - start), &mut |first, count, offsets| row(start + first, count, offsets));
        });
    }

    /// Moves `count` elements on, to the start of the next row.
    fn advance(&self, index: &mut Sizes, offsets: &mut [usize; N], count: usize) {
        let last = self.shape.len() - 1;
        index[last] += count;
        (0..N).for_each(|operand| offsets[operand] += count * self.strides[operand][last]);
        for dim in (1..self.shape.len()).rev() {
            if index[dim] < self.shape[dim] {
                break;
            }
            index[dim] = 0;
            index[dim - 1] += 1;
            for (offset, strides) in offsets.iter_mut().zip(&self.strides) {
                *offset = *offset + strides[dim - 1] - strides[dim] * self.shape[dim];
            }
        }
    }
}

/// `out[i] = f(a[i])`.
pub fn map1<A: Pod + Sync, O: Pod + Send>(
    shape: &[usize],
    a: Operand<A>,
    out: &mut [O],
    f: impl Fn(A) -> O + Sync + Copy,
) {
    let walk = Walk::new(shape, [a.strides]);
    let [sa] = walk.step();
    let out = SharedSlice::new(out);
    walk.parallel_rows(out.len(), &|first, count, [oa]| {
        // SAFETY: no two rows have a position in common.
        let (out, a) = (unsafe { out.part(first, count) }, &a.data[a.offset + oa..]);
        vectorized(
            #[inline(always)]
            || match sa {
                1 => {
                    for (o, &a) in out.iter_mut().zip(&a[..count]) {
                        *o = f(a);
                    }
                }
                0 => out.fill(f(a[0])),
                _ => {
                    for (o, &a) in out.iter_mut().zip(a.iter().step_by(sa)) {
                        *o = f(a);
                    }
                }
            },
        );
    });
}

/// `out[i] = f(a[i], b[i])`.
pub fn map2<A: Pod + Sync, B: Pod + Sync, O: Pod + Send>(
    shape: &[usize],
    a: Operand<A>,
    b: Operand<B>,
    out: &mut [O],
    f: impl Fn(A, B) -> O + Sync + Copy,
) {
    let walk = Walk::new(shape, [a.strides, b.strides]);
    let [sa, sb] = walk.step();
    let out = SharedSlice::new(out);
    walk.parallel_rows(out.len(), &|first, count, [oa, ob]| {
        // SAFETY: no two rows have a position in common.
        let out = unsafe { out.part(first, count) };
        let (a, b) = (&a.data[a.offset + oa..], &b.data[b.offset + ob..]);
        vectorized(
            #[inline(always)]
            || match (sa, sb) {
                (1, 1) => {
                    let pairs = a[..count].iter().zip(&b[..count]);
                    for (o, (&a, &b)) in out.iter_mut().zip(pairs) {
                        *o = f(a, b);
                    }
                }
                (1, 0) => {
                    let b = b[0];
                    for (o, &a) in out.iter_mut().zip(&a[..count]) {
                        *o = f(a, b);
                    }
                }
                (0, 1) => {
                    let a = a[0];
                    for (o, &b) in out.iter_mut().zip(&b[..count]) {
                        *o = f(a, b);
                    }
                }
                _ => {
                    for (i, o) in out.iter_mut().enumerate() {
                        *o = f(a[i * sa], b[i * sb]);
                    }
                }
            },
        );
    });
}

/// `out[i] = f(a[i], b[i], c[i])`.
pub fn map3<A: Pod + Sync, B: Pod + Sync, C: Pod + Sync, O: Pod + Send>(
    shape: &[usize],
    a: Operand<A>,
    b: Operand<B>,
    c: Operand<C>,
    out: &mut [O],
    f: impl Fn(A, B, C) -> O + Sync + Copy,
) {
    let walk = Walk::new(shape, [a.strides, b.strides, c.strides]);
    let [sa, sb, sc] = walk.step();
    let out = SharedSlice::new(out);
    walk.parallel_rows(out.len(), &|first, count, [oa, ob, oc]| {
        // SAFETY: no two rows have a position in common.
        let out = unsafe { out.part(first, count) };
        let (a, b, c) = (&a.data[a.offset + oa..], &b.data[b.offset + ob..], &c.data[c.offset + oc..]);
        vectorized(
            #[inline(always)]
            || match (sa, sb, sc) {
                (1, 1, 1) => {
                    let triples = a[..count].iter().zip(&b[..count]).zip(&c[..count]);
                    for (o, ((&a, &b), &c)) in out.iter_mut().zip(triples) {
                        *o = f(a, b, c);
                    }
                }
                (1, 0, 0) => {
                    let (b, c) = (b[0], c[0]);
                    for (o, &a) in out.iter_mut().zip(&a[..count]) {
                        *o = f(a, b, c);
                    }
                }
                (1, 0, 1) => {
                    let b = b[0];
                    let pairs = a[..count].iter().zip(&c[..count]);
                    for (o, (&a, &c)) in out.iter_mut().zip(pairs) {
                        *o = f(a, b, c);
                    }
                }
                (0, 1, 1) => {
                    let a = a[0];
                    let pairs = b[..count].iter().zip(&c[..count]);
                    for (o, (&b, &c)) in out.iter_mut().zip(pairs) {
                        *o = f(a, b, c);
                    }
                }
                _ => {
                    for (i, o) in out.iter_mut().enumerate() {
                        *o = f(a[i * sa], b[i * sb], c[i * sc]);
                    }
                }
            },
        );
    });
}

/// `out[i] = source[i]`.
pub fn copy<T: Pod + Send + Sync>(source: &[T], offset: usize, strides: &[usize], shape: &[usize], out: &mut [T]) {
    let walk = Walk::new(shape, [strides]);
    let last = walk.shape.len() - 1;
    let across = (0..last).find(|&dim| walk.strides[0][dim] == 1);
    match across {
        Some(dim) if walk.strides[0][last] != 1 && walk.shape[dim] >= FEWEST_ROWS => {
            copy_tiled(&source[offset.min(source.len())..], &walk, dim, out);
        }
        _ => map1(shape, Operand { data: source, offset, strides }, out, |x| x),
    }
}

/// Copies where dimension `across`, not the last, has stride 1 in the source.
fn copy_tiled<T: Pod + Send + Sync>(source: &[T], walk: &Walk<1>, across: usize, out: &mut [T]) {
    let (shape, strides) = (&walk.shape, &walk.strides[0]);
    let last = shape.len() - 1;
    let (columns, column_step) = (shape[last], strides[last]);
    let slab: usize = shape[across..].iter().product();
    let row = slab / shape[across];
    if out.is_empty() {
        return;
    }
    // A slab is everything below one index of the dimensions before `across`.
    let outer = Walk { shape: shape[..across].into(), strides: [strides[..across].into()] };
    let middle = Walk { shape: shape[across + 1..last].into(), strides: [strides[across + 1..last].into()] };
    let tile_len = TILE * row;
    // Small tiles are copied before another thread has come.
    let tiles = (BLOCK / tile_len.max(1)).max(1);
    // Chunks cannot straddle slabs, so each slab is cut by itself.
    for (index, slab) in out.chunks_mut(slab).enumerate() {
        let base = outer.position(index);
        parallel_chunks_mut(slab, tiles * tile_len.max(1), |task, chunk| {
            for (tile, chunk) in chunk.chunks_mut(tile_len.max(1)).enumerate() {
                let rows = chunk.len() / row;
                for block in 0..row / columns {
                    let start = base + (task * tiles + tile) * TILE + middle.position(block);
                    transpose(&mut chunk[block * columns..], row, (&source[start..], column_step), columns, rows);
                }
            }
        });
    }
}

/// `target[i] = source[i]` at the positions of a part of `target`, which no two of its indices share.
pub fn assign<T: Pod>(shape: &[usize], source: Operand<T>, target: &mut [T], offset: usize, strides: &[usize]) {
    if shape.contains(&0) {
        return;
    }
    let walk = Walk::new(shape, [source.strides, strides]);
    let [from_step, to_step] = walk.step();
    walk.rows(0, shape.iter().product(), &mut |_, count, [from, to]| {
        let (from, to) = (&source.data[source.offset + from..], &mut target[offset + to..]);
        if (from_step, to_step) == (1, 1) {
            to[..count].copy_from_slice(&from[..count]);
        } else {
            (0..count).for_each(|i| to[i * to_step] = from[i * from_step]);
        }
    });
}

impl Walk<1> {
    /// The operand's offset at the flat position `index`; a walk of no dimensions has only the position 0.
    fn position(&self, mut index: usize) -> usize {
        let mut offset = 0;
        for (&size, &stride) in self.shape.iter().zip(&self.strides[0]).rev() {
            offset += index % size * stride;
            index /= size;
        }
        offset
    }
}

/// Runs `work`, inlined into a function compiled for the [chosen instruction set](simd).
#[inline(always)]
pub(crate) fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    simd::dispatch(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value at each position, computed one index at a time.
    fn naive(shape: &[usize], strides: &[usize], offset: usize, data: &[i64]) -> Vec<i64> {
        let walk = Walk { shape: shape.into(), strides: [strides.into()] };
        (0..shape.iter().product()).map(|index| data[offset + walk.position(index)]).collect()
    }

    const CASES: &[(&[usize], &[usize])] = &[
        (&[3, 4], &[4, 1]),
        (&[3, 4], &[1, 3]),
        (&[2, 3, 4], &[12, 0, 3]),
        (&[33, 40], &[1, 33]),
        (&[5, 37, 3, 21], &[2331, 1, 777, 37]),
        (&[64, 6, 14, 14], &[1, 12544, 896, 64]),
        (&[6, 14, 14, 64], &[196, 14, 1, 1176]),
        (&[2, 1, 70, 9], &[630, 5, 1, 70]),
        (&[], &[]),
        (&[0, 3], &[3, 1]),
        (&[20_000, 3], &[0, 1]),
    ];

    #[test]
    fn copy_equals_one_index_at_a_time() {
        let data: Vec<i64> = (0..100_000).collect();
        for &(shape, strides) in CASES {
            let mut out = vec![-1; shape.iter().product()];
            copy(&data, 7, strides, shape, &mut out);
            assert_eq!(out, naive(shape, strides, 7, &data), "shape {shape:?} strides {strides:?}");
        }
    }

    #[test]
    fn maps_equal_one_index_at_a_time() {
        let data: Vec<i64> = (0..100_000).collect();
        for (&(shape, sa), &(_, sb)) in CASES.iter().zip(CASES) {
            let reversed: Vec<usize> = sb.iter().map(|&s| if s == 1 { 0 } else { s }).collect();
            let (a, b) = (naive(shape, sa, 7, &data), naive(shape, &reversed, 3, &data));
            let operand_a = Operand { data: &data, offset: 7, strides: sa };
            let operand_b = Operand { data: &data, offset: 3, strides: &reversed };
            let mut out = vec![-1; a.len()];
            map2(shape, operand_a, operand_b, &mut out, |x, y| x - 2 * y);
            let expected: Vec<i64> = a.iter().zip(&b).map(|(x, y)| x - 2 * y).collect();
            assert_eq!(out, expected, "shape {shape:?}");
            map3(shape, operand_b, operand_a, operand_a, &mut out, |y, x, z| x - 2 * y + 5 * z);
            let expected: Vec<i64> = a.iter().zip(&b).map(|(x, y)| 6 * x - 2 * y).collect();
            assert_eq!(out, expected, "shape {shape:?}");
            let still = vec![0; shape.len()];
            let constant = Operand { data: &data, offset: 11, strides: &still };
            map3(shape, operand_a, constant, constant, &mut out, |x, y, z| x - 2 * y + 5 * z);
            assert_eq!(out, a.iter().map(|x| x + 33).collect::<Vec<_>>(), "shape {shape:?}");
            map3(shape, operand_a, constant, operand_a, &mut out, |x, y, z| x - 2 * y + 5 * z);
            assert_eq!(out, a.iter().map(|x| 6 * x - 22).collect::<Vec<_>>(), "shape {shape:?}");
            map3(shape, constant, operand_a, operand_a, &mut out, |x, y, z| x - 2 * y + 5 * z);
            assert_eq!(out, a.iter().map(|x| 11 + 3 * x).collect::<Vec<_>>(), "shape {shape:?}");
        }
    }
}
