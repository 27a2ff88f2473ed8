//! The LeNet series as its papers have it.

use jimu_kernels::conv2d::Activation;

use super::ModelError;
use crate::error::OrRaise;
use crate::nn::{AvgPool2d, Buffer, Forward, Label, Linear, Module, Parameter, init};
use crate::ops::nn::conv_options::ConvOptions;
use crate::ops::nn::conv2d::try_conv;
use crate::tensor::Tensor;

/// LeNet-1: two convolutions with subsampling, and ten outputs (LeCun et al., *Handwritten digit recognition with a
/// back-propagation network*, 1989).
///
/// # Shape
/// | layer | output |
/// |---|---|
/// | input | (n, channels, 28, 28) |
/// | `c1` 5x5, squashed; `s2` | (n, 4, 12, 12) |
/// | `c3` 5x5, squashed; `s4` | (n, 12, 4, 4) |
/// | `output` | (n, classes) |
///
/// Each unit is squashed by 1.7159·tanh(⅔x). Subsampling is the mean of 2x2 pixels.
///
/// # Args
/// - `channels`, `classes`: 1 and 10 in the paper.
/// - [`connection_table`](Self::connection_table): each map of `c3` sees one or two maps of `s2` instead of all four.
/// - [`trainable_subsampling`](Self::trainable_subsampling): each map's sum of 2x2 pixels has a factor and a bias of its
///   own, and is squashed.
///
/// [`LeNet1::paper`] has both: the 2,578 free parameters that the paper counts.
///
/// # Attributes
/// - all weights and biases: from U(-2.4/F, 2.4/F), F being the number of inputs of a unit.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::LeNet1};
/// assert_eq!(LeNet1::paper().num_parameters(), 2_578);
/// let model = LeNet1::new(1, 10);
/// assert_eq!(model.num_parameters(), 3_246);
/// assert_eq!(model.forward(&Tensor::zeros([2, 1, 28, 28])).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct LeNet1 {
    c1: Maps,
    s2: Subsampling,
    c3: Maps,
    s4: Subsampling,
    output: Linear,
}

impl LeNet1 {
    /// With all maps connected, and means for subsampling.
    pub fn new(channels: usize, classes: usize) -> Self {
        Self {
            c1: Maps::new(channels, 4, 0),
            s2: Subsampling::mean(4),
            c3: Maps::new(4, 12, 0),
            s4: Subsampling::mean(12),
            output: drawn(Linear::new(12 * 4 * 4, classes)),
        }
    }

    /// The network of the paper: 28x28 grey images, ten digits.
    pub fn paper() -> Self {
        Self::new(1, 10).connection_table(true).trainable_subsampling(true)
    }

    /// Whether a map of `c3` sees the paper's one or two maps of `s2`, or all of them. Draws new filters.
    pub fn connection_table(mut self, on: bool) -> Self {
        self.c3 = self.c3.connected(on.then_some(&LENET1_TABLE));
        self
    }

    /// Whether the subsampling layers are trained, or are means.
    pub fn trainable_subsampling(mut self, on: bool) -> Self {
        [self.s2, self.s4] = [self.s2, self.s4].map(|layer| layer.trainable(on));
        self
    }
}

impl Forward for LeNet1 {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.s2.forward(&squash(&self.c1.forward(x)));
        let x = self.s4.forward(&squash(&self.c3.forward(&x)));
        self.output.forward(&x.flatten(1..))
    }
}

/// LeNet-4: between LeNet-1 and LeNet-5, with one hidden layer (LeCun et al., *Comparison of learning algorithms for
/// handwritten digit recognition*, 1995).
///
/// The paper tells the numbers of maps and units, but not which of them are connected; here all are, so that there are
/// more parameters than its 17,000.
///
/// # Shape
/// | layer | output |
/// |---|---|
/// | input | (n, channels, 28, 28), padded by 2, or (n, channels, 32, 32) |
/// | `c1` 5x5, squashed; `s2` | (n, 4, 14, 14) |
/// | `c3` 5x5, squashed; `s4` | (n, 16, 5, 5) |
/// | `f5`, squashed | (n, 120) |
/// | `output` | (n, classes) |
///
/// # Args
/// - `channels`, `classes`: 1 and 10 in the paper.
/// - `size`: height and width of the images, 28 or 32.
/// - [`trainable_subsampling`](Self::trainable_subsampling): as in [`LeNet1`].
///
/// # Attributes
/// As [`LeNet1`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::LeNet4};
/// let model = LeNet4::new(1, 28, 10)?.trainable_subsampling(true);
/// assert_eq!(model.num_parameters(), 51_090);
/// assert_eq!(model.forward(&Tensor::zeros([2, 1, 28, 28])).size(), [2, 10]);
/// # Ok::<(), jimu::vision::models::ModelError>(())
/// ```
#[derive(Module)]
pub struct LeNet4 {
    c1: Maps,
    s2: Subsampling,
    c3: Maps,
    s4: Subsampling,
    f5: Linear,
    output: Linear,
}

impl LeNet4 {
    /// For square images.
    ///
    /// # Errors
    /// If `size` is neither 28 nor 32.
    pub fn new(channels: usize, size: usize, classes: usize) -> Result<Self, ModelError> {
        Ok(Self {
            c1: Maps::new(channels, 4, padding("lenet4", size)?),
            s2: Subsampling::mean(4),
            c3: Maps::new(4, 16, 0),
            s4: Subsampling::mean(16),
            f5: drawn(Linear::new(16 * 5 * 5, 120)),
            output: drawn(Linear::new(120, classes)),
        })
    }

    /// Whether the subsampling layers are trained, or are means.
    pub fn trainable_subsampling(mut self, on: bool) -> Self {
        [self.s2, self.s4] = [self.s2, self.s4].map(|layer| layer.trainable(on));
        self
    }
}

impl Forward for LeNet4 {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.s2.forward(&squash(&self.c1.forward(x)));
        let x = self.s4.forward(&squash(&self.c3.forward(&x)));
        self.output.forward(&squash(&self.f5.forward(&x.flatten(1..))))
    }
}

/// LeNet-5 as its paper has it (LeCun et al., *Gradient-based learning applied to document recognition*, 1998). Its
/// modern form, with ReLU and max-pooling, is [`LeNet::lenet5`](super::LeNet::lenet5).
///
/// # Shape
/// | layer | output |
/// |---|---|
/// | input | (n, channels, 28, 28), padded by 2, or (n, channels, 32, 32) |
/// | `c1` 5x5, squashed; `s2` | (n, 6, 14, 14) |
/// | `c3` 5x5, squashed; `s4` | (n, 16, 5, 5) |
/// | `c5` 5x5, squashed | (n, 120, 1, 1) |
/// | `f6`, squashed | (n, 84) |
/// | `output` | (n, classes) |
///
/// Where the paper's output units measure the distance to drawings of the digits, which are not trained, here is a linear
/// layer, for the cross-entropy.
///
/// # Args
/// - `channels`, `classes`: 1 and 10 in the paper.
/// - `size`: height and width of the images, 28 or 32.
/// - [`connection_table`](Self::connection_table): each map of `c3` sees three, four or all six maps of `s2`, as the paper's
///   Table I says, instead of all of them.
/// - [`trainable_subsampling`](Self::trainable_subsampling): each map's sum of 2x2 pixels has a factor and a bias of its
///   own, and is squashed.
///
/// With both, all layers before the output have the paper's 60,000 parameters.
///
/// # Attributes
/// As [`LeNet1`].
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Forward, Module}, vision::models::LeNet5};
/// let model = LeNet5::paper();
/// assert_eq!(model.num_parameters(), 60_000 + 84 * 10 + 10);
/// assert_eq!(model.forward(&Tensor::zeros([2, 1, 32, 32])).size(), [2, 10]);
/// ```
#[derive(Module)]
pub struct LeNet5 {
    c1: Maps,
    s2: Subsampling,
    c3: Maps,
    s4: Subsampling,
    c5: Maps,
    f6: Linear,
    output: Linear,
}

impl LeNet5 {
    /// For square images; with all maps connected, and means for subsampling.
    ///
    /// # Errors
    /// If `size` is neither 28 nor 32.
    pub fn new(channels: usize, size: usize, classes: usize) -> Result<Self, ModelError> {
        Ok(Self {
            c1: Maps::new(channels, 6, padding("lenet5", size)?),
            s2: Subsampling::mean(6),
            c3: Maps::new(6, 16, 0),
            s4: Subsampling::mean(16),
            c5: Maps::new(16, 120, 0),
            f6: drawn(Linear::new(120, 84)),
            output: drawn(Linear::new(84, classes)),
        })
    }

    /// The network of the paper: 32x32 grey images, ten digits.
    pub fn paper() -> Self {
        let model = Self::new(1, 32, 10).expect("32 is a size that LeNet-5 takes");
        model.connection_table(true).trainable_subsampling(true)
    }

    /// Whether a map of `c3` sees the maps of `s2` that the paper's Table I gives it, or all of them. Draws new filters.
    pub fn connection_table(mut self, on: bool) -> Self {
        self.c3 = self.c3.connected(on.then_some(&LENET5_TABLE));
        self
    }

    /// Whether the subsampling layers are trained, or are means.
    pub fn trainable_subsampling(mut self, on: bool) -> Self {
        [self.s2, self.s4] = [self.s2, self.s4].map(|layer| layer.trainable(on));
        self
    }
}

impl Forward for LeNet5 {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.s2.forward(&squash(&self.c1.forward(x)));
        let x = self.s4.forward(&squash(&self.c3.forward(&x)));
        let x = squash(&self.c5.forward(&x)).flatten(1..);
        self.output.forward(&squash(&self.f6.forward(&x)))
    }
}

/// For each of the twelve maps of LeNet-1's `c3`, the maps of `s2` that it sees.
const LENET1_TABLE: [&[usize]; 12] =
    [&[0], &[0, 1], &[0, 1], &[1], &[0, 1], &[0, 1], &[2], &[2, 3], &[2, 3], &[3], &[2, 3], &[2, 3]];

/// Table I of the paper of 1998: for each of the sixteen maps of `c3`, the maps of `s2` that it sees.
const LENET5_TABLE: [&[usize]; 16] = [
    &[0, 1, 2],
    &[1, 2, 3],
    &[2, 3, 4],
    &[3, 4, 5],
    &[0, 4, 5],
    &[0, 1, 5],
    &[0, 1, 2, 3],
    &[1, 2, 3, 4],
    &[2, 3, 4, 5],
    &[0, 3, 4, 5],
    &[0, 1, 4, 5],
    &[0, 1, 2, 5],
    &[0, 1, 3, 4],
    &[1, 2, 4, 5],
    &[0, 2, 3, 5],
    &[0, 1, 2, 3, 4, 5],
];

/// What makes 28x28 pixels the 32x32 of the papers.
fn padding(model: &'static str, size: usize) -> Result<usize, ModelError> {
    match size {
        28 => Ok(2),
        32 => Ok(0),
        _ => Err(ModelError::Size { model, height: size, width: size, reason: "it is made for 28x28 and 32x32" }),
    }
}

/// 1.7159·tanh(⅔x): its slope at 0 is near 1, and it takes ±1 to ±1.
fn squash(x: &Tensor) -> Tensor {
    (x * (2.0 / 3.0)).tanh() * 1.7159
}

/// U(-2.4/F, 2.4/F) for units of F inputs.
fn draw(shape: &[usize], inputs: usize) -> Parameter {
    let tensor = Tensor::zeros(shape);
    init::uniform_(&tensor, -2.4 / inputs as f64, 2.4 / inputs as f64);
    Parameter::new(tensor)
}

fn drawn(mut linear: Linear) -> Linear {
    let [outputs, inputs] = [linear.weight.size()[0], linear.weight.size()[1]];
    linear.weight = draw(&[outputs, inputs], inputs);
    linear.bias = Some(draw(&[outputs], inputs));
    linear
}

const KERNEL: usize = 5;

/// A 5x5 convolution, each of whose output maps sees all input maps or those that a table gives it. With a table there
/// is a filter for each connection and none for what is not connected.
#[derive(Module)]
struct Maps {
    /// (out, in, 5, 5), or with a table (connections, 5, 5).
    weight: Parameter,
    bias: Parameter,
    /// The place among the filters of each pair of maps, that after the last for a pair that is not connected.
    #[module(skip)]
    places: Option<Buffer>,
    inputs: usize,
    padding: usize,
    label: Label,
}

impl Maps {
    fn new(inputs: usize, outputs: usize, padding: usize) -> Self {
        let fan_in = inputs * KERNEL * KERNEL;
        Self {
            weight: draw(&[outputs, inputs, KERNEL, KERNEL], fan_in),
            bias: draw(&[outputs], fan_in),
            places: None,
            inputs,
            padding,
            label: Label::default(),
        }
    }

    fn connected(self, table: Option<&[&[usize]]>) -> Self {
        let outputs = self.bias.numel();
        let Some(table) = table else { return Self::new(self.inputs, outputs, self.padding) };
        let mut filters = Vec::new();
        let connections: usize = table.iter().map(|seen| seen.len()).sum();
        let mut places = vec![connections as i64; outputs * self.inputs];
        for (output, seen) in table.iter().enumerate() {
            for input in *seen {
                places[output * self.inputs + input] = filters.len() as i64;
                filters.push(draw(&[KERNEL, KERNEL], seen.len() * KERNEL * KERNEL));
            }
        }
        let filters: Vec<&Tensor> = filters.iter().map(|filter| &**filter).collect();
        let bias = table.iter().map(|seen| draw(&[1], seen.len() * KERNEL * KERNEL)).collect::<Vec<_>>();
        let bias: Vec<&Tensor> = bias.iter().map(|bias| &**bias).collect();
        let weight = Parameter::new(Tensor::stack(&filters, 0));
        Self { weight, bias: Parameter::new(Tensor::cat(&bias, 0)), places: Some(Buffer::new(places.into())), ..self }
    }

    /// The filters of all pairs of maps, zeros where they are not connected.
    fn filters(&self) -> Tensor {
        let Some(places) = &self.places else { return Tensor::clone(&self.weight) };
        let nothing = Tensor::zeros([1, KERNEL, KERNEL]);
        let all = Tensor::cat(&[&self.weight, &nothing], 0).index_select(0, places);
        all.reshape([self.bias.numel() as isize, self.inputs as isize, KERNEL as isize, KERNEL as isize])
    }
}

impl Forward for Maps {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let options: ConvOptions = ConvOptions::new().padding(self.padding);
        try_conv("conv2d", x, &self.filters(), Some(&self.bias), &options, Activation::Identity)
            .map_err(|error| error.told_by(self.label.describe("Maps")))
            .or_raise()
    }
}

/// The mean of 2x2 pixels; or, with a factor and a bias for each map, squash(factor · sum of the pixels + bias).
#[derive(Module)]
struct Subsampling {
    weight: Option<Parameter>,
    bias: Option<Parameter>,
    maps: usize,
    label: Label,
}

impl Subsampling {
    fn mean(maps: usize) -> Self {
        Self { weight: None, bias: None, maps, label: Label::default() }
    }

    fn trainable(self, on: bool) -> Self {
        let parameter = || on.then(|| draw(&[self.maps, 1, 1], 4));
        Self { weight: parameter(), bias: parameter(), ..self }
    }
}

impl Forward for Subsampling {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let mean = AvgPool2d::new(2).forward(x);
        match (&self.weight, &self.bias) {
            (Some(weight), Some(bias)) => squash(&(mean * 4.0 * &**weight + &**bias)),
            _ => mean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_a_convolution_with_holes() {
        let maps = Maps::new(6, 16, 0).connected(Some(&LENET5_TABLE));
        assert_eq!(maps.weight.size(), [60, 5, 5]);
        let filters = maps.filters();
        let used = filters.ne(0.0).any_dim([2, 3], false).to_vec::<bool>();
        for (output, seen) in LENET5_TABLE.iter().enumerate() {
            let own: Vec<usize> = (0..6).filter(|input| used[output * 6 + input]).collect();
            assert_eq!(own, *seen);
        }
        let x = Tensor::randn([2, 6, 14, 14]);
        maps.forward(&x).sum().backward();
        assert!(maps.weight.grad().unwrap().abs().amin([1, 2], false).to_vec::<f32>().iter().all(|&g| g > 0.0));
    }

    #[test]
    fn every_option_counts_its_parameters() {
        let count = |table, trainable| {
            let model = LeNet5::new(1, 28, 10).unwrap();
            model.connection_table(table).trainable_subsampling(trainable).num_parameters()
        };
        assert_eq!(count(false, false), 61_706);
        assert_eq!(count(true, false), 61_706 - (2416 - 1516));
        assert_eq!(count(false, true), 61_706 + 2 * (6 + 16));
        assert_eq!(count(true, true), 60_850);
    }

    #[test]
    fn other_sizes_are_refused() {
        let message = LeNet5::new(1, 30, 10).err().unwrap().to_string();
        assert_eq!(
            message,
            "lenet5 cannot take images of 30x30: it is made for 28x28 and 32x32\n  help: resize them, or choose another model"
        );
    }
}
