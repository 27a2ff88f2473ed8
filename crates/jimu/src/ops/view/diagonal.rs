//! `diagonal`.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::strided::{self, Operand};

use super::{View, apply_view};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{Element, dispatch_dtype};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Layout, Shape, Tensor};

#[derive(Clone, Copy)]
struct Diagonal {
    offset: isize,
    rows: usize,
    columns: usize,
}

impl Diagonal {
    fn of(self, input: &Layout) -> Layout {
        let (row, column) = ((-self.offset).max(0) as usize, self.offset.max(0) as usize);
        let [height, width] = [input.shape[self.rows], input.shape[self.columns]];
        let length = height.saturating_sub(row).min(width.saturating_sub(column));
        let [down, right] = [input.strides[self.rows], input.strides[self.columns]];
        // A diagonal beyond the matrix is empty and starts anywhere.
        let start = if length == 0 { 0 } else { row * down + column * right };
        let others = (0..input.shape.len()).filter(|&dim| dim != self.rows && dim != self.columns);
        Layout {
            shape: others.clone().map(|dim| input.shape[dim]).chain([length]).collect(),
            strides: others.map(|dim| input.strides[dim]).chain([down + right]).collect(),
            offset: input.offset + start,
        }
    }
}

impl View for Diagonal {
    const NAME: &'static str = "diagonal";

    fn layout(&self, input: &Layout) -> Result<Layout, ShapeError> {
        Ok(self.of(input))
    }

    fn gradient(&self, input: &Layout, grad: &Tensor) -> Tensor {
        apply(Undiagonal { diagonal: *self, shape: input.shape.clone() }, &[grad])
    }
}

/// Zeros of the whole's shape with the diagonal in its place: the gradient of a diagonal.
struct Undiagonal {
    diagonal: Diagonal,
    shape: Shape,
}

impl Operation for Undiagonal {
    const NAME: &'static str = "diagonal_backward";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(inputs[0].dtype(), &self.shape))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let whole = Layout::contiguous(spec.shape.clone());
        let part = self.diagonal.of(&whole);
        let (storage, source) = (inputs[0].storage(), inputs[0].layout());
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::zeroed(spec.shape.numel());
            let source = Operand { data: T::slice(&storage), offset: source.offset, strides: &source.strides };
            strided::assign(&part.shape, source, &mut out, part.offset, &part.strides);
            Tensor::from_buffer::<T>(out, whole)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply_view(self.diagonal, grad))
    }
}

impl Tensor {
    /// The diagonal of a matrix, or of each matrix in dimensions `dim1` and `dim2`, as a view in which it is the last
    /// dimension: [`torch.diagonal`](https://pytorch.org/docs/stable/generated/torch.diagonal.html). Nothing is copied.
    ///
    /// # Args
    /// - `offset`: 0 is the main diagonal, positive ones lie above it, negative ones below.
    ///
    /// # Panics
    /// If there are no such dimensions, or the two are one.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.diagonal(0, 0, 1).to_vec::<i64>(), [1, 5]);
    /// assert_eq!(x.diagonal(1, 0, 1).to_vec::<i64>(), [2, 6]);
    /// assert_eq!(Tensor::zeros([8, 4, 3]).diagonal(-1, -2, -1).size(), [8, 3]);
    /// ```
    #[track_caller]
    pub fn diagonal(&self, offset: isize, dim1: isize, dim2: isize) -> Tensor {
        let (rows, columns) = diagonal_rule(self, dim1, dim2).or_raise();
        apply_view(Diagonal { offset, rows, columns }, self)
    }
}

fn diagonal_rule(x: &Tensor, dim1: isize, dim2: isize) -> Result<(usize, usize), ShapeError> {
    let shape = x.shape();
    let (rows, columns) = (shape.dim(dim1, "diagonal")?, shape.dim(dim2, "diagonal")?);
    match rows == columns {
        true => Err(ShapeError::new("diagonal", format!("dimensions {dim1} and {dim2} of shape {shape} are one"))
            .help("name two dimensions of a tensor with at least two")),
        false => Ok((rows, columns)),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].diagonal(-1, 0, 2) * x[1], &[&variable([3, 2, 3]), &variable([2, 2])]);
        check(|x| x[0].diagonal(1, 1, 0), &[&variable([2, 3])]);
    }

    #[test]
    fn beyond_the_matrix() {
        assert_eq!(Tensor::zeros([2, 3]).diagonal(5, 0, 1).size(), [0]);
        assert_eq!(Tensor::zeros([2, 3]).diagonal(-2, 0, 1).size(), [0]);
    }

    #[test]
    #[should_panic(expected = "diagonal: dimensions 1 and -1 of shape [2, 3] are one")]
    fn refusal() {
        Tensor::zeros([2, 3]).diagonal(0, 1, -1);
    }
}
