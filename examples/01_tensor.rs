//! Tensors: sizes, types, views, broadcasting, and `*`, which multiplies element by element.

use jimu::{DType, Index, Tensor};

fn main() {
    let x = Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    println!("x = {x}");
    println!("size {}, dtype {}, {} elements", x.size(), x.dtype(), x.numel());

    // A view shares the elements: nothing is copied until somebody writes.
    println!("x.t():\n{}", x.transpose(0, 1));
    println!("x[:, 1:] (a view):\n{}", x.index((.., 1..)));
    println!("x[:, ::2]:\n{}", x.index((.., Index::Slice(None, None, 2))));
    println!("reshaped to [3, -1]:\n{}", x.reshape([3, -1]));

    // Arithmetic is element by element. The smaller operand is broadcast: here a row to both rows, a column to all columns.
    let (row, column) = (Tensor::new([10.0, 20.0, 30.0]), Tensor::new([[100.0], [200.0]]));
    println!("x * x:\n{}", &x * &x);
    println!("x + row:\n{}", &x + &row);
    println!("x + column:\n{}", &x + &column);
    println!("1 - x / 2:\n{}", 1.0 - &x / 2.0);

    // Reductions over everything, or over a dimension.
    println!("sum {}, mean {}", x.sum().item(), x.mean().item());
    println!("sum over the rows: {}", x.sum_dim(0, false));
    let (values, indices) = x.max_dim(1, false);
    println!("the largest of each row: {values} at {indices}");

    // Comparisons give truth values; types mix as in PyTorch.
    println!("x > 2: {}", x.gt(2));
    println!("whole numbers and real ones: {}", (Tensor::arange(0, 3) + Tensor::new([0.5, 0.5, 0.5])).dtype());
    println!("as int64: {}", x.to(DType::I64));

    // The same seed gives the same numbers, on every machine.
    jimu::manual_seed(0);
    println!("random, normally distributed:\n{}", Tensor::randn([2, 3]));
}
