//! Gradients, shapes and types.

use jimu::autograd::{BackwardOptions, Context, Function, Gradients, apply_function, grad};
use jimu::nn::{Forward, Linear};
use jimu::{DType, Tensor};

use crate::{Mistake, Net, ints, leaf};

/// A function whose author forgot to pass a gradient back.
struct Lossy;

impl Function for Lossy {
    const NAME: &'static str = "Lossy";
    fn forward(&mut self, inputs: &[&Tensor]) -> Tensor {
        inputs[0] * 2.0
    }
    fn backward(&self, _context: &Context<'_>, _grad: &Tensor) -> Gradients {
        Gradients::new()
    }
}

pub(crate) fn gradients() -> Vec<Mistake> {
    vec![
        panics!(
            "backward from many numbers",
            { (leaf(&[1.0, 2.0]) * 2.0).backward() },
            "backward: without a given gradient the tensor must have one element, but its shape is [2]\n  \
             help: reduce it to a loss (mean, sum), or give the gradient with BackwardOptions::gradient"
        ),
        panics!(
            "backward of what needs no gradient",
            { Tensor::ones([1]).sum().backward() },
            "backward: the tensor does not require gradients, nor does anything it was computed from\n  \
             help: build the loss from parameters, outside no_grad and without detach"
        ),
        panics!(
            "a second backward",
            {
                let loss = leaf(&[1.0, 2.0]).square().sum();
                loss.backward();
                loss.backward();
            },
            "backward: what sum saved for backward has been freed by an earlier backward\n  \
             help: compute the loss again, or let the first backward retain the graph (BackwardOptions::retain_graph)"
        ),
        panics!(
            "a gradient of another shape",
            {
                (leaf(&[1.0, 2.0]) * 2.0).backward_with(BackwardOptions::new().gradient(&Tensor::ones([3])));
            },
            "backward: the given gradient has shape [3], but the tensor has shape [2]\n  \
             help: give a gradient of the tensor's own shape"
        ),
        panics!(
            "an assignment to a leaf",
            { leaf(&[1.0]).add_(1.0) },
            "add_: the tensor is a leaf that requires gradients, and no gradient flows through a write\n  \
             help: write to it within jimu::no_grad(|| …)"
        ),
        panics!(
            "an assignment to a result",
            { (leaf(&[1.0]) * 2.0).mul_(2.0) },
            "mul_: the tensor is the result of a tracked operation, and its graph needs it as it is\n  \
             help: compute a new tensor, or write to x.detach()"
        ),
        panics!(
            "an assignment to what backward needs",
            {
                let x = Tensor::new([1.0, 2.0]);
                let loss = (leaf(&[3.0, 4.0]) * &x).sum();
                x.fill_(0.0);
                loss.backward();
            },
            "backward of mul: a tensor of shape [2] that it needs has been written to since\n  \
 help: write to it after backward, or to a copy of it"
        ),
        panics!(
            "gradients of whole numbers",
            { ints(&[1, 2]).requires_grad_() },
            "requires_grad_: only real numbers have gradients, but the tensor is int64\n  \
             help: convert it with x.to(DType::F32) first"
        ),
        panics!(
            "freezing a result",
            { (leaf(&[1.0]) * 2.0).set_requires_grad(false) },
            "requires_grad_: the tensor is the result of a tracked operation\n  \
             help: use x.detach() for a copy outside the graph"
        ),
        panics!(
            "a gradient with respect to what was not used",
            {
                let (x, y) = (leaf(&[1.0]), leaf(&[1.0]));
                grad(&[&x.sum()], &[&y], BackwardOptions::new())
            },
            "grad: no gradient flows to input 0, of shape [1]\n  \
             help: ask only for tensors that require gradients and that the outputs were computed from"
        ),
        panics!(
            "a function that loses its gradient",
            { apply_function(Lossy, &[&leaf(&[1.0])]).backward() },
            "backward of Lossy: it gives 0 gradients, but forward took 1 inputs\n  \
 help: give one for each input, in order, and None where none flows"
        ),
    ]
}

pub(crate) fn shapes() -> Vec<Mistake> {
    vec![
        panics!(
            "matrices that do not fit",
            { Tensor::zeros([2, 3]).matmul(&Tensor::zeros([2, 3])) },
            "matmul: the shapes [2, 3] and [2, 3] do not fit: the inner sizes are 3 and 2\n  \
             help: the last size of the first must equal the last but one of the second; transpose one of them?"
        ),
        panics!(
            "batches of matrices that do not fit",
            { Tensor::zeros([2, 3, 4]).matmul(&Tensor::zeros([5, 4, 3])) },
            "matmul: the batch dimensions of the shapes [2, 3, 4] and [5, 4, 3] cannot be broadcast\n  \
             help: make all sizes but the last two equal, or 1"
        ),
        panics!(
            "a product with a number",
            { Tensor::zeros([2, 3]).matmul(&Tensor::full([], 2.0)) },
            "matmul: both operands need a dimension, but the shapes are [2, 3] and []\n  \
             help: multiply by a number with *"
        ),
        panics!(
            "sizes that cannot be broadcast",
            { Tensor::zeros([64, 10]) + Tensor::zeros([64]) },
            "add: the shapes [64, 10] and [64] cannot be broadcast: dimension -1 is 10 and 64\n  \
             help: make the sizes equal, or one of them 1 (unsqueeze adds such a dimension)"
        ),
        panics!(
            "an expansion of a size other than 1",
            { Tensor::zeros([3, 2]).expand([3, 4]) },
            "expand: the shape [3, 2] cannot be expanded to [3, 4]\n  \
             help: only dimensions of size 1, and new ones in front, can be expanded"
        ),
        panics!(
            "a reshape to another number of elements",
            { Tensor::zeros([64, 16, 5, 5]).reshape([64, 256]) },
            "reshape: a tensor of shape [64, 16, 5, 5] (25600 elements) cannot take the shape [64, 256]: that would be 16384 elements\n  \
             help: make the product of the sizes equal to the number of elements; one size may be -1"
        ),
        panics!(
            "two sizes to be found out",
            { Tensor::zeros([6]).reshape([-1, -1]) },
            "reshape: a tensor of shape [6] (6 elements) cannot take the shape [-1, -1]: at most one size may be -1, and none may be below\n  \
             help: make the product of the sizes equal to the number of elements; one size may be -1"
        ),
        panics!(
            "a view of a transposed tensor",
            { Tensor::zeros([2, 3]).t().view([6]) },
            "view: the shape [3, 2] with strides [1, 3] has no view of shape [6]\n  \
             help: use reshape, which copies where it must"
        ),
        panics!(
            "cat of other widths",
            { Tensor::cat(&[&Tensor::zeros([2, 3]), &Tensor::zeros([2, 4])], 0) },
            "cat: tensor 1 has shape [2, 4], which does not fit shape [2, 3] outside dimension 0\n  \
             help: make all sizes but those of the joined dimension equal"
        ),
        panics!(
            "cat of nothing",
            { Tensor::cat(&[], 0) },
            "cat: there is no tensor to join\n  \
             help: give at least one"
        ),
        panics!(
            "stack of other shapes",
            { Tensor::stack(&[&Tensor::zeros([2]), &Tensor::zeros([3])], 0) },
            "stack: tensor 1 has shape [3], but the first has shape [2]\n  \
             help: stack joins tensors of one shape; cat joins along an existing dimension"
        ),
        panics!(
            "an index out of range",
            { Tensor::zeros([10, 3]).index(10) },
            "select: index 10 is out of range for dimension 0 of a tensor of shape [10, 3]\n  \
             help: choose an index from -10 to 9"
        ),
        panics!(
            "too many indices",
            { Tensor::zeros([10]).index((0, 0)) },
            "index: 2 indices are too many for a tensor of shape [10]\n  \
             help: give at most 1"
        ),
        panics!(
            "a slice beyond the end",
            { Tensor::zeros([10]).narrow(0, 8, 4) },
            "narrow: 4 elements from 8 reach beyond dimension 0 of a tensor of shape [10]\n  \
             help: start + length must be at most 10"
        ),
        panics!(
            "a dimension that there is not",
            { Tensor::zeros([2, 3]).sum_dim(2, false) },
            "sum: dimension 2 is out of range for a tensor of shape [2, 3]\n  \
             help: choose a dimension from -2 to 1"
        ),
        panics!(
            "a permutation that repeats",
            { Tensor::zeros([2, 3]).permute([0, 0]) },
            "permute: [0, 0] does not name each dimension of a tensor of shape [2, 3] once\n  \
             help: give the 2 dimensions in their new order"
        ),
        panics!(
            "the transpose of a batch",
            { Tensor::zeros([2, 3, 4]).t() },
            "t: a matrix is needed, but the shape is [2, 3, 4]\n  \
             help: use transpose(-2, -1) for a batch of matrices"
        ),
        panics!(
            "split sizes that do not add up",
            { Tensor::zeros([10]).split_with_sizes(&[3, 3], 0) },
            "split: the sizes [3, 3] add up to 6, but dimension 0 of shape [10] has 10\n  \
             help: make the sizes add up to the dimension"
        ),
        panics!(
            "gather beyond the end",
            { Tensor::zeros([2, 3]).gather(1, &ints(&[0, 3]).reshape([2, 1])) },
            "gather: index 3 is out of range for a dimension of size 3\n  \
             help: every index must lie from 0 to 2"
        ),
        panics!(
            "a shape that the numbers do not fill",
            { Tensor::from_vec(vec![1.0f32, 2.0, 3.0], [2, 2]) },
            "from_vec: a tensor of shape [2, 2] has 4 elements, but 3 are given\n  \
             help: make the product of the sizes equal to the number of elements"
        ),
        panics!(
            "the number of many",
            { Tensor::zeros([2]).item() },
            "item: the tensor must have one element, but its shape is [2]\n  \
             help: reduce it first (sum, mean), or use to_vec to read all elements"
        ),
        panics!(
            "the largest of nothing",
            { Tensor::zeros([0]).max() },
            "amax: a tensor of shape [0] is empty there and has no extreme\n  \
             help: give the folded dimensions at least one element"
        ),
    ]
}

pub(crate) fn types() -> Vec<Mistake> {
    vec![
        panics!(
            "double precision into a layer of single",
            { Linear::new(2, 2).forward(&Tensor::zeros_of([1, 2], DType::F64)) },
            "Linear: the input is float64, but the weight is float32\n  \
             help: convert the input with x.to(DType::F32)"
        ),
        panics!(
            "pixels as whole numbers",
            { Net::new(576).conv.forward(&Tensor::zeros_of([1, 1, 28, 28], DType::U8)) },
            "Net.conv (Conv2d): the input is uint8, but the weight is float32\n  \
             help: convert the input with x.to(DType::F32)"
        ),
        panics!(
            "a fraction into whole numbers",
            { ints(&[1, 2]).add_(0.5) },
            "add_: a float32 result does not fit a int64 tensor\n  \
             help: convert the tensor first, as in x.to(DType::F32)"
        ),
        panics!(
            "real numbers as an index",
            { Tensor::zeros([3]).index_select(0, &Tensor::new([0.0])) },
            "index_select: the index must be int64, but it is float32\n  \
             help: convert it with index.to(DType::I64)"
        ),
        panics!(
            "values of another type",
            { Tensor::zeros([2]).to_vec::<i64>() },
            "to_vec: the elements are float32, not int64\n  \
             help: convert first, as in x.to(DType::I64).to_vec()"
        ),
        panics!(
            "the mean of whole numbers",
            { ints(&[1, 2]).mean() },
            "mean: the elements are int64, and their mean would be no such\n  \
             help: convert them with x.to(DType::F32) first"
        ),
        panics!(
            "a difference of truth values",
            { Tensor::new([true]) - Tensor::new([false]) },
            "sub: truth values have no arithmetic\n  \
             help: convert them with x.to(DType::I64), or use logical_and and logical_or"
        ),
        panics!(
            "a condition that is a number",
            { Tensor::zeros([2]).where_(1.0, 0.0) },
            "where: the condition is float32, not bool\n  \
             help: compare, as in x.ne(0), or convert with x.to(DType::Bool)"
        ),
    ]
}
