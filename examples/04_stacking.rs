//! Stacking blocks: one after the other with `sequential!`, or in a struct with a forward of its own.

use jimu::nn::{Forward, Linear, Module, ReLU, Sequential};
use jimu::{Tensor, sequential};

/// A stack with a way around it: the structure is in the fields, the computation in `forward`.
#[derive(Module)]
struct Residual {
    stack: Sequential,
    output: Linear,
}

impl Forward for Residual {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.output.forward(&(x + self.stack.forward(x)))
    }
}

fn main() {
    jimu::manual_seed(0);
    let mlp = sequential![Linear::new(784, 256), ReLU, Linear::new(256, 64), ReLU, Linear::new(64, 10)];
    println!("{mlp}");
    println!("{} parameters; 32 images go to {}\n", mlp.num_parameters(), mlp.forward(&Tensor::rand([32, 784])).size());

    let model =
        Residual { stack: sequential![Linear::new(20, 20), ReLU, Linear::new(20, 20)], output: Linear::new(20, 3) };
    println!("{model}");
    for (name, parameter) in model.named_parameters() {
        println!("{name:16} {}", parameter.size());
    }

    // One loss reaches the parameters of all blocks.
    model.forward(&Tensor::randn([8, 20])).square().mean().backward();
    for (name, parameter) in model.named_parameters() {
        let gradient = parameter.grad().expect("backward has filled it");
        println!("largest gradient of {name:16} {:.4}", gradient.abs().max().item());
    }
}
