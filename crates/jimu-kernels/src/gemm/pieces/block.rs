//! The block of products with AMX: 32 columns of 32 rows in four of its registers, as assembly.
//!
//! A register is 16 rows of 64 bytes. For a step of 32 terms, one multiplication adds to 16 columns of 16 rows the products of a's
//! pieces, 16 rows of pairs of terms by 16 of its lines, and b's, 16 of its lines by 16 pairs of terms. Each of the six products of pieces
//! is four of those. The largest, h h', is added last; of a and b one stays in its registers from each product to the next. What the next step
//! reads is asked for, as loads take long where another thread of the core is busy.

use std::arch::asm;
use std::marker::PhantomData;

use super::{PAIRS, SIDE};

/// Bytes of a step, of half of a piece, and of a row of a register.
const STEP_BYTES: usize = PAIRS * size_of::<u32>();
const ROW_BYTES: usize = 64;

/// What the registers are told: all eight have 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Shapes([u8; 64]);

static SHAPES: Shapes = {
    let mut shapes = [0; 64];
    shapes[0] = 1;
    let mut register = 0;
    while register < 8 {
        shapes[16 + 2 * register] = ROW_BYTES as u8;
        shapes[48 + register] = 16;
        register += 1;
    }
    Shapes(shapes)
};

/// The registers of this thread, which are its until this is dropped.
pub(super) struct Registers {
    /// Another thread has others.
    here: PhantomData<*const ()>,
}

impl Registers {
    /// # Safety
    /// There is AMX ([`has_amx`](crate::simd::has_amx)).
    pub(super) unsafe fn new() -> Self {
        // SAFETY: there is AMX; the table has the 64 bytes that are read.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const SHAPES, options(readonly, nostack, preserves_flags)) };
        Self { here: PhantomData }
    }
}

impl Drop for Registers {
    fn drop(&mut self) {
        // SAFETY: they were set up, so there is AMX. The kernel has nothing to keep for this thread from now on.
        unsafe { asm!("tilerelease", options(nomem, nostack, preserves_flags)) };
    }
}

/// Two registers for the pieces of a strip that lie so many bytes behind `$from`.
#[rustfmt::skip]
macro_rules! load {
    ($from:literal $low:literal $high:literal, $bytes:literal) => {
        concat!(
            "tileloadd tmm", $low, ", [{", $from, "} + {row} + ", $bytes, "]\n",
            "tileloadd tmm", $high, ", [{", $from, "} + {row} + ", $bytes, " + 1024]\n",
        )
    };
}

/// Asks for what the next step reads: as many lines of `$of` as two registers hold, so many bytes behind it.
#[rustfmt::skip]
macro_rules! ask {
    ($of:literal, $bytes:literal) => {
        concat!(
            ask!(@ $of $bytes 0), ask!(@ $of $bytes 256), ask!(@ $of $bytes 512), ask!(@ $of $bytes 768),
            ask!(@ $of $bytes 1024), ask!(@ $of $bytes 1280), ask!(@ $of $bytes 1536), ask!(@ $of $bytes 1792),
        )
    };
    (@ $of:literal $bytes:literal $more:literal) => {
        concat!(
            "prefetcht0 [{", $of, "} + {step} + ", $bytes, " + ", $more, "]\n",
            "prefetcht0 [{", $of, "} + {step} + ", $bytes, " + ", $more, " + 64]\n",
            "prefetcht0 [{", $of, "} + {step} + ", $bytes, " + ", $more, " + 128]\n",
            "prefetcht0 [{", $of, "} + {step} + ", $bytes, " + ", $more, " + 192]\n",
        )
    };
}

/// Adds a product of pieces.
macro_rules! multiply {
    () => {
        concat!(
            "tdpbf16ps tmm0, tmm6, tmm4\n",
            "tdpbf16ps tmm1, tmm6, tmm5\n",
            "tdpbf16ps tmm2, tmm7, tmm4\n",
            "tdpbf16ps tmm3, tmm7, tmm5\n",
        )
    };
}

impl Registers {
    /// Writes `start + a b` to a block of c, over so many steps. a and b are their pieces; the columns of c and of `start` begin so many
    /// numbers apart.
    ///
    /// # Safety
    /// `steps` is at least 1; all of a, b and `start` can be read, and all of c written.
    pub(super) unsafe fn block(
        &self,
        steps: usize,
        a: *const u32,
        b: *const u32,
        (start, start_step): (*const f32, usize),
        (c, c_step): (*mut f32, usize),
    ) {
        let half = SIDE / 2;
        // SAFETY: there is AMX and its registers have their shapes, as there is `self`; what is read and written is as the caller
        // promises. The compiler uses none of these registers.
        unsafe {
            asm!(
                "tileloadd tmm0, [{start} + {start_step}]",
                "tileloadd tmm1, [{start} + {start_step} + 64]",
                "tileloadd tmm2, [{start_half} + {start_step}]",
                "tileloadd tmm3, [{start_half} + {start_step} + 64]",
                "2:",
                ask!("a", 0), load!("b" 6 7, 0), load!("a" 4 5, 4096), multiply!(),
                ask!("a", 2048), load!("a" 4 5, 2048), multiply!(),
                ask!("a", 4096), load!("b" 6 7, 2048), multiply!(),
                ask!("b", 0), load!("a" 4 5, 0), multiply!(),
                ask!("b", 2048), load!("b" 6 7, 4096), multiply!(),
                ask!("b", 4096), load!("b" 6 7, 0), multiply!(),
                "add {a}, {step}",
                "add {b}, {step}",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{c} + {c_step}], tmm0",
                "tilestored [{c} + {c_step} + 64], tmm1",
                "tilestored [{c_half} + {c_step}], tmm2",
                "tilestored [{c_half} + {c_step} + 64], tmm3",
                a = inout(reg) a => _,
                b = inout(reg) b => _,
                start = in(reg) start,
                start_half = in(reg) start.wrapping_add(half * start_step),
                start_step = in(reg) start_step * size_of::<f32>(),
                c = in(reg) c,
                c_half = in(reg) c.wrapping_add(half * c_step),
                c_step = in(reg) c_step * size_of::<f32>(),
                row = in(reg) ROW_BYTES,
                steps = inout(reg) steps => _,
                step = const STEP_BYTES,
                options(nostack),
            );
        }
    }
}
