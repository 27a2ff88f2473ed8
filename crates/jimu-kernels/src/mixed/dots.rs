//! Products by AVX512-BF16: one instruction adds two products to each of 16 sums.
//!
//! `c[j] += a[p] b[p, j]` for each pair p: `c[j]` and `a[p]` are columns of up to 4 vectors, `b[p, j]` a pair that is broadcast.
//! A block of 4 vectors times 6 columns is 4 loads, 6 broadcasts and 24 dot products for each pair.

use std::arch::x86_64::*;
use std::ops::Range;

use half::bf16;

use super::pack::{self, MOST_ROWS};
use super::{Values, is_fast};
use crate::buffer::Buffer;
use crate::cut::balanced;
use crate::gemm::{GRAIN, GemmShape, Strides};
use crate::shared::SharedSlice;
use crate::threads::parallel_for;

/// Sums in a register.
const LANES: usize = 16;
/// Most vectors in a panel's column.
const VECTORS: usize = MOST_ROWS / LANES;
/// Most columns in a block.
const COLUMNS: usize = 6;
/// Most columns in a group: whole blocks, and whole cache lines of pairs.
const GROUP: usize = 48;
/// Pairs of a panel that are used by a whole group before the next: 128 KiB, which the second-level cache keeps.
const DEPTH: usize = 512;
/// Numbers worth handing to another thread to pack.
const PACK_GRAIN: usize = 1 << 15;
/// Units enough to keep a few threads evenly busy; with fewer a long k is cut.
const UNITS: usize = 8;
/// The least length of a part of a long k, in pairs.
const LONG: usize = 512;
const PARTS: usize = 8;

/// An operand and its strides.
type Operand<'a> = (Values<'a>, Strides);

/// A checked product, turned so that the rows of c are neighbours.
pub(super) struct Product<'a> {
    shape: GemmShape,
    a: Operand<'a>,
    b: Operand<'a>,
    /// Along k.
    pairs: usize,
    panels: usize,
    groups: usize,
}

/// Where the pairs of a group's columns lie, in numbers of 16 bits.
#[derive(Clone, Copy)]
struct Factors<'a> {
    data: &'a [bf16],
    column_step: usize,
    pair_step: usize,
}

/// Runs `unit(0)`, …, `unit(units - 1)`, as many in a task as it takes to make a task worth `grain`.
fn parallel_units(units: usize, work: usize, grain: usize, unit: impl Fn(usize) + Sync) {
    let together = grain.div_ceil(work.max(1)).clamp(1, units.max(1));
    parallel_for(units.div_ceil(together), |task| {
        (task * together..((task + 1) * together).min(units)).for_each(&unit);
    });
}

impl<'a> Product<'a> {
    pub fn new(shape: GemmShape, a: Operand<'a>, b: Operand<'a>) -> Self {
        let panels = shape.m.div_ceil(LANES).div_ceil(VECTORS);
        Self { shape, a, b, pairs: pack::pairs(shape.k), panels, groups: shape.n.div_ceil(GROUP) }
    }

    /// Whether c, as it is computed, is one row.
    pub fn is_one_row(&self) -> bool {
        self.shape.m == 1
    }

    pub fn explain(&self) -> String {
        let (units, parts) = (self.panels * self.groups, self.parts());
        let cut = if parts > 1 { format!(", sums of {parts} parts") } else { String::new() };
        format!("dot products of pairs, {units} units{cut}")
    }

    /// The parts that k is cut into.
    fn parts(&self) -> usize {
        let few = self.panels * self.groups < UNITS;
        if few { (self.pairs / LONG).clamp(1, PARTS) } else { 1 }
    }

    pub fn multiply(&self, c: &mut [f32], c_column: usize, accumulate: bool) {
        let GemmShape { m, n, .. } = self.shape;
        let a = self.pack_a();
        let b = self.pack_b();
        let parts = self.parts();
        if parts == 1 {
            return self.units(&a, b.as_deref(), &[SharedSlice::new(c)], c_column, accumulate);
        }
        let mut sums = Buffer::<f32>::unspecified(parts * m * n);
        let targets: Vec<_> = sums.chunks_exact_mut(m * n).map(SharedSlice::new).collect();
        self.units(&a, b.as_deref(), &targets, m, false);
        drop(targets);
        for j in 0..n {
            for (i, c) in c[j * c_column..][..m].iter_mut().enumerate() {
                let total: f32 = sums.chunks_exact(m * n).map(|sums| sums[j * m + i]).sum();
                *c = if accumulate { *c + total } else { total };
            }
        }
    }

    /// The products of all panels and groups, of each of as many parts of k as there are targets.
    fn units(&self, a: &[u32], b: Option<&[u32]>, c: &[SharedSlice<f32>], c_column: usize, accumulate: bool) {
        let (units, parts) = (self.panels * self.groups, c.len());
        let work = MOST_ROWS * GROUP.min(self.shape.n) * self.shape.k / parts;
        parallel_units(units * parts, work, GRAIN, |index| {
            let (part, unit) = (index / units, index % units);
            let depth = balanced(self.pairs, parts, part);
            self.unit(a, b, &c[part], c_column, depth, (unit / self.groups, unit % self.groups), accumulate);
        });
    }

    /// A panel's vectors.
    fn vectors(&self, panel: usize) -> Range<usize> {
        balanced(self.shape.m.div_ceil(LANES), self.panels, panel)
    }

    /// A panel's rows.
    fn rows(&self, panel: usize) -> Range<usize> {
        let vectors = self.vectors(panel);
        vectors.start * LANES..(vectors.end * LANES).min(self.shape.m)
    }

    /// A group's columns.
    fn columns(&self, group: usize) -> Range<usize> {
        group * GROUP..((group + 1) * GROUP).min(self.shape.n)
    }

    /// Cuts of k for packing, the first number and how many.
    fn strips(&self) -> usize {
        self.pairs.div_ceil(DEPTH)
    }

    /// The numbers along k of a strip.
    fn strip(&self, index: usize) -> Range<usize> {
        2 * DEPTH * index..(2 * DEPTH * (index + 1)).min(self.shape.k)
    }

    /// Each panel as `[pairs][width]`, one after the other.
    fn pack_a(&self) -> Buffer<u32> {
        let (values, strides) = self.a;
        let mut packed = Buffer::unspecified(self.shape.m.next_multiple_of(LANES) * self.pairs);
        let target = SharedSlice::new(&mut packed);
        let strips = self.strips();
        parallel_units(self.panels * strips, MOST_ROWS * self.shape.k.min(2 * DEPTH), PACK_GRAIN, |index| {
            let (panel, depth) = (index / strips, self.strip(index % strips));
            let (vectors, rows) = (self.vectors(panel), self.rows(panel));
            let width = vectors.len() * LANES;
            let start = vectors.start * LANES * self.pairs + depth.start / 2 * width;
            // SAFETY: the strip of one panel is one unit's alone.
            let to = unsafe { target.part(start, pack::pairs(depth.len()) * width) };
            let from = values.from(rows.start * strides.0 + depth.start * strides.1);
            pack::across(to, width, from, strides, rows.len(), depth.len());
        });
        packed
    }

    /// Whether the pairs of b lie in memory as they are wanted.
    fn b_in_place(&self) -> bool {
        let (values, (step, _)) = self.b;
        matches!(values, Values::Bf16(_)) && step == 1 && self.shape.k.is_multiple_of(2)
    }

    /// Each column as `[pairs]` if its numbers are neighbours, else each group as `[pairs][columns]`; none if it can be
    /// read where it lies.
    fn pack_b(&self) -> Option<Buffer<u32>> {
        if self.b_in_place() {
            return None;
        }
        let (values, (step, column_step)) = self.b;
        let mut packed = Buffer::unspecified(self.shape.n * self.pairs);
        let target = SharedSlice::new(&mut packed);
        let strips = self.strips();
        parallel_units(self.groups * strips, GROUP * self.shape.k.min(2 * DEPTH), PACK_GRAIN, |index| {
            let (columns, depth) = (self.columns(index / strips), self.strip(index % strips));
            let from = values.from(columns.start * column_step + depth.start * step);
            let (start, pairs) = (columns.start * self.pairs, pack::pairs(depth.len()));
            if step == 1 {
                for column in 0..columns.len() {
                    // SAFETY: the strip of one column is one unit's alone.
                    let to = unsafe { target.part(start + column * self.pairs + depth.start / 2, pairs) };
                    pack::along(to, pairs, from.from(column * column_step), 0, 1, depth.len());
                }
            } else {
                // SAFETY: the strip of one group is one unit's alone.
                let to = unsafe { target.part(start + depth.start / 2 * columns.len(), pairs * columns.len()) };
                pack::across(to, columns.len(), from, (column_step, step), columns.len(), depth.len());
            }
        });
        Some(packed)
    }

    /// The pairs of a group's columns.
    fn factors<'b>(&'b self, packed: Option<&'b [u32]>, columns: &Range<usize>) -> Factors<'b> {
        let (values, (step, column_step)) = self.b;
        match (packed, values) {
            (None, Values::Bf16(values)) => {
                // With k = 0 there is nothing to point to.
                let data = values.get(columns.start * column_step..).unwrap_or(&[]);
                Factors { data, column_step, pair_step: 2 }
            }
            (Some(packed), _) => {
                let data = bytemuck::cast_slice(&packed[columns.start * self.pairs..]);
                match step {
                    1 => Factors { data, column_step: 2 * self.pairs, pair_step: 2 },
                    _ => Factors { data, column_step: 2, pair_step: 2 * columns.len() },
                }
            }
            (None, Values::F32(_)) => unreachable!("numbers of 32 bits are always packed"),
        }
    }

    /// A panel times a group.
    #[expect(clippy::too_many_arguments, reason = "what a task knows")]
    fn unit(
        &self,
        a: &[u32],
        b: Option<&[u32]>,
        c: &SharedSlice<f32>,
        c_column: usize,
        depth: Range<usize>,
        (panel, group): (usize, usize),
        accumulate: bool,
    ) {
        assert!(is_fast());
        let (vectors, rows, columns) = (self.vectors(panel), self.rows(panel), self.columns(group));
        let width = vectors.len() * LANES;
        let a = &a[vectors.start * LANES * self.pairs..][..width * self.pairs];
        let factors = self.factors(b, &columns);
        let blocks = columns.len().div_ceil(COLUMNS);
        let last_mask = u16::MAX >> (width - rows.len());
        let mut first = depth.start;
        loop {
            let pairs = (depth.end - first).min(DEPTH);
            for block in 0..blocks {
                let part = balanced(columns.len(), blocks, block);
                let column = |j: usize| j * factors.column_step + first * factors.pair_step;
                if pairs > 0 {
                    let last = column(part.end - 1) + (pairs - 1) * factors.pair_step + 1;
                    assert!(last < factors.data.len(), "b is too short");
                }
                let start = (columns.start + part.start) * c_column + rows.start;
                assert!(start + (part.len() - 1) * c_column + rows.len() <= c.len(), "c is too short");
                let block = Block {
                    a: a[first * width..].as_ptr(),
                    b: factors.data.as_ptr().wrapping_add(column(part.start)),
                    column_step: factors.column_step,
                    pair_step: factors.pair_step,
                    pairs,
                    c: c.start().wrapping_add(start),
                    c_column,
                    last_mask,
                    accumulate: accumulate || first > depth.start,
                };
                // SAFETY: the machine has the instructions (`is_fast`). The panel's pairs lie inside a (sliced above), those
                // of the columns inside b, and the rows of the columns inside c (both asserted), where they are this unit's
                // alone.
                unsafe { block.run(vectors.len(), part.len()) };
            }
            first += pairs;
            if first >= depth.end {
                break;
            }
        }
    }
}

/// Up to 4 vectors times up to 6 columns.
struct Block {
    /// `[pairs][vectors][LANES]`.
    a: *const u32,
    b: *const bf16,
    column_step: usize,
    pair_step: usize,
    pairs: usize,
    c: *mut f32,
    c_column: usize,
    /// The lanes of the last vector that are c's.
    last_mask: u16,
    accumulate: bool,
}

/// The same bits as 32 numbers of 16.
#[inline(always)]
fn halves(bits: __m512i) -> __m512bh {
    // SAFETY: both types are 512 bits, of which all values are valid.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) }
}

impl Block {
    /// # Safety
    /// The machine has AVX512-BF16; all that the block reaches of a and b can be read, and of c read and written, which no
    /// other thread does.
    unsafe fn run(&self, vectors: usize, columns: usize) {
        macro_rules! cases {
            ($($v:literal: $($o:literal)*;)*) => {
                match (vectors, columns) {
                    // SAFETY: the caller's promise.
                    $($(($v, $o) => unsafe { self.sums::<$v, $o>() },)*)*
                    _ => unreachable!("a block of {vectors} vectors and {columns} columns"),
                }
            };
        }
        cases!(1: 1 2 3 4 5 6; 2: 1 2 3 4 5 6; 3: 1 2 3 4 5 6; 4: 1 2 3 4 5 6;);
    }

    /// # Safety
    /// As [`run`](Self::run), for `V` vectors and `O` columns.
    #[target_feature(enable = "avx512f,avx512bf16")]
    #[allow(clippy::needless_range_loop)]
    unsafe fn sums<const V: usize, const O: usize>(&self) {
        let mask = |v: usize| if v + 1 == V { self.last_mask } else { u16::MAX };
        let place = |o: usize, v: usize| self.c.wrapping_add(o * self.c_column + v * LANES);
        let mut sums = [[_mm512_setzero_ps(); V]; O];
        if self.accumulate {
            for o in 0..O {
                for v in 0..V {
                    // SAFETY: the masked lanes are c's.
                    sums[o][v] = unsafe { _mm512_maskz_loadu_ps(mask(v), place(o, v)) };
                }
            }
        }
        let (mut a, mut b) = (self.a, self.b);
        for _ in 0..self.pairs {
            let mut column = [_mm512_setzero_si512(); V];
            for v in 0..V {
                // SAFETY: the pairs of the panel lie inside a.
                column[v] = unsafe { _mm512_loadu_si512(a.add(v * LANES).cast()) };
            }
            a = a.wrapping_add(V * LANES);
            for o in 0..O {
                // SAFETY: both numbers of the pair lie inside b.
                let pair = unsafe { b.add(o * self.column_step).cast::<i32>().read_unaligned() };
                let factor = halves(_mm512_set1_epi32(pair));
                for v in 0..V {
                    sums[o][v] = _mm512_dpbf16_ps(sums[o][v], halves(column[v]), factor);
                }
            }
            b = b.wrapping_add(self.pair_step);
        }
        for o in 0..O {
            for v in 0..V {
                // SAFETY: the masked lanes are c's.
                unsafe { _mm512_mask_storeu_ps(place(o, v), mask(v), sums[o][v]) };
            }
        }
    }
}
