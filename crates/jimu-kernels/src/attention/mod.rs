//! Attention: softmax(Q Kᵀ · scale + mask) V, and its gradients, without a matrix of all weights.
//!
//! ```text
//! forward    a task takes some heads' blocks of ROWS queries, and goes through the keys in blocks of KEYS
//!   pack       queries, keys and values into rows of whole vectors (`rows`); the keys transposed, in panels
//!   scores     Q Kᵀ, ROWS x KEYS of them, in the second-level cache; masked
//!   softmax    e^(score - the largest so far); what was summed under a smaller maximum is scaled down
//!   values     weights times V, added up; divided by the sum of the weights after the last block
//! backward   a task takes the keys of one head, or a part of them where heads are few, block by block, and for each block
//!            all blocks of queries: weights P, then with g the output's gradient and d = Σ g · output
//!              dV = Pᵀ g      dS = P (g Vᵀ - d)      dQ = dS K scale      dK = dSᵀ Q scale
//! weights    of one block of keys are kept for backward; those of more are computed again from the maxima and the sums
//! ```
//! So memory grows with the lengths, not with their product. The cuts depend on the sizes alone, and so do the bits.
//! Online softmax: Milakov and Gimelshein, *Online normalizer calculation for softmax*, 2018; the blocks: Dao et al.,
//! *FlashAttention*, 2022.

mod backward;
mod forward;
mod mask;
#[cfg(test)]
mod naive;
mod rows;
mod target;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use mask::Mask;
pub use target::Target;

use self::backward::Backward;
use self::forward::Forward;
use crate::buffer::Buffer;
use crate::lanes::{Lanes, machine};
use crate::math::Elementary;
use crate::shared::SharedSlice;
use crate::simd;
use crate::strided::Operand;
use crate::threads::parallel_for;

/// Queries of a block.
const ROWS: usize = 64;
/// Keys of a block.
const KEYS: usize = 128;
/// Multiplications worth handing to another thread.
const GRAIN: usize = 1 << 18;
/// With fewer heads than this the keys are cut among tasks, too.
const FEW_HEADS: usize = 8;

/// An element type that attention is computed in: `f32` and `f64`.
pub trait AttentionElement: Lanes + Elementary {
    #[doc(hidden)]
    fn forward(pass: &Forward<'_, Self>, blocks: Range<usize>);
    #[doc(hidden)]
    fn backward(pass: &Backward<'_, Self>, tasks: Range<usize>);
}

macro_rules! attention_element {
    ($($number:ty)*) => {$(
        impl AttentionElement for $number {
            fn forward(pass: &Forward<'_, Self>, blocks: Range<usize>) {
                simd::dispatch(forward::Blocks { pass, blocks });
            }
            fn backward(pass: &Backward<'_, Self>, tasks: Range<usize>) {
                simd::dispatch(backward::Tasks { pass, tasks });
            }
        }
    )*};
}
attention_element!(f32 f64);

/// The sizes of an attention, and how its scores are made.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// The dimensions before the last two, equal for all operands; a stride of 0 repeats.
    pub heads: &'a [usize],
    /// Rows of the queries and of the output.
    pub queries: usize,
    /// Rows of the keys and of the values.
    pub keys: usize,
    /// Columns of the queries and keys.
    pub width: usize,
    /// Columns of the values and of the output.
    pub value_width: usize,
    /// What the scores are multiplied by.
    pub scale: f64,
    /// Whether query i attends to keys 0 to i alone.
    pub causal: bool,
}

/// What forward leaves for backward: the sizes are [`Attention::statistics`] and [`Attention::kept`].
#[derive(Debug)]
pub struct Record<'a, T> {
    /// For each query, the largest score and one over the sum of the weights.
    pub statistics: &'a mut [T],
    /// The weights before they are divided by their sums, if they are kept.
    pub kept: &'a mut [T],
}

impl Attention<'_> {
    fn head_count(&self) -> usize {
        self.heads.iter().product()
    }

    /// Blocks of queries.
    fn row_blocks(&self) -> usize {
        self.queries.div_ceil(ROWS)
    }

    /// Multiplications of a product of all queries of a head with its keys and its values.
    fn work(&self) -> usize {
        self.queries * self.keys * (self.width + self.value_width)
    }

    /// How many numbers of statistics forward leaves.
    pub fn statistics(&self) -> usize {
        2 * self.head_count() * self.queries
    }

    /// How many weights forward leaves; 0 if backward computes them again.
    pub fn kept<T: AttentionElement>(&self) -> usize {
        match self.keeps() {
            true => self.head_count() * self.queries * self.keys.next_multiple_of(machine::<T>().lanes),
            false => 0,
        }
    }

    /// Whether the weights are kept: those of one block of keys, which are no more than a few times the queries.
    fn keeps(&self) -> bool {
        self.keys <= KEYS
    }

    /// The keys that some of these queries may attend to.
    fn reach(&self, rows: &Range<usize>) -> usize {
        if self.causal { self.keys.min(rows.end) } else { self.keys }
    }

    /// The output of queries, keys and values, and the record of it if there will be a backward. A query that may attend to
    /// nothing gets zeros.
    ///
    /// ```
    /// use jimu_kernels::attention::{Attention, Mask, Target};
    /// use jimu_kernels::strided::Operand;
    /// let sizes =
    ///     Attention { heads: &[], queries: 1, keys: 2, width: 1, value_width: 1, scale: 1.0, causal: false };
    /// let column = |data| Operand { data, offset: 0, strides: &[1, 1] };
    /// let mut out = [f32::NAN];
    /// let target = Target::new(&mut out, 0, &[1, 1], &[1, 1]);
    /// sizes.forward([column(&[0.0]), column(&[5.0, 7.0]), column(&[1.0, 2.0])], Mask::None, &target, None);
    /// assert_eq!(out, [1.5]);
    /// ```
    ///
    /// # Panics
    /// If an operand reaches beyond its memory, or the target or the record has another size.
    pub fn forward<T: AttentionElement>(
        &self,
        inputs: [Operand<'_, T>; 3],
        mask: Mask<'_, T>,
        out: &Target<'_, T>,
        record: Option<Record<'_, T>>,
    ) {
        out.check(self.heads, self.queries, self.value_width);
        let (statistics, kept) = record.map_or((&mut [][..], &mut [][..]), |record| {
            assert_eq!(record.statistics.len(), self.statistics(), "attention: the size of the statistics");
            assert_eq!(record.kept.len(), self.kept::<T>(), "attention: the number of weights");
            (record.statistics, record.kept)
        });
        let (statistics, kept) = (SharedSlice::new(statistics), SharedSlice::new(kept));
        let pass = Forward { attention: self, inputs, mask, out, statistics: &statistics, kept: &kept };
        let blocks = self.head_count() * self.row_blocks();
        let group = (GRAIN * self.row_blocks()).div_ceil(self.work().max(1)).clamp(1, blocks.max(1));
        parallel_for(blocks.div_ceil(group), |task| {
            T::forward(&pass, task * group..blocks.min((task + 1) * group));
        });
    }

    /// The gradients of queries, keys and values, from the output, its gradient and the record that forward has left.
    ///
    /// # Panics
    /// If an operand reaches beyond its memory, or a target or the record has another size.
    pub fn backward<T: AttentionElement>(
        &self,
        inputs: [Operand<'_, T>; 3],
        mask: Mask<'_, T>,
        [out, grad]: [Operand<'_, T>; 2],
        [statistics, kept]: [&[T]; 2],
        targets: [&Target<'_, T>; 3],
    ) {
        assert_eq!(statistics.len(), self.statistics(), "attention: the size of the statistics");
        assert_eq!(kept.len(), self.kept::<T>(), "attention: the number of weights");
        targets[0].check(self.heads, self.queries, self.width);
        targets[1].check(self.heads, self.keys, self.width);
        targets[2].check(self.heads, self.keys, self.value_width);
        let parts = self.key_parts();
        let partial = if parts > 1 { self.head_count() * parts * self.queries * self.width } else { 0 };
        let mut partial = Buffer::<T>::unspecified(partial);
        let shared = SharedSlice::new(&mut partial);
        let pass =
            Backward { attention: self, inputs, mask, out, grad, statistics, kept, targets, parts, partial: &shared };
        let tasks = self.head_count() * parts;
        let group = GRAIN.div_ceil((2 * self.work()).max(1)).clamp(1, tasks.max(1));
        parallel_for(tasks.div_ceil(group), |task| {
            T::backward(&pass, task * group..tasks.min((task + 1) * group));
        });
        if parts > 1 {
            self.add_partial(&partial, parts, targets[0]);
        }
    }

    /// Into how many parts the keys of a head are cut on the way back.
    fn key_parts(&self) -> usize {
        match self.head_count() {
            heads @ 1..FEW_HEADS => (FEW_HEADS / heads).clamp(1, self.keys.div_ceil(KEYS).max(1)),
            _ => 1,
        }
    }

    /// Adds up the queries' gradients that the parts of the keys have given, in order.
    fn add_partial<T: AttentionElement>(&self, partial: &[T], parts: usize, target: &Target<'_, T>) {
        let size = self.queries * self.width;
        parallel_for(self.head_count(), |head| {
            let parts = &partial[head * parts * size..][..parts * size];
            for row in 0..self.queries {
                // SAFETY: each head is one task's, which takes one row at a time.
                let to = unsafe { target.row(self.heads, head, row) };
                to.copy_from_slice(&parts[row * self.width..][..self.width]);
                for part in parts.chunks_exact(size.max(1)).skip(1) {
                    let from = &part[row * self.width..][..self.width];
                    to.iter_mut().zip(from).for_each(|(to, &from)| *to = *to + from);
                }
            }
        });
    }
}
