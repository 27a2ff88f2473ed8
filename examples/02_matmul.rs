//! Products of matrices: `matmul` is Python's `@`; `*` multiplies element by element.

use jimu::Tensor;
use jimu::nn::functional::linear;

fn main() {
    let a = Tensor::new([[1.0, 2.0], [3.0, 4.0]]);
    let b = Tensor::new([[5.0, 6.0], [7.0, 8.0]]);
    println!("a @ b:\n{}", a.matmul(&b));
    println!("a * b:\n{}", &a * &b);

    // One dimension: the dot product, or a matrix times a vector.
    let v = Tensor::new([1.0, 10.0]);
    println!("v @ v = {}, a @ v = {}, v @ a = {}", v.matmul(&v).item(), a.matmul(&v), v.matmul(&a));

    // More than two: batches of matrices, and the batches are broadcast.
    let batch = Tensor::randn([7, 1, 3, 4]);
    let other = Tensor::randn([5, 4, 6]);
    println!("{} @ {} = {}", batch.size(), other.size(), batch.matmul(&other).size());

    // A linear layer is x @ Wᵀ + b: 128 samples of 20 features become 128 samples of 30.
    let (x, weight, bias) = (Tensor::randn([128, 20]), Tensor::randn([30, 20]), Tensor::randn([30]));
    let by_hand = x.matmul(&weight.t()) + &bias;
    let difference = (&by_hand - linear(&x, &weight, Some(&bias))).abs().max().item();
    println!("x @ W.t() + b has size {}; linear(x, W, b) differs by at most {difference:.1e}", by_hand.size());
}
