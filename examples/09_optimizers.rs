//! Optimisers on a narrow valley: how far each of them gets in the same number of steps.

use jimu::Tensor;
use jimu::optim::{Adam, AdamW, Optimizer, Sgd};

fn main() {
    println!("f(a, b) = a² / 2 + 25 b², from (4, 1), 60 steps; the minimum is 0 at (0, 0)\n");
    run("Sgd lr 0.02", |w| Box::new(Sgd::new([w], 0.02)));
    run("Sgd lr 0.02, momentum 0.9", |w| Box::new(Sgd::new([w], 0.02).momentum(0.9)));
    run("Sgd lr 0.02, momentum 0.9, Nesterov", |w| Box::new(Sgd::new([w], 0.02).momentum(0.9).nesterov(true)));
    run("Sgd lr 0.02, weight decay 0.1", |w| Box::new(Sgd::new([w], 0.02).weight_decay(0.1)));
    run("Adam lr 0.2", |w| Box::new(Adam::new([w], 0.2)));
    run("AdamW lr 0.2, weight decay 0.1", |w| Box::new(AdamW::new([w], 0.2).weight_decay(0.1)));

    full_batch();
    groups();
}

fn run(name: &str, make: impl FnOnce(Tensor) -> Box<dyn Optimizer>) {
    let w = Tensor::new([4.0, 1.0]).requires_grad_();
    let curvature = Tensor::new([0.5, 25.0]);
    let mut opt = make(w.clone());
    let height = || (w.square() * &curvature).sum();
    for _ in 0..60 {
        opt.zero_grad();
        height().backward();
        opt.step();
    }
    println!("{name:38} f = {:9.2e} at {w}", height().item());
}

/// Full-batch gradient descent is `Sgd` with the whole set as one batch: every step sees every sample.
fn full_batch() {
    let x = Tensor::linspace(-1.0, 1.0, 100);
    let y = &x * 2.0 + 1.0;
    let (slope, intercept) = (Tensor::new([0.0]).requires_grad_(), Tensor::new([0.0]).requires_grad_());
    let mut opt = Sgd::new([slope.clone(), intercept.clone()], 0.5);
    for _ in 0..50 {
        opt.zero_grad();
        (&slope * &x + &intercept - &y).square().mean().backward();
        opt.step();
    }
    println!("\na line through 100 points by full-batch descent: {:.4} x + {:.4}", slope.item(), intercept.item());
}

/// Parameters in groups, each with options of its own, changed on the way.
fn groups() {
    let (weight, bias) = (Tensor::zeros([3, 2]).requires_grad_(), Tensor::zeros([3]).requires_grad_());
    let mut opt =
        Sgd::new([weight], 0.1).weight_decay(5e-4).add_param_group([bias], |group| group.lr(0.2).weight_decay(0.0));
    for group in opt.param_groups_mut() {
        group.set_lr(group.lr() / 2.0);
    }
    let rates: Vec<f64> = opt.param_groups().iter().map(|group| group.lr()).collect();
    println!("two groups after halving their learning rates: {rates:?}");
}
