//! What the tests of the optimisers share.

use super::Optimizer;
use crate::{DType, Tensor};

const START: [f64; 3] = [0.5, -1.25, 2.0];
const GRADIENTS: [[f64; 3]; 4] = [[0.1, -0.4, 0.9], [-0.3, 0.2, 0.7], [0.6, -0.5, -0.2], [0.05, 0.3, -0.8]];

pub(super) fn start(dtype: DType) -> Tensor {
    Tensor::from_vec(START.to_vec(), [3]).to(dtype).requires_grad_()
}

pub(super) fn steps(w: &Tensor, opt: &mut dyn Optimizer, count: usize) {
    for gradient in GRADIENTS.iter().cycle().take(count) {
        w.set_grad(Some(Tensor::from_slice(gradient, [3]).to(w.dtype())));
        opt.step();
    }
}

/// Checks that eight steps over given gradients, in f64 and f32, end where PyTorch's do (in f64).
#[track_caller]
pub(super) fn follows<O: Optimizer>(make: impl Fn([Tensor; 1]) -> O, expected: [f64; 3]) {
    for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 2e-6)] {
        let w = start(dtype);
        steps(&w, &mut make([w.clone()]), 8);
        let w = w.to(DType::F64).to_vec::<f64>();
        let close = w.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance);
        assert!(close, "{dtype}: {w:?}, but PyTorch has {expected:?}");
    }
}

/// Checks that a training stopped after three steps and resumed from its state ends as one that was not stopped.
#[track_caller]
pub(super) fn resumes<O: Optimizer>(make: impl Fn([Tensor; 1]) -> O, blank: impl Fn([Tensor; 1]) -> O) {
    let (straight, stopped) = (start(DType::F32), start(DType::F32));
    let mut opt = make([straight.clone()]);
    steps(&straight, &mut opt, 3);
    steps(&straight, &mut opt, 3);
    let mut first = make([stopped.clone()]);
    steps(&stopped, &mut first, 3);
    let state = first.state_dict();
    let mut second = blank([stopped.clone()]);
    second.load_state_dict(&state).unwrap();
    // What the first does from here on must not reach the second.
    let values = stopped.to_vec::<f32>();
    steps(&stopped, &mut first, 1);
    stopped.update::<f32, _>(|elements| elements.copy_from_slice(&values));
    steps(&stopped, &mut second, 3);
    assert_eq!(straight.to_vec::<f32>(), stopped.to_vec::<f32>());
}

/// The message of the panic of `f`.
pub(crate) fn message<R>(f: impl FnOnce() -> R) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).err().expect("the call should panic");
    panic.downcast_ref::<String>().expect("a panic with a text").clone()
}
