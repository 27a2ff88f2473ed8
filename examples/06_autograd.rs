//! Gradients: define by run, go back with `backward`, and check the result against finite differences.

use jimu::autograd::{BackwardOptions, gradcheck};
use jimu::{DType, Tensor, no_grad};

fn main() {
    // f(x) = Σ x³ + 2x has the gradient 3x² + 2.
    let x = Tensor::new([1.0, 2.0, 3.0]).requires_grad_();
    let y = (x.pow(3) + &x * 2.0).sum();
    y.backward();
    println!("f = {}, its gradient {}", y.item(), x.grad().expect("backward has filled it"));

    // Gradients add up until they are cleared.
    (&x * 10.0).sum().backward();
    println!("after another backward, 10 more each: {}", x.grad().expect("backward has filled it"));
    x.set_grad(None);

    // A result that is not a number needs the gradient of what comes after it.
    (&x * &x).backward_with(BackwardOptions::new().gradient(&Tensor::new([1.0, 10.0, 100.0])));
    println!("x * x, weighted by 1, 10 and 100: {}", x.grad().expect("backward has filled it"));

    // Outside the graph: nothing is recorded.
    let frozen = no_grad(|| &x * 2.0);
    println!("made without a record: requires_grad = {}", frozen.requires_grad());
    println!("detached: requires_grad = {}", (&x * 2.0).detach().requires_grad());

    // Finite differences in f64 say the same as backward.
    let x = Tensor::randn([4]).to(DType::F64).requires_grad_();
    match gradcheck(|inputs| inputs[0].sigmoid() * inputs[0].exp(), &[&x]) {
        Ok(()) => println!("gradcheck of sigmoid(x) exp(x): the gradients agree"),
        Err(error) => println!("gradcheck: {error}"),
    }

    // Steepest descent by hand: the minimum of (w - 3)².
    let w = Tensor::new([0.0]).requires_grad_();
    for _ in 0..50 {
        w.set_grad(None);
        (&w - 3.0).square().sum().backward();
        let step = w.grad().expect("backward has filled it") * 0.1;
        no_grad(|| w.sub_(&step));
    }
    println!("after 50 steps of descent w is {:.4}", w.item());
}
