//! Files from PyTorch and NumPy, made by `interchange/make.py`, and files for them, which `interchange/check.py` has
//! loaded with PyTorch and NumPy.
//!
//! What jimu writes must be byte for byte what lies in `interchange/written`. If it changes on purpose, write it anew by
//! `JIMU_INTERCHANGE_WRITE=1 cargo test --release --test interchange`, and run `check.py`.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use jimu::io::torch::{self, FormatError, to_optimizer_state, to_state_dict};
use jimu::io::{Dict, FileError, Value, npy, npz};
use jimu::nn::{BatchNorm2d, Conv2d, Forward, Linear, Module};
use jimu::optim::lr_scheduler::{CosineAnnealingLR, LrScheduler, MultiStepLR, OneCycleLR, SequentialLR};
use jimu::optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Asgd, HyperParameter, Lbfgs, Muon, NAdam, Optimizer, RAdam, RmsProp, Rprop,
    Sgd,
};
use jimu::{DType, Tensor};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interchange").join(name)
}

fn load(name: &str) -> Value {
    torch::load(folder("files").join(name)).unwrap()
}

fn tensor(value: &Value, key: &str) -> Tensor {
    value.get(key).and_then(Value::as_tensor).unwrap_or_else(|| panic!("there is no tensor {key}")).clone()
}

fn tensors(value: &Value, key: &str) -> Vec<Tensor> {
    let list = value.get(key).and_then(Value::as_list).expect("a list of tensors");
    list.iter().map(|value| value.as_tensor().expect("a tensor").clone()).collect()
}

fn numbers(value: &Value, key: &str) -> Vec<f64> {
    let list = value.get(key).and_then(Value::as_list).expect("a list of numbers");
    list.iter().map(|value| value.as_float().expect("a number")).collect()
}

/// What is written is what PyTorch and NumPy were seen to load.
fn written(name: &str, bytes: &[u8]) {
    let path = folder("written").join(name);
    if std::env::var_os("JIMU_INTERCHANGE_WRITE").is_some() {
        std::fs::create_dir_all(folder("written")).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    let known = std::fs::read(&path).unwrap_or_default();
    assert!(known == bytes, "{name} is no longer written as it was: see the head of tests/interchange.rs");
}

fn close(found: &Tensor, expected: &Tensor, tolerance: f64) -> bool {
    found.size() == expected.size() && (found - expected).abs().max().item() <= tolerance
}

/// An optimiser with a group for each parameter; its options come from the file.
fn blank(name: &str, first: &Tensor, second: &Tensor) -> Box<dyn Optimizer> {
    macro_rules! grouped {
        ($Optimizer:ident) => {
            Box::new($Optimizer::new([first.clone()], 1.0).add_param_group([second.clone()], |group| group))
        };
    }
    match name {
        "SGD" => grouped!(Sgd),
        "Adam" => grouped!(Adam),
        "AdamW" => grouped!(AdamW),
        "RMSprop" => grouped!(RmsProp),
        "Adagrad" => grouped!(Adagrad),
        "Adadelta" => grouped!(Adadelta),
        "Adamax" => grouped!(Adamax),
        "NAdam" => grouped!(NAdam),
        "RAdam" => grouped!(RAdam),
        "ASGD" => grouped!(Asgd),
        "Rprop" => grouped!(Rprop),
        "Muon" => grouped!(Muon),
        "LBFGS" => Box::new(Lbfgs::new([first.clone(), second.clone()], 1.0)),
        other => panic!("there is no optimizer {other}"),
    }
}

/// The loss of `make.py`, with gradients.
fn loss(params: &[Tensor; 2]) -> Tensor {
    let own = |w: &Tensor| {
        w.set_grad(None);
        let weights = Tensor::arange(0, w.numel() as i64).to(DType::F32).reshape(w.size()) + 1.5;
        (w.square() * weights).sum() + w.sin().sum()
    };
    let loss = own(&params[0]) + own(&params[1]);
    loss.backward();
    loss
}

#[test]
fn a_training_stopped_in_pytorch_goes_on() {
    for name in [
        "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop", "Muon",
        "LBFGS",
    ] {
        let file = load(&format!("optimizer_{name}.pt"));
        let params = tensors(&file, "params");
        let params = [&params[0], &params[1]].map(|param| param.detach().requires_grad_());
        let mut optimizer = blank(name, &params[0], &params[1]);
        let state = to_optimizer_state(file.get("optimizer").unwrap()).unwrap();
        optimizer.load_state_dict(&state).unwrap_or_else(|error| panic!("{name}: {error}"));
        if name != "LBFGS" {
            assert_eq!(optimizer.param_groups()[1].lr(), 0.02, "{name}");
        }
        // What was read is what is written.
        let saved = Value::from(&optimizer.state_dict());
        let again = to_optimizer_state(&torch::from_bytes(&torch::to_bytes(&saved)).unwrap()).unwrap();
        assert!(again.tensors.keys().eq(optimizer.state_dict().tensors.keys()), "{name}");
        let checkpoint = Dict::from_iter([
            ("params".into(), file.get("params").unwrap().clone()),
            ("optimizer".into(), saved),
            ("after".into(), file.get("after").unwrap().clone()),
        ]);
        written(&format!("optimizer_{name}.pt"), &torch::to_bytes(&checkpoint.into()));
        for _ in 0..3 {
            optimizer.step_with(&mut || loss(&params));
        }
        // Muon computes in bfloat16.
        let tolerance = if name == "Muon" { 1e-3 } else { 2e-5 };
        for (found, expected) in params.iter().zip(tensors(&file, "after")) {
            assert!(close(&found.detach(), &expected, tolerance), "{name}: {found} instead of {expected}");
        }
    }
}

#[test]
fn schedules_stopped_in_pytorch_go_on() {
    let file = load("schedulers.pt");
    let state = |key: &str| file.get(key).unwrap();
    let after = state("after");
    let w = Tensor::zeros([2]).requires_grad_();
    let mut optimizer = Sgd::new([w.clone()], 1.0);
    let mut one_cycle = OneCycleLR::new(0.1, 99).attach(&mut optimizer);
    optimizer.load_state_dict(&to_optimizer_state(state("optimizer")).unwrap()).unwrap();
    one_cycle.load_state_dict(state("one_cycle")).unwrap();
    let mut multi_step = MultiStepLR::new([7]);
    multi_step.load_state_dict(state("multi_step")).unwrap();
    let mut sequence_optimizer = Sgd::new([w], 1.0);
    let mut sequence = SequentialLR::warm_up(0.5, 9, CosineAnnealingLR::new(2)).attach(&mut sequence_optimizer);
    sequence_optimizer.load_state_dict(&to_optimizer_state(state("sequence_optimizer")).unwrap()).unwrap();
    sequence.load_state_dict(state("sequence")).unwrap();
    let saved = Dict::from_iter([
        ("optimizer".into(), Value::from(&optimizer.state_dict())),
        ("one_cycle".into(), one_cycle.state_dict()),
        ("multi_step".into(), multi_step.state_dict()),
        ("sequence".into(), sequence.state_dict()),
        ("sequence_optimizer".into(), Value::from(&sequence_optimizer.state_dict())),
        ("after".into(), after.clone()),
    ]);
    written("schedulers.pt", &torch::to_bytes(&saved.into()));
    let expected = ["one_cycle", "momentum", "sequence"].map(|key| numbers(after, key));
    for ((lr, momentum), next) in expected[0].iter().zip(&expected[1]).zip(&expected[2]) {
        one_cycle.step(&mut optimizer);
        sequence.step(&mut sequence_optimizer);
        let Some(HyperParameter::Number(own)) = optimizer.param_groups()[0].hyper_parameter("momentum") else {
            panic!("SGD has a momentum")
        };
        assert!((optimizer.lr() - lr).abs() < 1e-12 && (own - momentum).abs() < 1e-12);
        assert!((sequence_optimizer.lr() - next).abs() < 1e-12);
    }
}

#[test]
fn values_of_pytorch() {
    let file = load("values.pt");
    for (name, value) in file.get("types").unwrap().as_dict().unwrap() {
        let found = value.as_tensor().unwrap().to(DType::F64).to_vec::<f64>();
        assert_eq!(found, [0.0, 1.0, 2.0, 100.0], "{name}");
    }
    assert_eq!(tensor(&file, "bool").to_vec::<bool>(), [true, false]);
    let row: Vec<f32> = (0..12).map(|x| x as f32).collect();
    assert_eq!(tensor(&file, "base").to_vec::<f32>(), row);
    assert_eq!(tensor(&file, "transposed").t().to_vec::<f32>(), row);
    assert_eq!(tensor(&file, "column").to_vec::<f32>(), [1.0, 5.0, 9.0]);
    assert_eq!(tensor(&file, "last").to_vec::<f32>(), [9.0, 10.0, 11.0]);
    assert_eq!(tensor(&file, "expanded").to_vec::<f32>(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
    assert_eq!((tensor(&file, "scalar").item(), tensor(&file, "scalar").dim()), (2.5, 0));
    assert_eq!(tensor(&file, "empty").size(), [0, 3]);
    assert!(tensor(&file, "parameter").requires_grad());
    let list = file.get("list").unwrap();
    assert_eq!(
        format!("{list:?}"),
        "List([None, Bool(true), Int(3), Int(-1099511627776), Float(0.1), Text(\"积木\"), Bytes([0, 255]), \
         Tuple([Int(1), Tuple([Int(2)])]), Dict({Text(\"a\"): List([])}), Dict({Int(1): Text(\"one\")}), List([Int(4)])])"
    );
    assert_eq!(format!("{:?}", file.get("size").unwrap()), "Tuple([Int(2), Int(3)])");
    assert_eq!(file.get("dtype").unwrap().as_text(), Some("torch.float32"));
    assert_eq!(file.get("device").unwrap().as_text(), Some("cpu"));
    // A write to one of the tensors that shared elements in PyTorch leaves the others alone.
    let base = tensor(&file, "base");
    base.fill_(0.0);
    assert_eq!(tensor(&file, "last").to_vec::<f32>(), [9.0, 10.0, 11.0]);
    written("values.pt", &torch::to_bytes(&load("values.pt")));
    let newer = load("values_protocol_4.pt");
    assert_eq!(newer.as_list().unwrap()[5].as_text(), Some("积木"));
    assert_eq!(newer.as_list().unwrap()[6].as_tensor().unwrap().to_vec::<f32>(), row);
}

#[derive(Module)]
struct Net {
    conv: Conv2d,
    norm: BatchNorm2d,
    fc: Linear,
}

impl Forward for Net {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.norm.forward(&self.conv.forward(x)).relu().max_pool2d(2);
        self.fc.forward(&x.flatten(1..))
    }
}

#[test]
fn a_network_of_pytorch_gives_its_outputs() {
    let net = Net { conv: Conv2d::new(2, 3, 3).padding(1), norm: BatchNorm2d::new(3), fc: Linear::new(3 * 4 * 4, 5) };
    net.load_state_dict(&torch::load_pth(folder("files/net.pth")).unwrap()).unwrap();
    net.eval();
    let output = load("net_output.pt");
    let found = net.forward(&tensor(&output, "x")).detach();
    assert!(close(&found, &tensor(&output, "y"), 1e-5), "{found}");
    written("net.pth", &torch::to_bytes(&Value::from(&net.state_dict())));
    // The same state by way of a value.
    let state = to_state_dict(&torch::from_bytes(&torch::to_bytes(&Value::from(&net.state_dict()))).unwrap()).unwrap();
    assert!(state.keys().eq(net.state_dict().keys()));
}

#[test]
fn what_could_run_code_is_refused() {
    let refused = |name: &str| match torch::load(folder("files").join(name)) {
        Err(FileError::Format { source, .. }) => source,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(refused("whole_module.pt"), FormatError::Forbidden { name: "torch.nn.modules.linear.Linear".into() });
    assert_eq!(refused("legacy.pt"), FormatError::Legacy);
    let objects = npy::load(folder("files/objects.npy")).unwrap_err().to_string();
    assert!(objects.contains("the elements are of type |O, which jimu does not have"), "{objects}");
}

#[test]
fn arrays_of_numpy() {
    let arrays = npz::load(folder("files/arrays.npz")).unwrap();
    assert_eq!(arrays.len(), 18);
    for (name, array) in arrays.iter().filter(|(name, _)| !["b1", "scalar", "empty"].contains(&name.as_str())) {
        assert_eq!(array.size(), [2, 3], "{name}");
        assert_eq!(array.to(DType::F64).to_vec::<f64>(), [0.0, 1.0, 2.0, 3.0, 100.0, 5.0], "{name}");
    }
    assert_eq!(arrays["b1"].to_vec::<bool>(), [false, true, true, true, true, true]);
    assert_eq!(arrays["scalar"].to_vec::<f64>(), [2.5]);
    assert_eq!(arrays["empty"].size(), [0, 3]);
    assert_eq!((arrays["f2"].dtype(), arrays["u1"].dtype(), arrays["i2"].dtype()), (DType::F32, DType::U8, DType::I64));
    let compressed = npz::load(folder("files/compressed.npz")).unwrap();
    assert_eq!(compressed["x"].size(), [1000]);
    for name in ["version_2.npy", "version_3.npy"] {
        assert_eq!(npy::load(folder("files").join(name)).unwrap().to_vec::<i64>(), [0, 1, 2, 3, 100, 5]);
    }
    // NumPy's own bytes.
    let path = folder("files/matrix.npy");
    assert_eq!(npy::to_bytes(&npy::load(&path).unwrap()), std::fs::read(&path).unwrap());
    written("arrays.npz", &npz::to_bytes(&arrays));
}
