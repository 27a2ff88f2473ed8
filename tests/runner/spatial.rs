//! Arguments of spatial operations as PyTorch takes them, and as jimu does.

use anyhow::Result;
use jimu::nn::functional::{AvgPoolOptions, ConvOptions, ConvTransposeOptions, MaxPoolOptions};
use jimu::nn::{Extent, OutputSize, Padding, Pair};

use super::arguments::Arguments;
use super::value::{FromValue, PerDim, Value};

/// A size of a 1-D or 2-D operation that arguments can be read as.
pub trait Size: Extent + FromValue {
    /// A size from a padding given in numbers.
    fn padding(self) -> Padding<Self>;
    /// The padding `'same'` or `'valid'`.
    fn padding_word(word: &str) -> Padding<Self>;
}

impl Size for usize {
    fn padding(self) -> Padding<Self> {
        self.into()
    }
    fn padding_word(word: &str) -> Padding<Self> {
        word.into()
    }
}

impl Size for Pair {
    fn padding(self) -> Padding<Self> {
        self.into()
    }
    fn padding_word(word: &str) -> Padding<Self> {
        word.into()
    }
}

impl FromValue for Pair {
    const WANTED: &'static str = "a number or a pair";
    fn from_value(value: &Value) -> Option<Self> {
        PerDim::<usize, 2>::from_value(value).map(|PerDim(pair)| pair.into())
    }
}

impl FromValue for OutputSize {
    const WANTED: &'static str = "a number or None, or a pair of them";
    fn from_value(value: &Value) -> Option<Self> {
        PerDim::<Option<usize>, 2>::from_value(value).map(|PerDim(pair)| pair.into())
    }
}

/// A size of one dimension, which can be a list of one.
pub struct Alone<S>(pub S);

impl FromValue for Alone<usize> {
    const WANTED: &'static str = "a number, or a list of one";
    fn from_value(value: &Value) -> Option<Self> {
        PerDim::<usize, 1>::from_value(value).map(|PerDim([size])| Self(size))
    }
}

impl FromValue for Alone<Pair> {
    const WANTED: &'static str = Pair::WANTED;
    fn from_value(value: &Value) -> Option<Self> {
        Pair::from_value(value).map(Self)
    }
}

/// A size of which the last dimensions count: PyTorch's `output_size` may name batch and channels, too.
pub struct Last<S>(pub S);

impl FromValue for Last<usize> {
    const WANTED: &'static str = "a size";
    fn from_value(value: &Value) -> Option<Self> {
        last::<1>(value).map(|[size]| Self(size))
    }
}

impl FromValue for Last<Pair> {
    const WANTED: &'static str = "a size";
    fn from_value(value: &Value) -> Option<Self> {
        last::<2>(value).map(|sizes| Self(sizes.into()))
    }
}

fn last<const N: usize>(value: &Value) -> Option<[usize; N]> {
    match value {
        Value::List(_) => Vec::<usize>::from_value(value)?.last_chunk::<N>().copied(),
        one => PerDim::<usize, N>::from_value(one).map(|PerDim(sizes)| sizes),
    }
}

/// A size with a default.
///
/// # Errors
/// If it is of another kind.
pub fn size<S: Size>(arguments: &mut Arguments, name: &str, default: usize) -> Result<S>
where
    Alone<S>: FromValue,
{
    Ok(arguments.or(name, Alone(S::from(default)))?.0)
}

/// A size without a default.
///
/// # Errors
/// If it is missing, or of another kind.
pub fn needed_size<S: Size>(arguments: &mut Arguments, name: &str) -> Result<S>
where
    Alone<S>: FromValue,
{
    Ok(arguments.take::<Alone<S>>(name)?.0)
}

/// A stride: `None` and an empty list stand for the kernel's size.
///
/// # Errors
/// If it is of another kind.
pub fn stride<S: Size>(arguments: &mut Arguments) -> Result<Option<S>>
where
    Alone<S>: FromValue,
{
    match arguments.or("stride", Value::None)? {
        Value::None => Ok(None),
        Value::List(sizes) if sizes.is_empty() => Ok(None),
        value => Ok(Some(Alone::read(&value)?.0)),
    }
}

/// The padding of a convolution: a size, `'same'` or `'valid'`.
///
/// # Errors
/// If it is of another kind.
pub fn padding<S: Size>(arguments: &mut Arguments) -> Result<Padding<S>>
where
    Alone<S>: FromValue,
{
    Ok(match arguments.or("padding", Value::Int(0))? {
        Value::Text(word) => S::padding_word(&word),
        value => Alone::<S>::read(&value)?.0.padding(),
    })
}

/// `stride=1, padding=0, dilation=1, groups=1`.
///
/// # Errors
/// If one is of another kind.
pub fn conv_options<S: Size>(arguments: &mut Arguments) -> Result<ConvOptions<S>>
where
    Alone<S>: FromValue,
{
    let stride: S = size(arguments, "stride", 1)?;
    let padding = padding::<S>(arguments)?;
    let dilation: S = size(arguments, "dilation", 1)?;
    let options = ConvOptions::new().stride(stride).padding(padding).dilation(dilation);
    Ok(options.groups(arguments.or("groups", 1)?))
}

/// `stride=1, padding=0, output_padding=0, groups=1, dilation=1`.
///
/// # Errors
/// If one is of another kind.
pub fn conv_transpose_options<S: Size>(arguments: &mut Arguments) -> Result<ConvTransposeOptions<S>>
where
    Alone<S>: FromValue,
{
    let stride: S = size(arguments, "stride", 1)?;
    let padding: S = size(arguments, "padding", 0)?;
    let output_padding: S = size(arguments, "output_padding", 0)?;
    let groups = arguments.or("groups", 1)?;
    let dilation: S = size(arguments, "dilation", 1)?;
    let options = ConvTransposeOptions::new().stride(stride).padding(padding).output_padding(output_padding);
    Ok(options.groups(groups).dilation(dilation))
}

/// `kernel_size, stride=None, padding=0, dilation=1`.
///
/// # Errors
/// If one is missing, or of another kind.
pub fn max_pool_options<S: Size>(arguments: &mut Arguments) -> Result<MaxPoolOptions<S>>
where
    Alone<S>: FromValue,
{
    let kernel: S = needed_size(arguments, "kernel_size")?;
    let stride = stride::<S>(arguments)?;
    let padding: S = size(arguments, "padding", 0)?;
    let dilation: S = size(arguments, "dilation", 1)?;
    let options = MaxPoolOptions::new(kernel).padding(padding).dilation(dilation);
    Ok(match stride {
        Some(stride) => options.stride(stride),
        None => options,
    })
}

/// `kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True`.
///
/// # Errors
/// If one is missing, or of another kind.
pub fn avg_pool_options<S: Size>(arguments: &mut Arguments) -> Result<AvgPoolOptions<S>>
where
    Alone<S>: FromValue,
{
    let kernel: S = needed_size(arguments, "kernel_size")?;
    let stride = stride::<S>(arguments)?;
    let padding: S = size(arguments, "padding", 0)?;
    let options = AvgPoolOptions::new(kernel).padding(padding).ceil_mode(arguments.or("ceil_mode", false)?);
    let options = options.count_include_pad(arguments.or("count_include_pad", true)?);
    Ok(match stride {
        Some(stride) => options.stride(stride),
        None => options,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_one_and_empty_lists() {
        let list = |sizes: &[i64]| Value::List(sizes.iter().map(|&size| Value::Int(size)).collect());
        let arguments = |value| Arguments::new(vec![value], Default::default());
        assert_eq!(needed_size::<usize>(&mut arguments(list(&[3])), "kernel_size").unwrap(), 3);
        assert_eq!(needed_size::<Pair>(&mut arguments(list(&[3])), "kernel_size").unwrap(), (3, 3).into());
        assert_eq!(stride::<Pair>(&mut arguments(list(&[]))).unwrap(), None);
        assert_eq!(stride::<Pair>(&mut arguments(list(&[2, 1]))).unwrap(), Some((2, 1).into()));
        assert_eq!(padding::<usize>(&mut arguments(Value::Text("same".into()))).unwrap(), Padding::Same);
        assert_eq!(Last::<Pair>::from_value(&list(&[8, 3, 5, 4])).map(|Last(size)| size), Some((5, 4).into()));
        assert!(needed_size::<usize>(&mut arguments(list(&[3, 4])), "kernel_size").is_err());
    }
}
