//! Tensors as text, as PyTorch prints them.
//!
//! ```text
//! Tensor::fmt   the rows between "tensor(" and ")", then what is not usual: type, requires_grad, grad_fn
//!   Format      one notation and one width for all elements: whole ("1."), fixed ("0.2500") or scientific ("2.5000e-01")
//!   rows        dimension by dimension; more than 1000 elements are shown by the first and last three of each dimension
//! ```
//!
//! The rules are those of
//! [`torch.set_printoptions`](https://pytorch.org/docs/stable/generated/torch.set_printoptions.html) with its defaults.

use std::fmt;

use super::{Shape, Tensor};
use crate::dtype::{DType, Element, dispatch_dtype};

/// Digits after the point.
const PRECISION: usize = 4;
/// Tensors of more elements are summarised.
const THRESHOLD: usize = 1000;
/// Elements shown at each end of a summarised dimension.
const EDGE: usize = 3;
/// Characters a line.
const LINE: usize = 80;
const PREFIX: &str = "tensor(";

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from(PREFIX);
        text.push_str(&self.contents());
        // The two are the comma and the space that may follow.
        let mut column = text.len() - text.rfind('\n').map_or(0, |at| at + 1) + 2;
        for suffix in self.suffixes() {
            if column + suffix.len() + 2 > LINE {
                text.push_str(&format!(",\n{:1$}{suffix}", "", PREFIX.len()));
                column = PREFIX.len() + suffix.len();
            } else {
                text.push_str(&format!(", {suffix}"));
                column += suffix.len() + 2;
            }
        }
        write!(f, "{text})")
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Tensor {
    /// What stands in the brackets.
    fn contents(&self) -> String {
        if self.is_meta() {
            return "...".into();
        }
        if self.numel() == 0 {
            return "[]".into();
        }
        let summarize = self.numel() > THRESHOLD;
        let shown = shown_elements(self, summarize);
        let format = Format::of(self.dtype(), &shown);
        Rows { shape: self.shape(), summarize, format }.text(0, PREFIX.len(), &mut shown.iter())
    }

    /// What is said after the elements.
    fn suffixes(&self) -> Vec<String> {
        let mut suffixes = Vec::new();
        let dtype = self.dtype();
        let speaks_for_itself = matches!(dtype, DType::F32 | DType::I64 | DType::Bool);
        if self.is_meta() {
            suffixes.push("device='meta'".into());
        }
        if self.is_meta() || (self.numel() == 0 && self.dim() != 1) {
            suffixes.push(format!("size={}", python_tuple(self.shape())));
        }
        // Without elements to look at, only the default type goes without saying.
        if !speaks_for_itself || ((self.is_meta() || self.numel() == 0) && dtype != DType::F32) {
            suffixes.push(format!("dtype={dtype}"));
        }
        if let Some(node) = &self.inner.node {
            suffixes.push(format!("grad_fn=<{}>", backward_name(node.name())));
        } else if self.requires_grad() {
            suffixes.push("requires_grad=True".into());
        }
        suffixes
    }
}

fn python_tuple(shape: &Shape) -> String {
    match **shape {
        [only] => format!("({only},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// `log_softmax` as `LogSoftmaxBackward`.
fn backward_name(operation: &str) -> String {
    let mut name = String::new();
    for word in operation.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name + "Backward"
}

/// An element as it is to be printed.
#[derive(Clone, Copy)]
enum Shown {
    Real(f64),
    Whole(i64),
    Truth(bool),
}

/// The elements that are printed, in order.
fn shown_elements(x: &Tensor, summarize: bool) -> Vec<Shown> {
    let mut part = x.detach();
    if summarize {
        for dim in 0..x.dim() {
            let size = x.shape()[dim];
            if size > 2 * EDGE {
                let (dim, last) = (dim as isize, (size - EDGE) as isize);
                part = Tensor::cat(&[&part.narrow(dim, 0, EDGE), &part.narrow(dim, last, EDGE)], dim);
            }
        }
    }
    match part.dtype() {
        DType::I64 => part.to_vec::<i64>().into_iter().map(Shown::Whole).collect(),
        DType::Bool => part.to_vec::<bool>().into_iter().map(Shown::Truth).collect(),
        DType::U8 => part.to_vec::<u8>().into_iter().map(|x| Shown::Whole(x.into())).collect(),
        dtype => dispatch_dtype!(dtype, T => part.to_vec::<T>().into_iter().map(|x| Shown::Real(x.to_f64())).collect()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Notation {
    /// `1.`: all are whole.
    Whole,
    /// `0.2500`
    Fixed,
    /// `2.5000e-01`
    Scientific,
}

/// One notation and one width for all elements.
struct Format {
    notation: Notation,
    width: usize,
}

impl Format {
    fn of(dtype: DType, shown: &[Shown]) -> Self {
        let telling: Vec<f64> = shown
            .iter()
            .filter_map(|x| match x {
                Shown::Real(x) if x.is_finite() && *x != 0.0 => Some(*x),
                _ => None,
            })
            .collect();
        let mut format = Self { notation: notation(&telling, dtype), width: 1 };
        let width = match dtype.is_floating_point() {
            // Zeros, infinities and NaN have no say.
            true => telling.iter().map(|&x| format.plain(Shown::Real(x)).len()).max(),
            false => shown.iter().map(|&x| format.plain(x).len()).max(),
        };
        format.width = width.unwrap_or(1);
        format
    }

    fn plain(&self, x: Shown) -> String {
        match (x, self.notation) {
            (Shown::Whole(x), _) => x.to_string(),
            (Shown::Truth(x), _) => if x { "True" } else { "False" }.into(),
            (Shown::Real(x), _) if x.is_nan() => "nan".into(),
            (Shown::Real(x), _) if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.into(),
            (Shown::Real(x), Notation::Whole) => format!("{x:.0}."),
            (Shown::Real(x), Notation::Fixed) => format!("{x:.PRECISION$}"),
            (Shown::Real(x), Notation::Scientific) => scientific(x),
        }
    }

    fn padded(&self, x: Shown) -> String {
        format!("{:>1$}", self.plain(x), self.width)
    }
}

/// Scientific where magnitudes differ much or are extreme.
fn notation(telling: &[f64], dtype: DType) -> Notation {
    let smallest = telling.iter().fold(f64::INFINITY, |least, x| least.min(x.abs()));
    let largest = telling.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    debug_assert!(telling.is_empty() || dtype.is_floating_point());
    if !telling.is_empty() && (largest / smallest > 1000.0 || largest > 1e8 || smallest < 1e-4) {
        Notation::Scientific
    } else if telling.iter().all(|x| x.fract() == 0.0) {
        Notation::Whole
    } else {
        Notation::Fixed
    }
}

/// As C's `%.4e`: a sign and at least two digits in the exponent.
fn scientific(x: f64) -> String {
    let text = format!("{x:.PRECISION$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

struct Rows<'a> {
    shape: &'a Shape,
    summarize: bool,
    format: Format,
}

impl Rows<'_> {
    /// The elements from dimension `dim` on, the text starting in column `indent`.
    fn text<'e>(&self, dim: usize, indent: usize, elements: &mut impl Iterator<Item = &'e Shown>) -> String {
        let Some(&size) = self.shape.get(dim) else {
            return elements.next().map_or_else(String::new, |&x| self.format.padded(x));
        };
        let cut = self.summarize && size > 2 * EDGE;
        let last = dim + 1 == self.shape.len();
        let mut items: Vec<String> =
            (0..if cut { 2 * EDGE } else { size }).map(|_| self.text(dim + 1, indent + 1, elements)).collect();
        if cut {
            items.insert(EDGE, if last { " ..." } else { "..." }.into());
        }
        let gap = " ".repeat(indent + 1);
        if last {
            let per_line = (LINE.saturating_sub(indent) / (self.format.width + 2)).max(1);
            let lines: Vec<String> = items.chunks(per_line).map(|line| line.join(", ")).collect();
            return format!("[{}]", lines.join(&format!(",\n{gap}")));
        }
        let blank_lines = "\n".repeat(self.shape.len() - dim - 1);
        format!("[{}]", items.join(&format!(",{blank_lines}{gap}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PyTorch 2.15 prints: a line with type, shape and elements (or a step between them), then the text.
    const CASES: &str = include_str!("display_cases.txt");

    fn tensor_of(header: &str) -> Tensor {
        let (dtype, rest) = header.split_once(" [").unwrap();
        let (shape, elements) = rest.split_once(']').unwrap();
        let shape: Vec<usize> =
            shape.split(", ").filter(|size| !size.is_empty()).map(|size| size.parse().unwrap()).collect();
        let count = shape.iter().product();
        let elements: Vec<&str> = elements.split_whitespace().collect();
        if dtype == "int64" && elements.first() != Some(&"step") {
            return Tensor::from_vec(elements.iter().map(|x| x.parse::<i64>().unwrap()).collect(), shape);
        }
        let number = |x: &str| match x {
            "true" => 1.0,
            "false" => 0.0,
            x => x.parse::<f64>().unwrap(),
        };
        let values: Vec<f64> = match elements[..] {
            ["step", step] => (0..count).map(|i| i as f64 * number(step)).collect(),
            _ => elements.iter().map(|x| number(x)).collect(),
        };
        let dtypes = [DType::Bool, DType::U8, DType::I64, DType::F32, DType::F64];
        let dtype = dtypes.into_iter().find(|known| known.to_string() == dtype).unwrap();
        Tensor::from_vec(values, shape).to(dtype)
    }

    #[test]
    fn prints_what_pytorch_prints() {
        let cases: Vec<&str> = CASES.split("----\n").collect();
        assert!(cases.len() > 100);
        for case in cases {
            let (header, expected) = case.split_once('\n').unwrap();
            assert_eq!(tensor_of(header).to_string(), expected.trim_end_matches('\n'), "{header}");
        }
    }

    #[test]
    fn gradients_are_said_behind_the_elements() {
        let x = Tensor::ones([2, 3]).requires_grad_();
        let rows = "tensor([[1., 1., 1.],\n        [1., 1., 1.]]";
        assert_eq!(x.to_string(), format!("{rows}, requires_grad=True)"));
        assert_eq!((&x * 1.0).to_string(), format!("{rows}, grad_fn=<MulBackward>)"));
        assert_eq!(x.detach().to_string(), format!("{rows})"));
        assert_eq!(backward_name("log_softmax"), "LogSoftmaxBackward");
    }

    #[test]
    fn suffixes_go_to_the_next_line_where_they_must() {
        let x = (Tensor::ones([12]).requires_grad_() * 0.37).to(DType::F64).exp();
        let expected = "tensor([1.4477, 1.4477, 1.4477, 1.4477, 1.4477, 1.4477, 1.4477, 1.4477, 1.4477,\n        \
                        1.4477, 1.4477, 1.4477], dtype=float64, grad_fn=<ExpBackward>)";
        assert_eq!(x.to_string(), expected);
        let x = Tensor::full([9], 0.5).requires_grad_();
        let expected = "tensor([0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000, 0.5000],\n       \
                        requires_grad=True)";
        assert_eq!(x.to_string(), expected);
    }

    #[test]
    fn meta_tensors_have_no_elements_to_show() {
        assert_eq!(Tensor::empty_meta([2, 3], DType::F32).to_string(), "tensor(..., device='meta', size=(2, 3))");
        let x = Tensor::empty_meta([3], DType::I64);
        assert_eq!(x.to_string(), "tensor(..., device='meta', size=(3,), dtype=int64)");
    }
}
