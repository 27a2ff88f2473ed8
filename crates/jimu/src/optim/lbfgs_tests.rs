use super::*;
use crate::optim::testing::message;

/// The loss of Rosenbrock's function in two times two dimensions, and its gradients.
fn closure(x: &Tensor, y: &Tensor, sign: f64) -> impl FnMut() -> Tensor + use<> {
    let (x, y) = (x.clone(), y.clone());
    move || {
        x.set_grad(None);
        y.set_grad(None);
        let valley = (y.reshape([-1]) - x.square()).square().sum() * 100.0;
        let loss = ((1.0 - &x).square().sum() + valley) * sign;
        loss.backward();
        loss
    }
}

fn start(dtype: DType) -> [Tensor; 2] {
    let (x, y) = (Tensor::new([-1.5, 2.0]), Tensor::new([[0.5], [-1.0]]));
    [x, y].map(|w| w.to(dtype).requires_grad_())
}

fn values(params: &[Tensor]) -> Vec<f64> {
    params.iter().flat_map(|w| w.to(DType::F64).to_vec::<f64>()).collect()
}

/// Four steps end where PyTorch's do, with its losses.
#[track_caller]
fn follows(make: impl Fn([Tensor; 2]) -> Lbfgs, sign: f64, losses: [f64; 4], expected: [f64; 4], evaluations: i64) {
    let [x, y] = start(DType::F64);
    let mut opt = make([x.clone(), y.clone()]);
    let mut closure = closure(&x, &y, sign);
    for loss in losses {
        let found = opt.step_with(&mut closure).item();
        assert!((found - loss).abs() <= 1e-8 * loss.abs(), "the loss is {found}, but PyTorch has {loss}");
    }
    let found = values(&[x, y]);
    let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-8);
    assert!(close, "{found:?}, but PyTorch has {expected:?}");
    assert_eq!(opt.state_dict().tensors["state.0.func_evals"].to_vec::<i64>(), [evaluations]);
}

#[test]
fn follows_pytorch() {
    follows(
        |w| Lbfgs::new(w, 1e-3),
        1.0,
        [2813.5, 2732.8058181923743, 2639.7340151112785, 2542.5633542066553],
        [-1.4778235758394884, 1.9643230804286758, 0.5569629822561942, -0.8038579853361487],
        80,
    );
    follows(
        |w| {
            let opt = Lbfgs::new(w, 0.5).max_iter(7).history_size(3).tolerance_change(1e-12);
            opt.line_search_fn(LineSearch::StrongWolfe)
        },
        1.0,
        [2813.5, 23.901294456628648, 3.7904725478484367, 2.8896182156400663],
        [-0.07184533505475826, 0.9888202858544353, -0.01434185452944638, 0.9500277793066998],
        33,
    );
    follows(
        |w| Lbfgs::new(w, 1.0).max_iter(10).line_search_fn(LineSearch::StrongWolfe).maximize(true),
        -1.0,
        [-2813.5, -2.904391562588623, -1.0191925410065887, -0.15942600673019625],
        [1.0722851436371579, 0.7870594699901935, 1.1521449328876965, 0.6176337236770125],
        48,
    );
}

#[test]
fn a_stopped_training_resumes() {
    let make = |w: [Tensor; 2]| Lbfgs::new(w, 1.0).max_iter(6).history_size(12).line_search_fn(LineSearch::StrongWolfe);
    let (straight, stopped) = (start(DType::F64), start(DType::F64));
    let mut opt = make(straight.clone());
    (0..6).for_each(|_| drop(opt.step_with(&mut closure(&straight[0], &straight[1], 1.0))));
    let mut first = make(stopped.clone());
    (0..3).for_each(|_| drop(first.step_with(&mut closure(&stopped[0], &stopped[1], 1.0))));
    let state = first.state_dict();
    assert!(state.tensors.contains_key("state.0.old_dirs.10"), "{:?}", state.tensors.keys());
    let mut second = Lbfgs::new(stopped.clone(), 0.1);
    second.load_state_dict(&state).unwrap();
    (0..3).for_each(|_| drop(second.step_with(&mut closure(&stopped[0], &stopped[1], 1.0))));
    assert_eq!(values(&straight), values(&stopped));
}

#[test]
fn a_flat_start_is_left_alone_and_single_precision_arrives() {
    let w = Tensor::new([2.0]).requires_grad_();
    let mut opt = Lbfgs::new([w.clone(), Tensor::zeros([3]).requires_grad_()], 1.0);
    opt.step_with(&mut || (&w * 0.0).sum());
    assert_eq!(w.item(), 2.0);
    let [x, y] = start(DType::F32);
    let mut opt = Lbfgs::new([x.clone(), y.clone()], 1.0).line_search_fn(LineSearch::StrongWolfe).max_iter(200);
    opt.step_with(&mut closure(&x, &y, 1.0));
    assert!(values(&[x, y]).iter().all(|w| (w - 1.0).abs() < 2e-2));
}

#[test]
fn refusals_name_the_fix() {
    let message = message(|| Lbfgs::new(start(DType::F32), 1.0).step());
    assert!(message.contains("Lbfgs: a step needs the loss at several places\n  help: give it a closure"), "{message}");
    let mut opt = Lbfgs::new(start(DType::F32), 1.0);
    let mut state = opt.state_dict();
    state.tensors.insert("state.0.d".into(), Tensor::zeros([3]));
    let error = opt.load_state_dict(&state).unwrap_err().to_string();
    assert!(error.contains("`state.0.d` of the state has shape [3], but its parameter has shape [4]"), "{error}");
    state.tensors = [("state.0.old_dirs.99999999999".to_owned(), Tensor::zeros([4]))].into();
    assert!(matches!(opt.load_state_dict(&state), Err(OptimizerStateError::UnknownTensor { .. })));
}
