//! Checkpoints of PyTorch in jimu, and jimu's in PyTorch.
//!
//! `checkpoints/make.py` makes a ResNet-18, a VGG-11-BN and a TransformerEncoderLayer whose weights follow a formula, and
//! keeps what PyTorch computes with them, and with other networks of torchvision. Here the formula makes the same weights.
//! The layer's files are kept; to read the large files, too, make them and say where they are:
//! `JIMU_CHECKPOINTS=FOLDER cargo test --test checkpoints`.
//! `cargo test --test checkpoints -- --ignored` writes jimu's own files to that folder's subfolder `jimu`, for
//! `make.py FOLDER/jimu --check`.

use std::path::{Path, PathBuf};

use jimu::io::safetensors::{self, Metadata};
use jimu::io::{Value, torch};
use jimu::nn::{Forward, Module, StateDict, TransformerEncoderLayer};
use jimu::vision::models::{self, ResNet, VGG, VggDepth, VisionTransformer, VitOptions};
use jimu::{DType, Device, Shape, Tensor, no_grad};
use md5::{Digest, Md5};

const RESNET: &str = "resnet18";
const VGG_11: &str = "vgg11_bn";
const TOLERANCE: f64 = 1e-4;

/// `count` numbers in [-1, 1), multiples of 2^-23: a counter from the FNV-1a hash of `name`, mixed by SplitMix64.
fn numbers(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let hash = |seed: u64, byte: u8| (seed ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325, hash);
    (1..=count as u64).map(move |index| {
        let mut x = seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        (x >> 40) as f64 / f64::from(1 << 23) - 1.0
    })
}

/// The parameter or buffer `name`, as in `make.py`.
fn value(name: &str, shape: &Shape) -> Tensor {
    if name.ends_with("num_batches_tracked") {
        return Tensor::full_of([], 7, DType::I64);
    }
    let scale = 4.0 * shape.first().map_or(1.0, |&first| first as f64) / shape.numel() as f64;
    let scale = scale.sqrt();
    let shaped = |noise: f64| match shape.len() {
        _ if name.ends_with("running_var") => 1.0 + noise / 2.0,
        2.. => noise * scale,
        _ if name.ends_with("weight") => 1.0 + noise / 8.0,
        _ => noise / 8.0,
    };
    Tensor::from_vec(numbers(name, shape.numel()).map(|noise| shaped(noise) as f32).collect(), shape)
}

fn input(model: &str, shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    Tensor::from_vec(numbers(&format!("{model} input"), shape.numel()).map(|x| x as f32).collect(), shape)
}

fn state<M: Module + ?Sized>(model: &M) -> StateDict {
    model.state_dict().iter().map(|(name, tensor)| (name.clone(), value(name, tensor.shape()))).collect()
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints")
}

fn expected(model: &str) -> Tensor {
    safetensors::load(here().join("outputs.safetensors")).unwrap().0[model].clone()
}

/// Loads `state` into the model, and compares its output with PyTorch's.
#[track_caller]
fn check<M: Module + Forward + ?Sized>(name: &str, model: &M, state: &StateDict, x: &Tensor) {
    model.load_state_dict(state).unwrap();
    model.eval();
    let output = no_grad(|| model.forward(x));
    let difference = (output - expected(name)).abs().max().item();
    assert!(difference < TOLERANCE, "{name}: the outputs differ from PyTorch's by {difference:e}");
}

/// The MD5 hash.
fn hex(content: impl AsRef<[u8]>) -> String {
    Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of PyTorch that the environment names, if it does, having compared their hashes.
fn pytorch_files(model: &str) -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("JIMU_CHECKPOINTS").map(PathBuf::from) else { return Vec::new() };
    let sums = std::fs::read_to_string(here().join("MD5SUMS")).unwrap();
    ["pth", "safetensors"]
        .map(|ending| {
            let name = format!("{model}.{ending}");
            let path = folder.join(&name);
            let line = format!("{}  {name}", hex(std::fs::read(&path).unwrap()));
            assert!(sums.lines().any(|known| known == line), "{} is another file than make.py makes", path.display());
            path
        })
        .into()
}

fn read(path: &Path) -> StateDict {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => safetensors::load(path).unwrap().0,
        _ => torch::to_state_dict(&torch::load(path).unwrap()).unwrap(),
    }
}

/// What the model's own file of each format holds after a round trip.
fn round_trips(state: &StateDict) -> Vec<StateDict> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "model", state).iter().map(|path| read(path)).collect()
}

fn write(folder: &Path, model: &str, state: &StateDict) -> [PathBuf; 2] {
    let [pth, tensors] = ["pth", "safetensors"].map(|ending| folder.join(format!("{model}.{ending}")));
    torch::save(&pth, &Value::from(state)).unwrap();
    safetensors::save(&tensors, state, &Metadata::new()).unwrap();
    [pth, tensors]
}

#[test]
fn resnet18_gives_pytorch_s_outputs() {
    let model = ResNet::resnet18(3, 1000);
    let (x, weights) = (input(RESNET, [2, 3, 64, 64]), state(&model));
    check(RESNET, &model, &weights, &x);
    for state in round_trips(&weights) {
        check(RESNET, &model, &state, &x);
    }
    for path in pytorch_files(RESNET) {
        check(RESNET, &model, &read(&path), &x);
    }
}

#[test]
fn vgg11_bn_gives_pytorch_s_outputs() {
    let model = VGG::new(VggDepth::Vgg11, 3, 1000, true);
    let x = input(VGG_11, [2, 3, 32, 32]);
    check(VGG_11, &model, &state(&model), &x);
    for path in pytorch_files(VGG_11) {
        check(VGG_11, &model, &read(&path), &x);
    }
}

#[test]
fn a_transformer_s_files_give_pytorch_s_outputs() {
    let layer =
        || TransformerEncoderLayer::new(16, 4).dim_feedforward(32).activation("gelu").batch_first(true).dropout(0.0);
    let x = input("transformer", [2, 5, 16]);
    let kept = ["pth", "safetensors"].map(|ending| here().join(format!("transformer.{ending}")));
    let states: Vec<StateDict> = kept.iter().map(|path| read(path)).collect();
    for state in states.iter().chain(&round_trips(&states[0])) {
        check("transformer", &layer(), state, &x);
    }
}

#[test]
fn a_vision_transformer_gives_torchvision_s_outputs() {
    let options = VitOptions { patch_size: 8, num_layers: 2, hidden_dim: 32, mlp_dim: 64, ..VitOptions::default() };
    let model = VisionTransformer::new(options);
    check("vit", &model, &state(&model), &input("vit", [2, 3, 32, 32]));
}

/// Networks of torchvision of which only the outputs are kept.
#[test]
fn other_networks_give_torchvision_s_outputs() {
    let photo = [2, 3, 64, 64];
    for name in ["alexnet", "mobilenet_v2", "resnet50"] {
        let model = models::by_name(name, 3, 64, 64, 1000).unwrap();
        check(name, &*model, &state(&*model), &input(name, photo));
    }
}

#[test]
fn state_dicts_have_torchvision_s_names_and_shapes() {
    let known = std::fs::read_to_string(here().join("STATE_DICTS")).unwrap();
    for line in known.lines() {
        let name = line.split(' ').next().unwrap();
        let model = Device::Meta.with(|| models::by_name(name, 3, 224, 224, 1000)).unwrap();
        let state = model.state_dict();
        let text: String = state.iter().map(|(name, tensor)| format!("{name} {}\n", tensor.shape())).collect();
        assert_eq!(format!("{name} {} {}", state.len(), hex(&text)), line, "\n{text}");
    }
}

#[test]
#[ignore = "writes files for make.py --check to the folder $JIMU_CHECKPOINTS/jimu"]
fn write_files_for_pytorch() {
    let folder = PathBuf::from(std::env::var_os("JIMU_CHECKPOINTS").expect("JIMU_CHECKPOINTS is set")).join("jimu");
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder, RESNET, &state(&ResNet::resnet18(3, 1000)));
    write(&folder, VGG_11, &state(&VGG::new(VggDepth::Vgg11, 3, 1000, true)));
}
