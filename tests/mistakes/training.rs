//! Training, files and names.

use jimu::Tensor;
use jimu::data::{DataLoader, Subset, TensorDataset, random_split};
use jimu::nn::{Linear, Module, Parameter};
use jimu::optim::{Adam, Optimizer, Sgd};
use jimu::vision::models;

use crate::{Mistake, Net, leaf};

/// A layer whose author forgot the parameter: `#[module(skip)]` hides it.
#[derive(Module)]
struct Forgetful {
    #[module(skip)]
    #[expect(dead_code, reason = "forgotten")]
    gain: Parameter,
}

pub(crate) fn training() -> Vec<Mistake> {
    vec![
        panics!(
            "a negative learning rate",
            { Sgd::new(Net::new(576).parameters(), -0.1) },
            "Sgd: invalid lr: -0.1\n  \
             help: give a number that is 0 or more"
        ),
        panics!(
            "a negative momentum",
            { Sgd::new(Net::new(576).parameters(), 0.1).momentum(-0.9) },
            "Sgd: invalid momentum: -0.9\n  \
             help: give a number that is 0 or more"
        ),
        panics!(
            "Nesterov without momentum",
            { Sgd::new(Net::new(576).parameters(), 0.1).nesterov(true).step() },
            "Sgd: nesterov with a momentum of 0 and a dampening of 0\n  \
             help: Nesterov's momentum needs a momentum, as in .momentum(0.9), and a dampening of 0"
        ),
        panics!(
            "betas beyond one",
            { Adam::new(Net::new(576).parameters(), 1e-3).betas((0.9, 1.0)) },
            "Adam: invalid betas: [0.9, 1.0]\n  \
             help: give two numbers that are 0 or more and less than 1, as in (0.9, 0.999)"
        ),
        panics!(
            "a parameter that is not registered",
            { Sgd::new(Forgetful { gain: Parameter::new(Tensor::ones([1])) }.parameters(), 0.1) },
            "Sgd: the list of parameters is empty\n  \
             help: give those of a model that has some, as in model.parameters(); #[module(skip)] hides a field from it"
        ),
        panics!(
            "a result as a parameter",
            { Sgd::new([leaf(&[1.0]) * 2.0], 0.1) },
            "Sgd: a parameter of shape [1] is the result of a tracked operation\n  \
             help: give the tensors it was computed from, or use x.detach().requires_grad_()"
        ),
        panics!(
            "batches of nothing",
            { DataLoader::new(TensorDataset::new((Tensor::zeros([4, 1]),)), 0) },
            "DataLoader: a batch size of 0\n  \
             help: give at least 1; 64 is usual"
        ),
        panics!(
            "inputs without their targets",
            { TensorDataset::new((Tensor::zeros([4, 1]), Tensor::zeros([3]))) },
            "TensorDataset: the first tensor has 4 samples, but one of shape [3] has 3\n  \
             help: give tensors of one size in the first dimension"
        ),
        panics!(
            "fractions that do not add up",
            { random_split(TensorDataset::new((Tensor::zeros([4, 1]),)), [0.8, 0.1], 0) },
            "random_split: the fractions [0.8, 0.1] add up to 0.9\n  \
             help: give fractions from 0 to 1 that add up to 1, as in [0.8, 0.2]"
        ),
        panics!(
            "a sample that there is not",
            { Subset::new(TensorDataset::new((Tensor::zeros([4, 1]),)), vec![0, 4]) },
            "Subset: index 4 is out of range for a dataset of 4 samples\n  \
             help: give indices below the dataset's len()"
        ),
    ]
}

pub(crate) fn world() -> Vec<Mistake> {
    vec![
        refused!(
            "a state_dict of another model",
            { Net::new(576).load_state_dict(&Linear::new(576, 10).state_dict()) },
            "the state does not fit the model Net\n  \
             missing: conv.weight, conv.bias, norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.num_batches_tracked, fc.weight, fc.bias\n  \
             unexpected: weight, bias\n  \
             help: load it into a model of the same layers, names and sizes"
        ),
        refused!(
            "a state_dict of another size",
            {
                let (small, large) = (Linear::new(400, 10), Linear::new(576, 10));
                large.load_state_dict(&small.state_dict())
            },
            "the state does not fit the model Linear\n  \
             weight: the model has shape [10, 576], the state [10, 400]\n  \
             help: load it into a model of the same layers, names and sizes"
        ),
        refused!(
            "a file that there is not",
            { jimu::io::safetensors::load("no/such/model.safetensors") },
            "cannot read no/such/model.safetensors: No such file or directory (os error 2)"
        ),
        refused!(
            "a file of another format",
            { jimu::io::safetensors::from_bytes(b"PK\x03\x04 a zip file") },
            "this is not a safetensors file: no header follows its first eight bytes\n  \
             help: io::torch loads PyTorch's .pt files; safetensors.torch.save_file makes a safetensors file of one"
        ),
        refused!(
            "a model that there is not",
            { models::by_name("lenet55", 1, 28, 28, 10) },
            "there is no model \"lenet55\" (did you mean \"lenet5\"?)\n  \
             help: choose one of alexnet, lenet, lenet1, lenet4, lenet5, lenet5_1998, mlp, mobilenet_v2, patchnet, resnet18, \
             resnet20, resnet34, resnet50, resnet9, vgg11, vgg11_bn, vgg11_bn_cifar, vgg11_cifar, vgg13, vgg13_bn, \
             vgg13_bn_cifar, vgg13_cifar, vgg16, vgg16_bn, vgg16_bn_cifar, vgg16_cifar, vgg19, vgg19_bn, vgg19_bn_cifar, vgg19_cifar, vit, \
             vit_b_16"
        ),
        refused!(
            "images too small for the model",
            { models::by_name("resnet9", 3, 4, 4, 10) },
            "resnet9 cannot take images of 4x4: three poolings leave no pixel of less than 8x8\n  \
             help: resize them, or choose another model"
        ),
    ]
}
