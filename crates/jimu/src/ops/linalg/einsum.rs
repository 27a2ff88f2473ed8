//! `einsum`: sums of products, written with a letter for each dimension.
//!
//! ```text
//! parse       the equation as lists of labels; an ellipsis stands for labels of its own
//! diagonal    a label that stands twice in an operand becomes one dimension
//! contract    operands are multiplied from left to right, each pair as a batch of matrix products; a label that
//!             nobody needs any more is summed over in that product
//! ```

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

/// A letter, or a dimension of the ellipsis counted from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Ellipsis(usize),
    Letter(char),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter(letter) => write!(f, "{letter:?}"),
            Self::Ellipsis(_) => f.write_str("a dimension of ..."),
        }
    }
}

/// An operand whose dimensions have these labels, each once.
struct Term {
    labels: Vec<Label>,
    tensor: Tensor,
}

impl Tensor {
    /// Sums of products of the elements of `operands`, as `equation` names their dimensions:
    /// [`torch.einsum`](https://pytorch.org/docs/stable/generated/torch.einsum.html).
    ///
    /// Each operand has a letter for each dimension; letters that the result does not name are summed over, a letter
    /// that stands twice in an operand takes its diagonal, and `...` stands for the dimensions not named, which
    /// broadcast. Without `->` the result has the letters that stand once, in alphabetical order, after the ellipsis.
    ///
    /// | equation | what it is |
    /// |---|---|
    /// | `"ij,jk->ik"` | a product of matrices |
    /// | `"bij,bjk->bik"` | a batch of them |
    /// | `"i,j->ij"` | an outer product |
    /// | `"ii->i"` | a diagonal |
    /// | `"...ij->...ji"` | matrices transposed |
    ///
    /// # Panics
    /// If the equation cannot be read, does not fit the operands, or sizes of one letter differ.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([[1.0, 2.0], [3.0, 4.0]]), Tensor::new([10.0, 1.0]));
    /// assert_eq!(Tensor::einsum("ij,j->i", &[&a, &b]).to_vec::<f32>(), [12.0, 34.0]);
    /// assert_eq!(Tensor::einsum("ii", &[&a]).item(), 5.0);
    /// ```
    #[track_caller]
    pub fn einsum(equation: &str, operands: &[&Tensor]) -> Tensor {
        let (inputs, output) = parse(equation, operands).or_raise();
        let sizes = sizes_rule(&inputs, operands).or_raise();
        let terms = inputs.iter().zip(operands).map(|(labels, operand)| term(labels, operand, &sizes));
        let terms: Vec<Term> = terms.collect();
        let needed = |label: &Label, rest: &[Term]| {
            output.contains(label) || rest.iter().any(|term| term.labels.contains(label))
        };
        let mut terms_left = terms.as_slice();
        let mut product = summed(&terms_left[0], |label| needed(label, &terms_left[1..]));
        while let [_, next, rest @ ..] = terms_left {
            product = multiplied(&product, next, |label| needed(label, rest));
            terms_left = &terms_left[1..];
        }
        arranged(&product, &output)
    }
}

/// The labels of each operand, and those of the result.
fn parse(equation: &str, operands: &[&Tensor]) -> Result<(Vec<Vec<Label>>, Vec<Label>), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("einsum", problem).help(help));
    let compact: String = equation.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (left, right) = match compact.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (compact.as_str(), None),
    };
    let parts: Vec<&str> = left.split(',').collect();
    if operands.is_empty() || parts.len() != operands.len() {
        return refuse(
            format!("\"{equation}\" names {} operands, but {} are given", parts.len(), operands.len()),
            "separate the labels of the operands by commas",
        );
    }
    let mut inputs = Vec::with_capacity(parts.len());
    for (index, (part, operand)) in parts.iter().zip(operands).enumerate() {
        let letters = part.replace("...", "").chars().count();
        let spread = match (part.contains("..."), operand.dim().checked_sub(letters)) {
            (true, Some(spread)) => spread,
            (false, Some(0)) => 0,
            _ => {
                return refuse(
                    format!("operand {index} has shape {}, which \"{part}\" does not name", operand.shape()),
                    "give a letter for each dimension, or ... for the rest",
                );
            }
        };
        inputs.push(labels(part, spread, equation)?);
    }
    let output = match right {
        None => implicit_output(&inputs),
        Some(right) => {
            let ellipses = inputs.iter().flatten().filter_map(|label| match label {
                Label::Ellipsis(place) => Some(place + 1),
                Label::Letter(_) => None,
            });
            labels(right, ellipses.max().unwrap_or(0), equation)?
        }
    };
    for (at, label) in output.iter().enumerate() {
        if output[..at].contains(label) || !inputs.iter().flatten().any(|other| other == label) {
            return refuse(
                format!("the result of \"{equation}\" names {label} twice, or no operand names it"),
                "the result can only have labels of the operands, each once",
            );
        }
    }
    Ok((inputs, output))
}

/// `part` label by label, its ellipsis as `spread` labels.
fn labels(part: &str, spread: usize, equation: &str) -> Result<Vec<Label>, ShapeError> {
    let (front, back) = part.split_once("...").map_or((part, None), |(front, back)| (front, Some(back)));
    let letters = || front.chars().chain(back.unwrap_or("").chars());
    if let Some(odd) = letters().find(|letter| !letter.is_ascii_alphabetic()) {
        return Err(ShapeError::new("einsum", format!("{odd:?} in \"{equation}\" is no label"))
            .help("labels are letters; at most one ... stands in each operand"));
    }
    let ellipsis = if back.is_some() { spread } else { 0 };
    let ellipsis = (0..ellipsis).rev().map(Label::Ellipsis);
    Ok(front.chars().map(Label::Letter).chain(ellipsis).chain(back.unwrap_or("").chars().map(Label::Letter)).collect())
}

/// The ellipsis, and the letters that stand once, in alphabetical order.
fn implicit_output(inputs: &[Vec<Label>]) -> Vec<Label> {
    let mut counts: BTreeMap<Label, usize> = BTreeMap::new();
    inputs.iter().flatten().for_each(|&label| *counts.entry(label).or_default() += 1);
    let ellipsis = counts.keys().rev().filter(|label| matches!(label, Label::Ellipsis(_))).copied();
    let once = counts.iter().filter(|&(label, &count)| matches!(label, Label::Letter(_)) && count == 1);
    ellipsis.chain(once.map(|(&label, _)| label)).collect()
}

/// The size of each label: that of the operands that have more than one position of it.
fn sizes_rule(inputs: &[Vec<Label>], operands: &[&Tensor]) -> Result<BTreeMap<Label, usize>, ShapeError> {
    let mut sizes: BTreeMap<Label, usize> = BTreeMap::new();
    for (labels, operand) in inputs.iter().zip(operands) {
        let mut own: BTreeMap<Label, usize> = BTreeMap::new();
        for (&label, &size) in labels.iter().zip(operand.shape().iter()) {
            // A diagonal has no broadcasting: both sizes must be the same.
            let (diagonal, common) = (*own.entry(label).or_insert(size), sizes.entry(label).or_insert(size));
            if *common == 1 {
                *common = size;
            }
            if diagonal != size || (*common != size && size != 1) {
                let other = if diagonal != size { diagonal } else { *common };
                return Err(ShapeError::new("einsum", format!("{label} has the sizes {other} and {size}"))
                    .help("a letter stands for one size wherever it stands"));
            }
        }
    }
    Ok(sizes)
}

/// An operand with each label once. Dimensions of size 1 that other operands broadcast are left out.
fn term(labels: &[Label], operand: &Tensor, sizes: &BTreeMap<Label, usize>) -> Term {
    let (mut labels, mut tensor) = (labels.to_vec(), operand.clone());
    while let Some((first, second)) = repeated(&labels) {
        tensor = tensor.diagonal(0, first as isize, second as isize);
        let label = labels.remove(second);
        labels.remove(first);
        labels.push(label);
    }
    for dim in (0..labels.len()).rev() {
        if tensor.shape()[dim] == 1 && sizes[&labels[dim]] != 1 {
            tensor = tensor.squeeze_dim(dim);
            labels.remove(dim);
        }
    }
    Term { labels, tensor }
}

fn repeated(labels: &[Label]) -> Option<(usize, usize)> {
    labels.iter().enumerate().find_map(|(first, label)| {
        labels[first + 1..].iter().position(|other| other == label).map(|distance| (first, first + 1 + distance))
    })
}

/// The term summed over the labels that are not `needed`.
fn summed(term: &Term, needed: impl Fn(&Label) -> bool) -> Term {
    let gone: Vec<usize> = (0..term.labels.len()).filter(|&dim| !needed(&term.labels[dim])).collect();
    if gone.is_empty() {
        return Term { labels: term.labels.clone(), tensor: term.tensor.clone() };
    }
    let labels = term.labels.iter().filter(|label| needed(label)).copied().collect();
    Term { labels, tensor: term.tensor.sum_dim(gone, false) }
}

/// The product of two terms, summed over the labels that are not `needed`: a batch of products of matrices, whose batch
/// are the labels of both that stay, and whose inner dimension those that go.
fn multiplied(a: &Term, b: &Term, needed: impl Fn(&Label) -> bool) -> Term {
    let a = summed(a, |label| needed(label) || b.labels.contains(label));
    let b = summed(b, |label| needed(label) || a.labels.contains(label));
    let in_both = |label: &&Label| b.labels.contains(label);
    let batch: Vec<Label> = a.labels.iter().filter(in_both).filter(|label| needed(label)).copied().collect();
    let inner: Vec<Label> = a.labels.iter().filter(in_both).filter(|label| !needed(label)).copied().collect();
    let left: Vec<Label> = a.labels.iter().filter(|label| !b.labels.contains(label)).copied().collect();
    let right: Vec<Label> = b.labels.iter().filter(|label| !a.labels.contains(label)).copied().collect();
    let (rows, columns) = (grouped(&a, [&batch, &left, &inner]), grouped(&b, [&batch, &inner, &right]));
    let sizes = batch.iter().map(|label| size_of(&a, label));
    let sizes = sizes.chain(left.iter().map(|label| size_of(&a, label)));
    let sizes: Shape = sizes.chain(right.iter().map(|label| size_of(&b, label))).collect();
    // Without an inner dimension the product is one of elements.
    let tensor = if inner.is_empty() { rows * columns } else { rows.matmul(&columns) };
    Term { labels: [batch, left, right].concat(), tensor: tensor.reshape(sizes) }
}

fn size_of(term: &Term, label: &Label) -> usize {
    term.labels.iter().position(|own| own == label).map_or(1, |dim| term.tensor.shape()[dim])
}

/// The tensor with each group of labels as one dimension.
fn grouped(term: &Term, groups: [&[Label]; 3]) -> Tensor {
    let place = |label: &Label| term.labels.iter().position(|own| own == label).unwrap_or(0);
    let order: Vec<usize> = groups.concat().iter().map(place).collect();
    let sizes = groups.map(|group| group.iter().map(|label| size_of(term, label)).product::<usize>());
    term.tensor.permute(order).reshape(sizes)
}

/// The term with the labels of the result in order: by now it has all of them and no other.
fn arranged(term: &Term, output: &[Label]) -> Tensor {
    let order: Vec<usize> = output.iter().filter_map(|label| term.labels.iter().position(|own| own == label)).collect();
    term.tensor.permute(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let two = |equation: &'static str, a: &[usize], b: &[usize]| {
            check(|x| Tensor::einsum(equation, &[x[0], x[1]]), &[&variable(a), &variable(b)]);
        };
        two("ij,jk->ik", &[2, 3], &[3, 2]);
        two("bij,bkj->bik", &[2, 2, 3], &[2, 2, 3]);
        two("i,j->ij", &[2], &[3]);
        two("...i,...j->...", &[2, 3], &[2, 2]);
        two("ij,ij->", &[2, 3], &[2, 1]);
        check(|x| Tensor::einsum("iji->j", &[x[0]]), &[&variable([2, 3, 2])]);
        check(|x| Tensor::einsum("i,ij,j->", &[x[0], x[1], x[0]]), &[&variable([2]), &variable([2, 2])]);
    }

    #[test]
    fn results_without_an_arrow_are_in_alphabetical_order() {
        let x = Tensor::arange(0, 6).reshape([2, 3]);
        assert_eq!(Tensor::einsum("ba", &[&x]).to_vec::<i64>(), x.t().to_vec::<i64>());
        assert_eq!(Tensor::einsum("j...", &[&x]).size(), [3, 2]);
        assert_eq!(Tensor::einsum("ij,jk", &[&x, &x.t()]).to_vec::<i64>(), x.mm(&x.t()).to_vec::<i64>());
    }

    #[test]
    fn a_size_of_one_is_broadcast() {
        let (x, y) = (Tensor::ones([2, 1]), Tensor::ones([1, 3]));
        assert_eq!(Tensor::einsum("ij,ij->ij", &[&x, &y]).to_vec::<f32>(), [1.0; 6]);
        assert_eq!(Tensor::einsum("ij,ij->i", &[&x, &y]).to_vec::<f32>(), [3.0; 2]);
        assert_eq!(Tensor::einsum("ij->ji", &[&x]).size(), [1, 2]);
    }

    #[test]
    fn nothing_summed_is_zero() {
        let (x, y) = (Tensor::zeros([2, 0]), Tensor::zeros([0, 3]));
        assert_eq!(Tensor::einsum("ij,jk->ik", &[&x, &y]).to_vec::<f32>(), [0.0; 6]);
    }

    fn message(equation: &str, operands: &[&Tensor]) -> String {
        let parsed = parse(equation, operands).and_then(|(inputs, _)| sizes_rule(&inputs, operands));
        parsed.unwrap_err().to_string()
    }

    #[test]
    fn mistakes_are_named() {
        let x = Tensor::zeros([2, 3]);
        assert!(message("ij,jk", &[&x]).contains("names 2 operands, but 1 are given"));
        assert!(message("ijk", &[&x]).contains("operand 0 has shape [2, 3], which \"ijk\" does not name"));
        assert!(message("ii", &[&x]).contains("'i' has the sizes 2 and 3"));
        assert!(message("ij,ij->ij", &[&x, &x.t()]).contains("'i' has the sizes 2 and 3"));
        assert!(message("i1", &[&x]).contains("'1' in \"i1\" is no label"));
        assert!(message("ij->ik", &[&x]).contains("names 'k' twice, or no operand names it"));
    }
}
