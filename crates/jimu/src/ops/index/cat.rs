//! `cat` and `stack`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::dtype::{DType, Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Small, Tensor};

struct Cat {
    dim: usize,
    sizes: Vec<usize>,
}

impl Operation for Cat {
    const NAME: &'static str = "cat";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let first = inputs[0];
        let others = |x: &Tensor| -> Small<usize> {
            (0..x.dim()).filter(|&dim| dim != self.dim).map(|dim| x.shape()[dim]).collect()
        };
        if let Some(odd) = inputs.iter().position(|x| x.dim() != first.dim() || others(x) != others(first)) {
            let (shape, want) = (inputs[odd].shape(), first.shape());
            return Err(ShapeError::new(
                "cat",
                format!(
                    "tensor {odd} has shape {shape}, which does not fit shape {want} outside dimension {}",
                    self.dim
                ),
            )
            .help("make all sizes but those of the joined dimension equal"));
        }
        let mut spec = Spec::like(first);
        spec.shape.as_mut()[self.dim] = self.sizes.iter().sum();
        Ok(spec)
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let whole = Layout::contiguous(spec.shape.clone());
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            let mut offset = 0;
            for input in inputs {
                let (storage, source) = (input.storage(), input.layout());
                let operand = Operand { data: T::slice(&storage), offset: source.offset, strides: &source.strides };
                strided::assign(&source.shape, operand, &mut out, offset, &whole.strides);
                offset += source.shape[self.dim] * whole.strides[self.dim];
            }
            Tensor::from_buffer::<T>(out, whole)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let mut start = 0;
        let part = |(index, &size): (usize, &usize)| {
            start += size;
            context.needs(index).then(|| grad.narrow(self.dim as isize, (start - size) as isize, size))
        };
        self.sizes.iter().enumerate().map(part).collect()
    }
}

impl Tensor {
    /// Tensors joined along dimension `dim`: [`torch.cat`](https://pytorch.org/docs/stable/generated/torch.cat.html).
    ///
    /// # Shape
    /// All sizes but those of `dim` must agree; the types are promoted.
    ///
    /// # Panics
    /// If there is no tensor, or the shapes do not fit.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([[1], [2]]), Tensor::new([[3, 4], [5, 6]]));
    /// assert_eq!(Tensor::cat(&[&a, &b], 1).to_vec::<i64>(), [1, 3, 4, 2, 5, 6]);
    /// ```
    #[track_caller]
    pub fn cat(tensors: &[&Tensor], dim: isize) -> Tensor {
        try_cat(tensors, dim).or_raise()
    }

    /// Tensors of one shape joined along a new dimension `dim`:
    /// [`torch.stack`](https://pytorch.org/docs/stable/generated/torch.stack.html).
    ///
    /// # Panics
    /// If there is no tensor, or the shapes differ.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([1, 2]), Tensor::new([3, 4]));
    /// assert_eq!(Tensor::stack(&[&a, &b], 1).to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[track_caller]
    pub fn stack(tensors: &[&Tensor], dim: isize) -> Tensor {
        if let Some(odd) = tensors.iter().position(|x| x.shape() != tensors[0].shape()) {
            let (shape, want) = (tensors[odd].shape(), tensors[0].shape());
            crate::error::raise(
                ShapeError::new("stack", format!("tensor {odd} has shape {shape}, but the first has shape {want}"))
                    .help("stack joins tensors of one shape; cat joins along an existing dimension"),
            );
        }
        let rows: Vec<Tensor> = tensors.iter().map(|x| x.unsqueeze(dim)).collect();
        let dim = if dim < 0 && !tensors.is_empty() { dim + tensors[0].dim() as isize + 1 } else { dim };
        try_cat(&rows.iter().collect::<Vec<_>>(), dim).map_err(|error| error.told_by("stack")).or_raise()
    }
}

fn try_cat(tensors: &[&Tensor], dim: isize) -> Result<Tensor, ShapeError> {
    // An empty 1-d tensor fits anything, as PyTorch has it.
    let fits_anything = |x: &Tensor| *x.shape() == [0];
    let Some(first) = tensors.iter().find(|x| !fits_anything(x)).or(tensors.first()) else {
        return Err(ShapeError::new("cat", "there is no tensor to join").help("give at least one"));
    };
    if tensors.iter().any(|x| x.dim() == 0) {
        return Err(ShapeError::new("cat", "a 0-d tensor cannot be joined").help("unsqueeze it, or use stack"));
    }
    let dim = first.shape().dim(dim, "cat")?;
    let dtype = tensors.iter().map(|x| x.dtype()).fold(DType::Bool, DType::promote);
    let mut nothing = first.size();
    nothing.as_mut()[dim] = 0;
    let fitted = |x: &&Tensor| if fits_anything(x) { x.reshape(&nothing) } else { (*x).clone() }.to(dtype);
    let converted: Vec<Tensor> = tensors.iter().map(fitted).collect();
    let sizes = converted.iter().map(|x| x.shape().get(dim).copied().unwrap_or(0)).collect();
    try_apply(Cat { dim, sizes }, &converted.iter().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let inputs = [variable([2, 1]), variable([2, 3])];
        check(|x| Tensor::cat(&[x[0], x[1], x[0]], 1), &[&inputs[0], &inputs[1]]);
        check(|x| Tensor::stack(&[x[0], x[0]], -1), &[&inputs[1]]);
    }

    #[test]
    fn an_empty_tensor_fits_anything_and_gets_its_gradient() {
        let (empty, x) = (Tensor::zeros([0]).requires_grad_(), Tensor::ones([2, 3]));
        let joined = Tensor::cat(&[&empty, &x], 1);
        assert_eq!(joined.to_vec::<f32>(), [1.0; 6]);
        joined.sum().backward();
        assert_eq!(empty.grad().unwrap().size(), [0]);
    }

    #[test]
    #[should_panic(expected = "tensor 1 has shape [3, 2], which does not fit shape [2, 2] outside dimension 1")]
    fn refusal() {
        Tensor::cat(&[&Tensor::zeros([2, 2]), &Tensor::zeros([3, 2])], 1);
    }
}
