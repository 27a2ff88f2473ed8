//! The arithmetic of one step of one sample: what the gates make of the state, and the gradients.
//!
//! The loops are short and take few slices each, so that the compiler can tell that they do not overlap and vectorises.

use super::RecurrentElement;

/// What a network does with its state at each step. `x` is what comes from the input, `p` what comes from the state, each a
/// number for every unit of every gate, one gate after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// h' = tanh(x + p).
    Tanh,
    /// h' = max(x + p, 0).
    Relu,
    /// Gates r and z, and a new n = tanh(x_n + r p_n): h' = (1 - z) n + z h.
    Gru,
    /// Gates i, f, g, o: c' = f c + i g, h' = o tanh(c').
    Lstm,
}

/// One sample's numbers at a step, on the way back.
pub(super) struct Back<'a, T> {
    pub(super) h_before: &'a [T],
    pub(super) h: &'a [T],
    pub(super) c_before: &'a [T],
    pub(super) kept: &'a [T],
    /// The gradient of h'; becomes what of it goes to h past the gates.
    pub(super) dh: &'a mut [T],
    /// The gradient of c'; becomes that of c.
    pub(super) dc: &'a mut [T],
    pub(super) dx: &'a mut [T],
    /// The gradient of `p`, where it is not that of `x`.
    pub(super) dp: &'a mut [T],
}

impl Cell {
    /// Numbers that a unit takes from the input, and as many from the state.
    pub fn gates(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }

    /// Numbers of a unit that the way back needs of each step.
    pub fn kept(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 0,
            Self::Gru => 4,
            Self::Lstm => 5,
        }
    }

    /// Whether there is a state c beside h.
    pub fn has_memory(self) -> bool {
        self == Self::Lstm
    }

    /// Whether the gradient of what comes from the state is another than that of what comes from the input.
    pub fn splits(self) -> bool {
        self == Self::Gru
    }

    /// One step from `h_before` to `h`, and of `c` to its next; leaves in `kept` what the way back needs.
    #[inline(always)]
    pub(super) fn step<T: RecurrentElement>(
        self,
        (x, p): (&[T], &[T]),
        h_before: &[T],
        h: &mut [T],
        c: &mut [T],
        kept: &mut [T],
    ) {
        let size = h.len();
        let one = T::of(1.0);
        match self {
            Self::Tanh => zip2(h, x, p, |x, p| (x + p).tanh()),
            Self::Relu => zip2(h, x, p, |x, p| relu(x + p)),
            Self::Gru => {
                let [x_r, x_z, x_n] = parts(x, size);
                let [p_r, p_z, p_n] = parts(p, size);
                let [r, z, n, hidden] = parts_mut(kept, size);
                zip2(r, x_r, p_r, |x, p| (x + p).sigmoid());
                zip2(z, x_z, p_z, |x, p| (x + p).sigmoid());
                hidden.copy_from_slice(&p_n[..size]);
                zip3(n, x_n, r, hidden, |x, r, p| (x + r * p).tanh());
                zip3(h, z, n, h_before, |z, n, h| (one - z) * n + z * h);
            }
            Self::Lstm => {
                let [x_i, x_f, x_g, x_o] = parts(x, size);
                let [p_i, p_f, p_g, p_o] = parts(p, size);
                let [i, f, g, o, memory] = parts_mut(kept, size);
                zip2(i, x_i, p_i, |x, p| (x + p).sigmoid());
                zip2(f, x_f, p_f, |x, p| (x + p).sigmoid());
                zip2(g, x_g, p_g, |x, p| (x + p).tanh());
                zip2(o, x_o, p_o, |x, p| (x + p).sigmoid());
                zip2(memory, f, c, |f, c| f * c);
                update2(memory, i, g, |c, i, g| c + i * g);
                c.copy_from_slice(memory);
                zip2(h, o, c, |o, c| o * c.tanh());
            }
        }
    }

    /// The gradients of one step.
    #[inline(always)]
    pub(super) fn back<T: RecurrentElement>(self, at: &mut Back<'_, T>) {
        let size = at.h.len();
        let one = T::of(1.0);
        match self {
            Self::Tanh => {
                zip2(at.dx, at.dh, at.h, |dh, h| dh * (one - h * h));
                at.dh.fill(T::of(0.0));
            }
            Self::Relu => {
                zip2(at.dx, at.dh, at.h, |dh, h| if h > T::of(0.0) { dh } else { T::of(0.0) });
                at.dh.fill(T::of(0.0));
            }
            Self::Gru => {
                let [r, z, n, hidden] = parts(at.kept, size);
                let [dx_r, dx_z, dx_n] = parts_mut(at.dx, size);
                let [dp_r, dp_z, dp_n] = parts_mut(at.dp, size);
                zip3(dx_n, at.dh, z, n, |dh, z, n| dh * (one - z) * (one - n * n));
                zip3(dx_z, at.h_before, n, z, |h, n, z| (h - n) * z * (one - z));
                update1(dx_z, at.dh, |slope, dh| slope * dh);
                zip3(dx_r, dx_n, hidden, r, |dn, p, r| dn * p * r * (one - r));
                dp_r.copy_from_slice(dx_r);
                dp_z.copy_from_slice(dx_z);
                zip2(dp_n, dx_n, r, |dn, r| dn * r);
                update1(at.dh, z, |dh, z| dh * z);
            }
            Self::Lstm => {
                let [i, f, g, o, c] = parts(at.kept, size);
                let [d_i, d_f, d_g, d_o] = parts_mut(at.dx, size);
                // The gradient of o before tanh(c') is needed twice, so it waits in the place of o's.
                zip2(d_g, at.dh, c, |_, c| c.tanh());
                zip3(d_o, at.dh, d_g, o, |dh, tanh, o| dh * tanh * o * (one - o));
                zip3(d_i, at.dh, d_g, o, |dh, tanh, o| dh * o * (one - tanh * tanh));
                update1(at.dc, d_i, |dc, through_h| dc + through_h);
                zip3(d_i, at.dc, i, g, |dc, i, g| dc * g * i * (one - i));
                zip3(d_f, at.dc, at.c_before, f, |dc, c, f| dc * c * f * (one - f));
                zip3(d_g, at.dc, i, g, |dc, i, g| dc * i * (one - g * g));
                update1(at.dc, f, |dc, f| dc * f);
                at.dh.fill(T::of(0.0));
            }
        }
    }
}

/// max(x, 0); NaN stays.
#[inline(always)]
fn relu<T: RecurrentElement>(x: T) -> T {
    if x < T::of(0.0) { T::of(0.0) } else { x }
}

/// The first `N` stretches of `size` elements.
#[inline(always)]
fn parts<T, const N: usize>(all: &[T], size: usize) -> [&[T]; N] {
    std::array::from_fn(|part| &all[part * size..][..size])
}

/// The first `N` stretches of `size` elements.
#[inline(always)]
fn parts_mut<T, const N: usize>(all: &mut [T], size: usize) -> [&mut [T]; N] {
    let mut rest = all;
    std::array::from_fn(|_| rest.split_off_mut(..size).expect("the slice holds all parts"))
}

#[inline(always)]
fn zip2<T: Copy>(out: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

#[inline(always)]
fn zip3<T: Copy>(out: &mut [T], a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T) -> T) {
    for (((out, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *out = f(a, b, c);
    }
}

#[inline(always)]
fn update1<T: Copy>(out: &mut [T], a: &[T], f: impl Fn(T, T) -> T) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = f(*out, a);
    }
}

#[inline(always)]
fn update2<T: Copy>(out: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T, T) -> T) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(*out, a, b);
    }
}
