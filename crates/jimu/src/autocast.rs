//! Mixed precision: which numbers products multiply.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

/// What the operands of products are rounded to before they are multiplied; see [`autocast`].
///
/// ```
/// use jimu::Precision;
/// assert_eq!("bf16".parse(), Ok(Precision::Bf16));
/// assert_eq!(Precision::F32.to_string(), "f32");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// They are not: single precision, with 24 bits.
    #[default]
    F32,
    /// bfloat16: the range of single precision, with 8 bits.
    Bf16,
}

impl Precision {
    /// Both, in the order of their precision.
    pub const ALL: [Self; 2] = [Self::F32, Self::Bf16];

    /// Its name: `f32` or `bf16`.
    ///
    /// ```
    /// assert_eq!(jimu::Precision::Bf16.as_str(), "bf16");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }

    /// Whether this machine multiplies faster so than in single precision; where it does not, the numbers are the same but
    /// for the order of their sums.
    ///
    /// ```
    /// assert!(!jimu::Precision::F32.is_fast());
    /// ```
    pub fn is_fast(self) -> bool {
        self == Self::Bf16 && jimu_kernels::mixed::is_fast()
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|precision| precision.as_str() == text)
            .ok_or_else(|| format!("there is no precision {text:?}; choose f32 or bf16"))
    }
}

thread_local! {
    static PRECISION: Cell<Precision> = const { Cell::new(Precision::F32) };
}

/// Puts the precision back when dropped, so that a panic in between leaves it as it was.
struct Restore(Precision);

impl Drop for Restore {
    fn drop(&mut self) {
        PRECISION.set(self.0);
    }
}

/// Runs `f` with products of this precision: `with torch.autocast("cpu", dtype=torch.bfloat16):`, or, with
/// [`Precision::F32`], `enabled=False` within such a scope.
///
/// Under [`Precision::Bf16`], [`linear`](crate::nn::functional::linear), [`matmul`](crate::Tensor::matmul) and all that is
/// made of them round their `f32` operands to bfloat16 and add the products in `f32`; so do their derivatives, wherever
/// `backward` is called. All else is computed as ever. Parameters, gradients and results are
/// `f32`: there is nothing to convert, and no loss to scale. Products of `f64` and of whole numbers are left alone.
///
/// | | PyTorch | jimu |
/// |---|---|---|
/// | operands of products | bfloat16 | bfloat16 |
/// | sums | `f32` | `f32` |
/// | results, gradients | bfloat16 | `f32`, not rounded |
/// | convolutions | bfloat16 | `f32`: 3x3 ones by Winograd's algorithm need a quarter of the multiplications, which gains more, and which bfloat16 is too coarse for |
/// | recurrent layers, attention as one operation | bfloat16 | `f32` |
///
/// It is twice as fast as single precision where [`Precision::is_fast`] says so, and slower elsewhere. The scope is the calling
/// thread's; [`train`](crate::train) takes it along to its own. See
/// [`torch.autocast`](https://pytorch.org/docs/stable/amp.html#torch.autocast) and Micikevicius et al.,
/// [*Mixed precision training*](https://arxiv.org/abs/1710.03740), 2018.
///
/// # Examples
/// ```
/// use jimu::{Precision, Tensor, autocast};
/// let (x, w) = (Tensor::new([[1.001, 2.0]]), Tensor::new([[1.0], [0.5]]));
/// assert_eq!(x.matmul(&w).item(), f64::from(2.001f32));
/// autocast(Precision::Bf16, || {
///     assert_eq!(x.matmul(&w).item(), 2.0);
///     assert_eq!(autocast(Precision::F32, || x.matmul(&w)).item(), f64::from(2.001f32));
/// });
/// ```
pub fn autocast<R>(precision: Precision, f: impl FnOnce() -> R) -> R {
    let _restore = Restore(PRECISION.replace(precision));
    f()
}

/// The precision of products on this thread: what `torch.get_autocast_dtype("cpu")` says where
/// `torch.is_autocast_enabled("cpu")`.
///
/// ```
/// use jimu::{Precision, autocast, autocast_precision};
/// assert_eq!(autocast_precision(), Precision::F32);
/// autocast(Precision::Bf16, || assert_eq!(autocast_precision(), Precision::Bf16));
/// ```
pub fn autocast_precision() -> Precision {
    PRECISION.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{BackwardOptions, checkpoint, grad};
    use crate::nn::functional::linear;
    use crate::nn::{Module, RNN};
    use crate::tensor::Tensor;

    /// Numbers that are no bfloat16.
    fn numbers(sizes: [usize; 2], seed: i64) -> Tensor {
        (Tensor::arange(0, (sizes[0] * sizes[1]) as i64) * seed).to(crate::DType::F32).sin().reshape(sizes)
    }

    fn rounded(x: &Tensor) -> Tensor {
        let halves = x.to_vec::<f32>().into_iter().map(|x| half::bf16::from_f32(x).to_f32());
        Tensor::from_vec(halves.collect::<Vec<f32>>(), x.size())
    }

    fn near(a: &Tensor, b: &Tensor) -> bool {
        a.allclose(b, 1e-5, 1e-5, false)
    }

    #[test]
    fn operands_of_products_and_of_their_derivatives_are_rounded() {
        let (x, w, b) = (numbers([5, 7], 3), numbers([4, 7], 5), numbers([1, 4], 2).reshape([4]));
        let g = numbers([5, 4], 11);
        for inside in [true, false] {
            let inputs = [&x, &w, &b].map(|x| x.detach().requires_grad_());
            let forward = || linear(&inputs[0], &inputs[1], Some(&inputs[2]));
            let y = autocast(Precision::Bf16, forward);
            assert!(near(&y, &(rounded(&x).matmul(&rounded(&w).t()) + &b)));
            assert!(!near(&y, &forward()), "as if nothing was rounded");
            let backward = || (&y * &g).sum().backward();
            // Where backward is called makes no difference.
            if inside {
                autocast(Precision::Bf16, backward)
            } else {
                backward()
            }
            let [dx, dw, db] = [0, 1, 2].map(|i: usize| inputs[i].grad().unwrap());
            assert!(near(&dx, &rounded(&g).matmul(&rounded(&w))));
            assert!(near(&dw, &rounded(&g).t().matmul(&rounded(&x))));
            assert!(near(&db, &g.sum_dim(0, false)), "a sum is not rounded");
        }
    }

    #[test]
    fn batches_are_rounded_and_second_derivatives_too() {
        let (a, b) = (numbers([6, 4], 3).reshape([2, 3, 4]), numbers([8, 3], 7).reshape([2, 4, 3]));
        let y = autocast(Precision::Bf16, || a.matmul(&b));
        assert!(near(&y, &rounded(&a).matmul(&rounded(&b))));
        let (a, b) = (numbers([2, 3], 3).requires_grad_(), numbers([3, 2], 5).requires_grad_());
        let y = autocast(Precision::Bf16, || a.matmul(&b));
        let options = BackwardOptions::new().create_graph(true);
        let first = grad(&[&y.square().sum()], &[&a], options).pop().unwrap();
        let second = grad(&[&first.square().sum()], &[&b], BackwardOptions::new()).pop().unwrap();
        assert!(second.isfinite().all().to_vec::<bool>()[0]);
        let exact = a.detach().matmul(&b.detach());
        assert!(near(&first.detach(), &rounded(&(rounded(&exact_of(&a, &b)) * 2.0)).matmul(&rounded(&b.detach()).t())));
        assert!(!near(&y.detach(), &exact));
    }

    fn exact_of(a: &Tensor, b: &Tensor) -> Tensor {
        rounded(&a.detach()).matmul(&rounded(&b.detach()))
    }

    /// Two linear layers, ReLU and the cross-entropy, as PyTorch computes them under `torch.autocast("cpu", torch.bfloat16)`.
    #[test]
    fn values_and_gradients_are_those_of_pytorch_but_for_its_rounding_of_results() {
        let sines = |sizes: [usize; 2], step: f32| {
            let values = (1..=sizes[0] * sizes[1]).map(|i| (i as f32 * step).sin()).collect::<Vec<f32>>();
            Tensor::from_vec(values, sizes)
        };
        let (x, w, b) = (sines([3, 4], 3.0), sines([5, 4], 5.0), sines([1, 5], 2.0).reshape([5]));
        let leaves = [x, w, b, sines([2, 5], 7.0)].map(|x| x.requires_grad_());
        let [x, w, b, v] = &leaves;
        let (y, loss) = autocast(Precision::Bf16, || {
            let y = linear(&linear(x, w, Some(b)).relu(), v, None);
            (y.clone(), y.cross_entropy(&Tensor::new([0, 1, 0])))
        });
        loss.backward();
        assert!((loss.item() - 0.607_322).abs() < 2e-3, "{loss:?}");
        let expected: [&[f32]; 5] = [
            &[0.80469, -0.43555, 0.67969, -0.12354, 0.69531, -0.03101],
            &[
                0.10596, 0.05786, -0.07324, -0.09961, -0.32812, -0.17871, 0.22656, 0.30859, 0.02869, 0.12354, 0.0415,
                -0.10059,
            ],
            &[
                0.05444, -0.06982, 0.0835, -0.0957, 0.0, 0.0, 0.0, 0.0, -0.1416, 0.14648, -0.14844, 0.14746, 0.00362,
                -0.00464, 0.00552, -0.00635, 0.0, 0.0, 0.0, 0.0,
            ],
            &[0.07373, 0.0, -0.14844, 0.00488, 0.0],
            &[0.01245, 0.0, -0.0105, 0.08008, 0.0, -0.01245, 0.0, 0.0105, -0.08008, 0.0],
        ];
        let found = std::iter::once(y.detach()).chain(leaves.iter().map(|leaf| leaf.grad().unwrap()));
        for (found, expected) in found.zip(expected) {
            let most = expected.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            for (found, expected) in found.to_vec::<f32>().into_iter().zip(expected) {
                // Eight of a bfloat16's last places: terms of both signs nearly cancel each other.
                assert!((found - expected).abs() < most / 32.0, "{found} for {expected}");
            }
        }
    }

    #[test]
    fn doubles_and_whole_numbers_are_left_alone() {
        let x = numbers([3, 3], 3).to(crate::DType::F64);
        let whole = Tensor::new([[1001, 2], [3, 4]]);
        autocast(Precision::Bf16, || {
            assert_eq!(x.matmul(&x).to_vec::<f64>(), autocast(Precision::F32, || x.matmul(&x)).to_vec::<f64>());
            assert_eq!(whole.matmul(&whole).to_vec::<i64>()[0], 1001 * 1001 + 6);
        });
    }

    #[test]
    fn a_second_run_has_the_precision_of_the_first() {
        let (x, w) = (numbers([3, 4], 3).requires_grad_(), numbers([4, 2], 5));
        let weight = w.clone();
        let y = autocast(Precision::Bf16, || checkpoint(move |x| x[0].matmul(&weight), &[&x]));
        y.sum().backward();
        assert!(near(&x.grad().unwrap(), &Tensor::ones([3, 2]).matmul(&rounded(&w).t())));
    }

    #[test]
    fn backward_of_what_is_no_product_does_not_see_the_scope_that_it_is_called_in() {
        crate::manual_seed(0);
        let layer = RNN::new(3, 4);
        let x = numbers([5, 3], 3).reshape([5, 1, 3]);
        let gradients = [Precision::F32, Precision::Bf16].map(|precision| {
            layer.zero_grad();
            let loss = layer.forward(&x, None).0.square().sum();
            autocast(precision, || loss.backward());
            layer.parameters().iter().map(|parameter| parameter.grad().unwrap().to_vec::<f32>()).collect::<Vec<_>>()
        });
        assert_eq!(gradients[0], gradients[1]);
    }

    #[test]
    fn a_panic_leaves_the_precision_as_it_was() {
        let panicked = std::panic::catch_unwind(|| autocast(Precision::Bf16, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(autocast_precision(), Precision::F32);
    }
}
