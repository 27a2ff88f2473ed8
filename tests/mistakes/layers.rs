//! Layers and losses.

use jimu::nn::functional::{ConvOptions, conv2d};
use jimu::nn::{BatchNorm2d, Conv2d, Dropout, Flatten, Forward, Linear, MaxPool2d, ReLU, Sequential, init, summary};
use jimu::{Tensor, sequential};

use crate::{Mistake, Net, ints, leaf};

pub(crate) fn layers() -> Vec<Mistake> {
    vec![
        panics!(
            "wrong features into a Linear after a convolution",
            { Net::new(400).forward(&Tensor::zeros([64, 1, 28, 28])) },
            "Net.fc (Linear): the last dimension of the input must be 400 (in_features), but the input has shape [64, 576]\n  \
             help: make in_features 576, or change the layer before so that it gives 400 features"
        ),
        panics!(
            "colour images into a network for grey ones",
            { Net::new(576).forward(&Tensor::zeros([64, 3, 28, 28])) },
            "Net.conv (Conv2d): the input must have 1 channels (in_channels), but has shape [64, 3, 28, 28]: 3 channels\n  \
             help: make in_channels 3, or change the layer before so that it gives 1 channels"
        ),
        panics!(
            "a 3-D input to BatchNorm2d",
            { Net::new(576).norm.forward(&Tensor::zeros([4, 28, 28])) },
            "Net.norm (BatchNorm2d): the input must have the shape [batch, 4, height, width], but has [4, 28, 28]\n  \
             help: num_features must be the channels of the layer before; a 3-d input needs a batch dimension (unsqueeze(0))"
        ),
        panics!(
            "other channels into BatchNorm2d",
            { Net::new(576).norm.forward(&Tensor::zeros([2, 8, 5, 5])) },
            "Net.norm (BatchNorm2d): the input must have the shape [batch, 4, height, width], but has [2, 8, 5, 5]\n  \
             help: num_features must be the channels of the layer before; a 3-d input needs a batch dimension (unsqueeze(0))"
        ),
        panics!(
            "a batch of one value into BatchNorm2d",
            { BatchNorm2d::new(3).forward(&Tensor::zeros([1, 3, 1, 1])) },
            "BatchNorm2d: in training more than one value for each channel is needed, but the input has shape [1, 3, 1, 1]\n  \
             help: use a larger batch, or call eval()"
        ),
        panics!(
            "flat images into a convolution",
            { Net::new(576).conv.forward(&Tensor::zeros([64, 784])) },
            "Net.conv (Conv2d): the input must have the shape [batch, channels, height, width] or [channels, height, width], but has [64, 784]\n  \
             help: unsqueeze or reshape it"
        ),
        panics!(
            "a kernel larger than the image",
            { Net::new(576).conv.forward(&Tensor::zeros([1, 1, 4, 4])) },
            "Net.conv (Conv2d): a kernel of 5x5 is larger than the padded input of shape [1, 1, 4, 4]\n  \
             help: use a smaller kernel or dilation, more padding, or fewer pooling layers before"
        ),
        panics!(
            "groups that do not divide the channels",
            { Conv2d::new(6, 8, 3).groups(4) },
            "Conv2d: 6 input and 8 output channels do not divide into 4 groups\n  \
             help: make both numbers of channels multiples of groups"
        ),
        panics!(
            "a stride of zero",
            { Conv2d::new(1, 1, 3).stride(0) },
            "Conv2d: stride is (0, 0)\n  \
             help: choose numbers of at least 1"
        ),
        panics!(
            "same padding with a stride",
            { Conv2d::new(1, 1, 3).stride(2).padding("same").forward(&Tensor::zeros([1, 1, 8, 8])) },
            "Conv2d: the padding \"same\" has no meaning with stride (2, 2)\n  \
             help: use stride 1, or give the padding in pixels"
        ),
        panics!(
            "a padding that does not exist",
            { Conv2d::new(1, 1, 3).padding("full") },
            "padding: there is no padding \"full\"\n  \
 help: choose \"same\", \"valid\", or a number of pixels"
        ),
        panics!(
            "a filter of too few dimensions",
            { conv2d(&Tensor::zeros([1, 1, 8, 8]), &Tensor::zeros([3, 3]), None, &ConvOptions::new()) },
            "conv2d: the weight must have the shape [out_channels, in_channels / groups, height, width], but has [3, 3]\n  \
             help: reshape it"
        ),
        panics!(
            "pooling until no pixel is left",
            { MaxPool2d::new(2).forward(&Tensor::zeros([1, 8, 1, 1])) },
            "MaxPool2d: a window of 2x2 is larger than the padded input of shape [1, 8, 1, 1]\n  \
             help: use a smaller window, or fewer pooling layers before"
        ),
        panics!(
            "more pool padding than half the window",
            { MaxPool2d::new(2).padding(2).forward(&Tensor::zeros([1, 1, 8, 8])) },
            "MaxPool2d: the padding 2x2 is more than half of the window of 2x2\n  \
             help: use less padding, or pad the input first"
        ),
        panics!(
            "a dropout of 50 instead of 0.5",
            { Dropout::new(50.0) },
            "Dropout: p is 50\n  \
             help: choose a probability from 0 to 1"
        ),
        panics!(
            "a batch flattened away",
            { sequential![Flatten::new().start_dim(0), Linear::new(784, 10)].forward(&Tensor::zeros([2, 784])) },
            "Linear: the last dimension of the input must be 784 (in_features), but the input has shape [1568]\n  \
 help: make in_features 1568, or change the layer before so that it gives 784 features"
        ),
        panics!(
            "two blocks of one name",
            { Sequential::new().add_named("fc", ReLU).add_named("fc", ReLU) },
            "Sequential: there is a block named \"fc\" already\n  \
 help: give each block its own name"
        ),
        panics!(
            "Kaiming's initialisation of a bias",
            { init::kaiming_uniform_(&Tensor::zeros([3]), init::FanMode::FanIn, init::Nonlinearity::Relu) },
            "kaiming_uniform_: a weight of at least two dimensions is needed, but the shape is [3]\n  \
             help: fill a bias with zeros_ or uniform_"
        ),
        refused!(
            "a model that does not fit its input, before it is run",
            { summary(&Net::new(400), [1, 1, 28, 28]) },
            "Net.fc (Linear): the last dimension of the input must be 400 (in_features), but the input has shape [1, 576]\n  \
             help: make in_features 576, or change the layer before so that it gives 400 features\n  \
             before it, view gives [1, 576]"
        ),
    ]
}

pub(crate) fn losses() -> Vec<Mistake> {
    vec![
        panics!(
            "classes as real numbers",
            { Tensor::zeros([2, 3]).cross_entropy(&Tensor::new([0.0, 1.0])) },
            "cross_entropy: a target of real numbers is taken as probabilities and must have the scores' shape [2, 3], but has [2]\n  \
             help: for class indices convert the target with y.to(DType::I64)"
        ),
        panics!(
            "a softmax before the cross-entropy",
            { leaf(&[1.0, 2.0]).reshape([1, 2]).softmax(1).cross_entropy(&ints(&[1])) },
            "cross_entropy: the input of shape [1, 2] is the result of softmax, but scores are expected\n  \
 help: leave the softmax out: it is in the cross-entropy"
        ),
        panics!(
            "a class out of range",
            { Tensor::zeros([2, 3]).cross_entropy(&ints(&[1, 3])) },
            "cross_entropy: class 3 is out of range for 3 classes\n  \
             help: classes count from 0 to 2; give the last layer one output for each"
        ),
        panics!(
            "a negative class",
            { Tensor::zeros([2, 3]).cross_entropy(&ints(&[1, -1])) },
            "cross_entropy: class -1 is out of range for 3 classes\n  \
             help: classes count from 0 to 2; give the last layer one output for each"
        ),
        panics!(
            "more classes than scores",
            { Tensor::zeros([2, 3]).cross_entropy(&ints(&[1, 0, 2])) },
            "cross_entropy: for scores of shape [2, 3] the class indices must have the shape [2], but have [3]\n  \
             help: give one class for each sample"
        ),
        panics!(
            "one-hot classes as whole numbers",
            { Tensor::zeros([2, 3]).cross_entropy(&ints(&[1, 0]).one_hot(3)) },
            "cross_entropy: for scores of shape [2, 3] the class indices must have the shape [2], but have [2, 3]\n  \
             help: give one class for each sample; y.argmax_dim(1, false) makes classes of one-hot rows"
        ),
        panics!(
            "too few classes for a one-hot",
            { ints(&[1, 5]).one_hot(3) },
            "one_hot: index 5 is out of range for a dimension of size 3\n  \
             help: every index must lie from 0 to 2"
        ),
        panics!(
            "targets of another number",
            { jimu::nn::MSELoss::new().forward(&Tensor::zeros([4]), &Tensor::zeros([3])) },
            "mse_loss: the input has shape [4], but the target has shape [3]\n  \
             help: reshape or unsqueeze one of them, so that each output meets its own target"
        ),
    ]
}
