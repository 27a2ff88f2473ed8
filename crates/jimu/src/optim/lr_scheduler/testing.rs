//! What the tests of the schedulers share.

use super::LrScheduler;
use crate::Tensor;
use crate::optim::{HyperParameter, Optimizer, Sgd};

/// Two groups with the rates 0.1 and 0.02.
pub(super) fn optimizer() -> Sgd {
    Sgd::new([Tensor::zeros([2])], 0.1).momentum(0.5).add_param_group([Tensor::zeros([3])], |group| group.lr(0.02))
}

fn momentum(opt: &Sgd) -> f64 {
    match opt.param_groups()[0].hyper_parameter("momentum") {
        Some(HyperParameter::Number(momentum)) => momentum,
        other => panic!("the momentum is {other:?}"),
    }
}

#[track_caller]
fn compare(what: &str, found: &[f64], expected: &[f64]) {
    let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-14 + 1e-12 * b.abs());
    assert!(close && found.len() == expected.len(), "{what}: {found:?}, but PyTorch has {expected:?}");
}

/// The first group's rate after 0, 1, 2, … steps, and its momentum.
fn run(scheduler: impl LrScheduler, steps: usize) -> (Vec<f64>, Vec<f64>) {
    let mut opt = optimizer();
    let mut scheduler = scheduler.attach(&mut opt);
    let mut found = (vec![opt.lr()], vec![momentum(&opt)]);
    for _ in 0..steps {
        let state = scheduler.state_dict();
        scheduler.load_state_dict(&state).unwrap();
        scheduler.step(&mut opt);
        assert_eq!(scheduler.get_last_lr()[0], opt.lr());
        found.0.push(opt.lr());
        found.1.push(momentum(&opt));
    }
    found
}

/// Checks the first group's rates against PyTorch's.
#[track_caller]
pub(super) fn follows(scheduler: impl LrScheduler, expected: &[f64]) {
    compare("rates", &run(scheduler, expected.len() - 1).0, expected);
}

/// Checks its momentum too.
#[track_caller]
pub(super) fn follows_with_momentum(scheduler: impl LrScheduler, rates: &[f64], momenta: &[f64]) {
    let found = run(scheduler, rates.len() - 1);
    compare("rates", &found.0, rates);
    compare("momenta", &found.1, momenta);
}
