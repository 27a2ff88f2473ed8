//! The register block of large products of `f32`: 12 columns of 32 rows, as assembly for AVX-512.
//!
//! Two vectors of rows times twelve numbers are 24 multiply-adds for each term. Half of the numbers are broadcast to a register, which
//! both multiply-adds of a column share; the other half are read by the multiply-adds themselves, which costs no instruction but twice
//! the reading. So a term is 32 instructions, where reading and multiplying are equally busy: a compiler does only the one or the other.

use std::arch::asm;

use crate::prefetch::line;

/// Rows of a block.
pub(super) const ROWS: usize = 32;
/// Columns of a block.
pub(super) const COLUMNS: usize = 12;

/// The multiply-adds of two columns in the `$term`-th term from here on: `$a` to `$d` are their sums.
#[rustfmt::skip]
macro_rules! columns {
    ($term:literal, $first:literal, $a:literal $b:literal $c:literal $d:literal, $number:literal) => {
        concat!(
            "vfmadd231ps zmm", $a, ", zmm24, dword ptr [{b} + 48 * ", $term, " + 4 * ", $first, "]{{1to16}}\n",
            "vfmadd231ps zmm", $b, ", zmm25, dword ptr [{b} + 48 * ", $term, " + 4 * ", $first, "]{{1to16}}\n",
            "vbroadcastss zmm", $number, ", dword ptr [{b} + 48 * ", $term, " + 4 * ", $first, " + 4]\n",
            "vfmadd231ps zmm", $c, ", zmm24, zmm", $number, "\n",
            "vfmadd231ps zmm", $d, ", zmm25, zmm", $number, "\n",
        )
    };
}

/// The multiply-adds of the `$term`-th term from here on.
macro_rules! term {
    ($term:literal) => {
        concat!(
            "vmovups zmm24, [{a} + 128 * ", $term, "]\n",
            "vmovups zmm25, [{a} + 128 * ", $term, " + 64]\n",
            columns!($term, 0, 0 1 2 3, 26),
            columns!($term, 2, 4 5 6 7, 27),
            columns!($term, 4, 8 9 10 11, 28),
            columns!($term, 6, 12 13 14 15, 29),
            columns!($term, 8, 16 17 18 19, 30),
            columns!($term, 10, 20 21 22 23, 31),
        )
    };
}

/// Loads what the sums of a column start from, and asks for where they will be written.
#[rustfmt::skip]
macro_rules! begin {
    ($low:literal $high:literal) => {
        concat!(
            "vmovups zmm", $low, ", [{start}]\n",
            "vmovups zmm", $high, ", [{start} + 64]\n",
            "add {start}, {start_step}\n",
            "prefetchw [{place}]\n",
            "prefetchw [{place} + 64]\n",
            "add {place}, {c_step}\n",
        )
    };
}

/// Writes the sums of a column.
#[rustfmt::skip]
macro_rules! end {
    ($low:literal $high:literal) => {
        concat!(
            "vmovups [{c}], zmm", $low, "\n",
            "vmovups [{c} + 64], zmm", $high, "\n",
            "add {c}, {c_step}\n",
        )
    };
}

/// Numbers that a block of so many terms asks for: a line for every four terms.
pub(super) fn asked_for(depth: usize) -> usize {
    depth / 4 * line::<f32>()
}

/// Writes `start + a b` to a block of c, and asks for what lies at `next` ([`asked_for`]), be it memory or not. a is `[depth][ROWS]`, b
/// `[depth][COLUMNS]`; the columns of c and of `start` begin so many numbers apart.
///
/// # Safety
/// The processor has AVX-512F; `depth` is at least 1; all of a, b and `start` can be read, and all of c written.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn block(
    depth: usize,
    a: *const f32,
    b: *const f32,
    (start, start_step): (*const f32, usize),
    (c, c_step): (*mut f32, usize),
    next: *const f32,
) {
    // SAFETY: what is read and written is as the caller promises; registers and flags that change are told.
    unsafe {
        asm!(
            begin!(0 1), begin!(2 3), begin!(4 5), begin!(6 7), begin!(8 9), begin!(10 11),
            begin!(12 13), begin!(14 15), begin!(16 17), begin!(18 19), begin!(20 21), begin!(22 23),
            "sub {depth}, 4",
            "jb 3f",
            ".p2align 5",
            "2:",
            "prefetcht1 [{next}]",
            "add {next}, 64",
            term!(0), term!(1), term!(2), term!(3),
            "add {a}, 4 * 128",
            "add {b}, 4 * 48",
            "sub {depth}, 4",
            "jae 2b",
            "3:",
            "add {depth}, 4",
            "jz 5f",
            "4:",
            term!(0),
            "add {a}, 128",
            "add {b}, 48",
            "dec {depth}",
            "jnz 4b",
            "5:",
            end!(0 1), end!(2 3), end!(4 5), end!(6 7), end!(8 9), end!(10 11),
            end!(12 13), end!(14 15), end!(16 17), end!(18 19), end!(20 21), end!(22 23),
            "vzeroupper",
            depth = inout(reg) depth => _,
            a = inout(reg) a => _,
            b = inout(reg) b => _,
            start = inout(reg) start => _,
            next = inout(reg) next => _,
            start_step = in(reg) start_step * size_of::<f32>(),
            place = inout(reg) c => _,
            c = inout(reg) c => _,
            c_step = in(reg) c_step * size_of::<f32>(),
            out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _, out("zmm6") _, out("zmm7") _,
            out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _,
            out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _,
            out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _, out("zmm28") _,
            out("zmm29") _, out("zmm30") _, out("zmm31") _,
            options(nostack),
        );
    }
}
