//! `matmul`: products of vectors, matrices and batches of matrices.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::gemm::{BatchOperand, GemmShape, batched_gemm};
use jimu_kernels::mixed::{self, Values};

use crate::autocast::{Precision, autocast, autocast_precision};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply, try_apply};
use crate::dtype::{DType, Element, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::both;
use crate::tensor::{Layout, Shape, Small, Storage, Tensor, broadcast_shapes};

/// The products of two batches of matrices, [*, m, k] and [*, k, n], whose batch dimensions are equal.
struct Matmul {
    precision: Precision,
    /// Write a single product with the rows innermost.
    rows_innermost: bool,
}

impl Matmul {
    fn new(rows_innermost: bool) -> Self {
        Self { precision: autocast_precision(), rows_innermost }
    }
}

impl Operation for Matmul {
    const NAME: &'static str = "matmul";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let (a, b) = (inputs[0], inputs[1]);
        let rank = a.dim();
        let mut shape = a.size();
        shape.as_mut()[rank - 1] = b.shape()[rank - 1];
        Ok(Spec::new(a.dtype(), shape))
    }

    fn multiply_adds(&self, inputs: &[&Tensor], output: &Tensor) -> u64 {
        (output.numel() * inputs[0].shape().last().copied().unwrap_or(1)) as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (a, b) = (inputs[0], inputs[1]);
        let rank = a.dim();
        let shape = GemmShape { m: a.shape()[rank - 2], k: a.shape()[rank - 1], n: b.shape()[rank - 1] };
        let (left, right) = (offsets(a.layout()), offsets(b.layout()));
        let (sa, sb) = (a.storage(), b.storage());
        let (strides_of_a, strides_of_b) =
            ((a.stride()[rank - 2], a.stride()[rank - 1]), (b.stride()[rank - 2], b.stride()[rank - 1]));
        let (strides, layout) = product_layout(&spec.shape, self.rows_innermost);
        if let (Precision::Bf16, Storage::F32(x), Storage::F32(y)) = (self.precision, &*sa, &*sb) {
            let mut out = Buffer::unspecified(spec.shape.numel());
            let a = mixed::BatchOperand { values: Values::F32(x), offsets: &left, strides: strides_of_a };
            let b = mixed::BatchOperand { values: Values::F32(y), offsets: &right, strides: strides_of_b };
            mixed::batched_gemm(shape, a, b, &mut out, shape.m * shape.n, strides);
            return Tensor::from_buffer::<f32>(out, layout);
        }
        dispatch_number!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            let a = BatchOperand { data: T::slice(&sa), offsets: &left, strides: strides_of_a };
            let b = BatchOperand { data: T::slice(&sb), offsets: &right, strides: strides_of_b };
            batched_gemm(shape, a, b, &mut out, shape.m * shape.n, strides, false);
            Tensor::from_buffer::<T>(out, layout)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        autocast(self.precision, || {
            both(
                context,
                || grad.matmul(&context.input(1).transpose(-2, -1)),
                || context.input(0).transpose(-2, -1).matmul(grad),
            )
        })
    }
}

/// The elements of a product's operands, from each one's first on, if they are to be rounded to bfloat16.
pub(super) fn halves<'a>(
    precision: Precision,
    tensors: [&Tensor; 2],
    storages: [&'a Storage; 2],
) -> Option<[Values<'a>; 2]> {
    let values = |index: usize| match storages[index] {
        Storage::F32(values) => Some(Values::F32(&values[tensors[index].layout().offset..])),
        _ => None,
    };
    match precision {
        Precision::F32 => None,
        Precision::Bf16 => Some([values(0)?, values(1)?]),
    }
}

/// The strides of a product's rows and columns, and its layout; with the rows innermost only for a single product.
pub(super) fn product_layout(shape: &Shape, rows_innermost: bool) -> ((usize, usize), Layout) {
    match shape[..] {
        [rows, _] if rows_innermost => ((1, rows), Layout::in_order(shape.clone(), &[1, 0])),
        _ => ((shape[shape.len() - 1], 1), Layout::contiguous(shape.clone())),
    }
}

/// Whether a matrix has its rows innermost, as what comes from images with the batch innermost.
pub(super) fn rows_innermost(matrix: &Tensor) -> bool {
    matrix.stride()[0] == 1 && matrix.stride()[1] > 1
}

/// The product of two matrices, with the rows innermost if `a` has: what follows then copies nothing, and neither does
/// the product itself.
#[track_caller]
pub(super) fn matmul_like(a: &Tensor, b: &Tensor) -> Tensor {
    apply(Matmul::new(rows_innermost(a)), &[a, b])
}

/// Where each matrix of a batch begins.
fn offsets(layout: &Layout) -> Small<usize> {
    let batch = &layout.shape[..layout.shape.len() - 2];
    let position = |mut index: usize| {
        let mut offset = layout.offset;
        for (&size, &stride) in batch.iter().zip(&layout.strides).rev() {
            offset += index % size * stride;
            index /= size;
        }
        offset
    };
    (0..batch.iter().product()).map(position).collect()
}

impl Tensor {
    /// The product of vectors and matrices, Python's `a @ b`:
    /// [`torch.matmul`](https://pytorch.org/docs/stable/generated/torch.matmul.html). Not the element-wise product,
    /// which is [`mul`](Self::mul) or `*`.
    ///
    /// # Shape
    /// | `self` | `other` | result |
    /// |---|---|---|
    /// | (k) | (k) | (), the inner product |
    /// | (m, k) | (k, n) | (m, n) |
    /// | (k) | (k, n) | (n) |
    /// | (m, k) | (k) | (m) |
    /// | (*, m, k) | (*, k, n) | (*, m, n), the batch dimensions * broadcast |
    ///
    /// # Panics
    /// If the inner sizes differ, the batch dimensions cannot be broadcast, or an operand is 0-d or holds truth values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([[1.0, 2.0], [3.0, 4.0]]), Tensor::new([[0.0, 1.0], [1.0, 0.0]]));
    /// assert_eq!(a.matmul(&b).to_vec::<f32>(), [2.0, 1.0, 4.0, 3.0]);
    /// assert_eq!(Tensor::zeros([10, 3, 4]).matmul(&Tensor::zeros([4, 5])).size(), [10, 3, 5]);
    /// ```
    #[track_caller]
    pub fn matmul(&self, other: &Tensor) -> Tensor {
        try_matmul(self, other).or_raise()
    }
}

pub(super) fn try_matmul(a: &Tensor, b: &Tensor) -> Result<Tensor, ShapeError> {
    check(a, b)?;
    let dtype = a.dtype().promote(b.dtype());
    let (a, b) = (a.to(dtype), b.to(dtype));
    match (a.dim(), b.dim()) {
        (1, 1) => Ok(try_matmul(&a.unsqueeze(0), &b.unsqueeze(1))?.reshape(Shape::default())),
        (1, _) => Ok(try_matmul(&a.unsqueeze(0), &b)?.squeeze_dim(-2)),
        (_, 1) => Ok(try_matmul(&a, &b.unsqueeze(1))?.squeeze_dim(-1)),
        (2, 2) => try_apply(Matmul::new(false), &[&a, &b]),
        // One matrix for the whole batch: one large product.
        (_, 2) => {
            let mut sizes = a.size();
            let rows = try_apply(Matmul::new(false), &[&a.flatten(..-1), &b])?;
            sizes.as_mut()[a.dim() - 1] = b.shape()[1];
            Ok(rows.reshape(sizes))
        }
        _ => {
            let (batch_a, batch_b) = (&a.shape()[..a.dim() - 2], &b.shape()[..b.dim() - 2]);
            let batch = broadcast_shapes(batch_a, batch_b, "matmul").map_err(|_| {
                let (a, b) = (a.shape(), b.shape());
                ShapeError::new("matmul", format!("the batch dimensions of the shapes {a} and {b} cannot be broadcast"))
                    .help("make all sizes but the last two equal, or 1")
            })?;
            let spread = |x: &Tensor| {
                let sizes: Shape = batch.iter().chain(&x.shape()[x.dim() - 2..]).copied().collect();
                x.expand(sizes)
            };
            try_apply(Matmul::new(false), &[&spread(&a), &spread(&b)])
        }
    }
}

fn check(a: &Tensor, b: &Tensor) -> Result<(), ShapeError> {
    let (left, right) = (a.shape(), b.shape());
    if a.dim() == 0 || b.dim() == 0 {
        return Err(ShapeError::new(
            "matmul",
            format!("both operands need a dimension, but the shapes are {left} and {right}"),
        )
        .help("multiply by a number with *"));
    }
    let (inner_a, inner_b) = (left[a.dim() - 1], right[b.dim().saturating_sub(2)]);
    if inner_a != inner_b {
        return Err(ShapeError::new(
            "matmul",
            format!("the shapes {left} and {right} do not fit: the inner sizes are {inner_a} and {inner_b}"),
        )
        .help("the last size of the first must equal the last but one of the second; transpose one of them?"));
    }
    if a.dtype().promote(b.dtype()) == DType::Bool {
        return Err(ShapeError::new("matmul", "truth values have no product").help("convert them to numbers first"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, check_binary, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives_for_every_pair_of_ranks() {
        for (a, b) in [
            (&[3][..], &[3][..]),
            (&[2, 3], &[3, 4]),
            (&[3], &[3, 4]),
            (&[2, 3], &[3]),
            (&[2, 2, 3], &[3, 2]),
            (&[2, 1, 2, 3], &[3, 3, 2]),
        ] {
            check_binary(|a, b| a.matmul(b), a, b);
        }
        check(|x| x[0].t().matmul(x[1]), &[&variable([3, 2]), &variable([3, 2])]);
    }

    #[test]
    fn nothing_summed_is_zero() {
        assert_eq!(Tensor::zeros([2, 0]).matmul(&Tensor::zeros([0, 3])).to_vec::<f32>(), [0.0; 6]);
        assert_eq!(Tensor::zeros([2, 1, 0]).matmul(&Tensor::zeros([2, 0, 3])).to_vec::<f32>(), [0.0; 6]);
    }

    #[test]
    #[should_panic(expected = "the shapes [2, 3] and [2, 3] do not fit: the inner sizes are 3 and 2")]
    fn refusal() {
        Tensor::zeros([2, 3]).matmul(&Tensor::zeros([2, 3]));
    }
}
