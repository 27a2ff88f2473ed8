//! Initial values: [`torch.nn.init`](https://pytorch.org/docs/stable/nn.init.html). Each function fills a tensor in place.

mod orthogonal;
mod sparse;
#[cfg(test)]
mod tests;
mod trunc_normal;

pub use orthogonal::orthogonal_;
pub use sparse::sparse_;
pub use trunc_normal::trunc_normal_;

use super::field::Parameter;
use crate::autograd::no_grad;
use crate::error::{ShapeError, raise};
use crate::tensor::{Shape, Tensor};

/// Which way the variance is kept: that of the values forward, or of the gradients backward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FanMode {
    /// Forward: inputs are counted.
    #[default]
    FanIn,
    /// Backward: outputs are counted.
    FanOut,
}

/// What follows the layer, for [`calculate_gain`]; PyTorch's default is `LeakyRelu(0.0)`, which is `Relu`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// Nothing, or a convolution, or a sigmoid: 1.
    Linear,
    /// 1.
    Sigmoid,
    /// 5/3.
    Tanh,
    /// √2.
    Relu,
    /// √(2 / (1 + slope²)).
    LeakyRelu(f64),
    /// 3/4.
    Selu,
}

/// The factor by which a nonlinearity shrinks the standard deviation, to be made up for.
///
/// ```
/// use jimu::nn::init::{Nonlinearity, calculate_gain};
/// assert_eq!(calculate_gain(Nonlinearity::Relu), 2f64.sqrt());
/// ```
pub fn calculate_gain(nonlinearity: Nonlinearity) -> f64 {
    match nonlinearity {
        Nonlinearity::Linear | Nonlinearity::Sigmoid => 1.0,
        Nonlinearity::Tanh => 5.0 / 3.0,
        Nonlinearity::Relu => 2f64.sqrt(),
        Nonlinearity::LeakyRelu(slope) => (2.0 / (1.0 + slope * slope)).sqrt(),
        Nonlinearity::Selu => 0.75,
    }
}

/// Numbers uniform in [a, b).
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([100]);
/// init::uniform_(&w, 2.0, 3.0);
/// assert!(w.to_vec::<f32>().iter().all(|w| (2.0..3.0).contains(w)));
/// ```
pub fn uniform_(tensor: &Tensor, a: f64, b: f64) {
    no_grad(|| tensor.uniform_(a, b));
}

/// Normal numbers.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([1000]);
/// init::normal_(&w, 5.0, 0.1);
/// assert!((w.mean().item() - 5.0).abs() < 0.05);
/// ```
pub fn normal_(tensor: &Tensor, mean: f64, std: f64) {
    no_grad(|| tensor.normal_(mean, std));
}

/// One number everywhere.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([2]);
/// init::constant_(&w, 0.3);
/// assert_eq!(w.to_vec::<f32>(), [0.3, 0.3]);
/// ```
pub fn constant_(tensor: &Tensor, value: f64) {
    no_grad(|| tensor.fill_(value));
}

/// Zeros.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::ones([2]);
/// init::zeros_(&w);
/// assert_eq!(w.to_vec::<f32>(), [0.0, 0.0]);
/// ```
pub fn zeros_(tensor: &Tensor) {
    constant_(tensor, 0.0);
}

/// Ones.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([2]);
/// init::ones_(&w);
/// assert_eq!(w.to_vec::<f32>(), [1.0, 1.0]);
/// ```
pub fn ones_(tensor: &Tensor) {
    constant_(tensor, 1.0);
}

/// A matrix of zeros with ones on its diagonal, so that a linear layer passes on as many inputs as it can.
///
/// # Panics
/// If the tensor is no matrix.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([2, 3]);
/// init::eye_(&w);
/// assert_eq!(w.to_vec::<f32>(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
/// ```
#[track_caller]
pub fn eye_(tensor: &Tensor) {
    let &[rows, columns] = &matrix(tensor, "eye_")[..] else { unreachable!("a matrix has two dimensions") };
    if !tensor.is_meta() {
        no_grad(|| tensor.copy_(&Tensor::eye_of(rows, columns, tensor.dtype())));
    }
}

/// The shape of a tensor that must be a matrix.
#[track_caller]
fn matrix<'a>(tensor: &'a Tensor, name: &str) -> &'a Shape {
    let shape = tensor.shape();
    if shape.len() != 2 {
        raise(
            ShapeError::new(name, format!("a matrix is needed, but the shape is {shape}"))
                .help("for the weights of a convolution use dirac_, orthogonal_ or kaiming_uniform_"),
        );
    }
    shape
}

/// Weights of a convolution that pass on as many channels as they can, group by group: zeros, with a one in the middle
/// of the window from input channel i to output channel i.
///
/// # Panics
/// If the tensor has not three, four or five dimensions, or the output channels cannot be divided into `groups`.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([2, 1, 3]);
/// init::dirac_(&w, 2);
/// assert_eq!(w.to_vec::<f32>(), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
/// ```
#[track_caller]
pub fn dirac_(tensor: &Tensor, groups: usize) {
    let shape = tensor.shape();
    if !(3..=5).contains(&shape.len()) {
        raise(
            ShapeError::new("dirac_", format!("the weights of a convolution are needed, but the shape is {shape}"))
                .help("give 3, 4 or 5 dimensions; for a matrix use eye_"),
        );
    }
    if groups == 0 || !shape[0].is_multiple_of(groups) {
        let problem = format!("{} output channels cannot be divided into {groups} groups", shape[0]);
        raise(ShapeError::new("dirac_", problem).help("give the groups of the convolution"));
    }
    let (window, own) = (&shape[2..], shape[0] / groups);
    let size: usize = window.iter().product();
    if tensor.is_meta() || tensor.numel() == 0 {
        return;
    }
    let middle = window.iter().fold(0, |position, &length| position * length + length / 2);
    let mut weights = vec![0.0_f64; tensor.numel()];
    for output in 0..shape[0] {
        let channel = output % own;
        if channel < shape[1] {
            weights[(output * shape[1] + channel) * size + middle] = 1.0;
        }
    }
    no_grad(|| tensor.copy_(&Tensor::from_vec(weights, shape.clone())));
}

/// U(-b, b) with b = gain·√(6 / (fan_in + fan_out)) (Glorot and Bengio, *Understanding the difficulty of training deep
/// feedforward neural networks*, 2010).
///
/// # Panics
/// If the tensor has fewer than two dimensions.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([3, 3]);
/// init::xavier_uniform_(&w, 1.0);
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() <= 1.0));
/// ```
#[track_caller]
pub fn xavier_uniform_(tensor: &Tensor, gain: f64) {
    let (fan_in, fan_out) = fans(tensor, "xavier_uniform_");
    if tensor.numel() == 0 {
        return;
    }
    let bound = gain * (6.0 / (fan_in + fan_out) as f64).sqrt();
    uniform_(tensor, -bound, bound);
}

/// N(0, s²) with s = gain·√(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
///
/// # Panics
/// If the tensor has fewer than two dimensions.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([50, 50]);
/// init::xavier_normal_(&w, 1.0);
/// assert!(w.mean().item().abs() < 0.02);
/// ```
#[track_caller]
pub fn xavier_normal_(tensor: &Tensor, gain: f64) {
    let (fan_in, fan_out) = fans(tensor, "xavier_normal_");
    if tensor.numel() == 0 {
        return;
    }
    normal_(tensor, 0.0, gain * (2.0 / (fan_in + fan_out) as f64).sqrt());
}

/// U(-b, b) with b = gain·√(3 / fan) (He et al., *Delving deep into rectifiers*, 2015).
///
/// # Panics
/// If the tensor has fewer than two dimensions.
///
/// ```
/// use jimu::{Tensor, nn::init::{self, FanMode, Nonlinearity}};
/// let w = Tensor::zeros([4, 6]);
/// init::kaiming_uniform_(&w, FanMode::FanIn, Nonlinearity::Relu);
/// assert!(w.to_vec::<f32>().iter().all(|w| w.abs() <= 1.0));
/// ```
#[track_caller]
pub fn kaiming_uniform_(tensor: &Tensor, mode: FanMode, nonlinearity: Nonlinearity) {
    let fan = fan(tensor, mode, "kaiming_uniform_");
    if tensor.numel() > 0 {
        let bound = calculate_gain(nonlinearity) * (3.0 / fan as f64).sqrt();
        uniform_(tensor, -bound, bound);
    }
}

/// N(0, s²) with s = gain / √fan (He et al., 2015).
///
/// # Panics
/// If the tensor has fewer than two dimensions.
///
/// ```
/// use jimu::{Tensor, nn::init::{self, FanMode, Nonlinearity}};
/// let w = Tensor::zeros([50, 50]);
/// init::kaiming_normal_(&w, FanMode::FanOut, Nonlinearity::Relu);
/// assert!(w.mean().item().abs() < 0.02);
/// ```
#[track_caller]
pub fn kaiming_normal_(tensor: &Tensor, mode: FanMode, nonlinearity: Nonlinearity) {
    let fan = fan(tensor, mode, "kaiming_normal_");
    if tensor.numel() > 0 {
        normal_(tensor, 0.0, calculate_gain(nonlinearity) / (fan as f64).sqrt());
    }
}

#[track_caller]
fn fan(tensor: &Tensor, mode: FanMode, name: &str) -> usize {
    let (fan_in, fan_out) = fans(tensor, name);
    match mode {
        FanMode::FanIn => fan_in,
        FanMode::FanOut => fan_out,
    }
}

/// The inputs and outputs of one unit of a layer whose weight, [out, in, …window], is `tensor`.
///
/// # Panics
/// If the tensor has fewer than two dimensions.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// assert_eq!(init::calculate_fan_in_and_fan_out(&Tensor::zeros([6, 3, 5, 5])), (75, 150));
/// ```
#[track_caller]
pub fn calculate_fan_in_and_fan_out(tensor: &Tensor) -> (usize, usize) {
    fans(tensor, "calculate_fan_in_and_fan_out")
}

#[track_caller]
fn fans(tensor: &Tensor, name: &str) -> (usize, usize) {
    let shape = tensor.shape();
    if shape.len() < 2 {
        raise(
            ShapeError::new(name, format!("a weight of at least two dimensions is needed, but the shape is {shape}"))
                .help("fill a bias with zeros_ or uniform_"),
        );
    }
    let window: usize = shape[2..].iter().product();
    (shape[1] * window, shape[0] * window)
}

/// What PyTorch's linear and convolution layers begin with: U(-√k, √k), k = 1 / fan_in, which is its `kaiming_uniform_`
/// with a slope of √5.
pub(super) fn default_weight(shape: impl Into<Shape>, fan_in: usize) -> Parameter {
    let tensor = Tensor::zeros(shape);
    if fan_in > 0 {
        let bound = 1.0 / (fan_in as f64).sqrt();
        uniform_(&tensor, -bound, bound);
    }
    Parameter::new(tensor)
}
