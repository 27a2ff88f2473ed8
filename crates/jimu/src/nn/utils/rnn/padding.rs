//! `pad_sequence` and `unpad_sequence`.

use super::lengths::SequenceLengths;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// On which side [`pad_sequence`] pads: the `padding_side` of PyTorch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaddingSide {
    /// After the sequence.
    #[default]
    Right,
    /// Before the sequence.
    Left,
}

/// Sequences side by side, padded to the length of the longest:
/// [`torch.nn.utils.rnn.pad_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html).
///
/// # Args
/// - `sequences`: each (l, *), with an l of its own.
/// - `batch_first`: whether the batch comes before the steps, `false` in PyTorch unless given.
/// - `padding_value`: what padded elements are, 0 in PyTorch unless given.
/// - `padding_side`: where they are, on the right in PyTorch unless given.
///
/// # Shape
/// (l, n, *) for n sequences of which the longest has l steps, or (n, l, *).
///
/// # Panics
/// If there are no sequences, or they differ in type or in more than their length.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::{PaddingSide, pad_sequence};
/// let sequences = [Tensor::new([1, 2, 3]), Tensor::new([4])];
/// let padded = pad_sequence(&sequences, true, 0.0, PaddingSide::Right);
/// assert_eq!(padded.to_vec::<i64>(), [1, 2, 3, 4, 0, 0]);
/// assert_eq!(pad_sequence(&sequences, false, 9.0, PaddingSide::Left).to_vec::<i64>(), [1, 9, 2, 9, 3, 4]);
/// ```
#[track_caller]
pub fn pad_sequence(sequences: &[Tensor], batch_first: bool, padding_value: f64, padding_side: PaddingSide) -> Tensor {
    let lengths = lengths_of("pad_sequence", sequences).or_raise();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let starts: Vec<usize> =
        lengths.iter().scan(0, |end, length| Some(std::mem::replace(end, *end + length))).collect();
    let at = |sequence: usize, step: usize| {
        let before = if padding_side == PaddingSide::Left { longest - lengths[sequence] } else { 0 };
        let step = step.checked_sub(before).filter(|&step| step < lengths[sequence])?;
        Some(starts[sequence] + step)
    };
    let rows = Tensor::cat(&sequences.iter().collect::<Vec<_>>(), 0);
    padded(&rows, [longest, sequences.len()], batch_first, padding_value, at)
}

/// The rows that `at` names for each of the sequences and steps, and padding where it names none: (l, n, *), or (n, l, *).
pub(super) fn padded(
    rows: &Tensor,
    [steps, count]: [usize; 2],
    batch_first: bool,
    padding_value: f64,
    at: impl Fn(usize, usize) -> Option<usize>,
) -> Tensor {
    let mut row = rows.size();
    row.as_mut()[0] = 1;
    // One row more, which is the padding.
    let padding = Tensor::full_of(&row, padding_value, rows.dtype());
    let with_padding = Tensor::cat(&[rows, &padding], 0);
    let place = |sequence, step| at(sequence, step).unwrap_or(rows.shape()[0]) as i64;
    let sizes = if batch_first { [count, steps] } else { [steps, count] };
    let index = (0..sizes[0]).flat_map(|outer| (0..sizes[1]).map(move |inner| (outer, inner)));
    let index = index.map(|(outer, inner)| if batch_first { place(outer, inner) } else { place(inner, outer) });
    let index: Vec<i64> = index.collect();
    let shape: Vec<usize> = sizes.into_iter().chain(row.iter().skip(1).copied()).collect();
    with_padding.index_select(0, &Tensor::from(index)).reshape(shape)
}

/// The lengths of sequences that differ in nothing else.
pub(super) fn lengths_of(who: &str, sequences: &[Tensor]) -> Result<Vec<usize>, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new(who, problem).help(help));
    let Some(first) = sequences.first() else {
        return refuse("there are no sequences".to_owned(), "give one at least");
    };
    let like_first = |other: &&Tensor| {
        other.dim() == first.dim() && other.shape().get(1..) == first.shape().get(1..) && other.dtype() == first.dtype()
    };
    if first.dim() == 0 {
        return refuse(
            "a tensor of no dimension is no sequence".to_owned(),
            "its first dimension is that of the steps",
        );
    }
    match sequences.iter().find(|other| !like_first(other)) {
        None => Ok(sequences.iter().map(|sequence| sequence.shape()[0]).collect()),
        Some(other) => {
            let [a, b] = [first, other].map(|sequence| format!("{} of shape {}", sequence.dtype(), sequence.shape()));
            refuse(
                format!("the first sequence is {a}, but another {b}"),
                "sequences may differ in their first size only",
            )
        }
    }
}

/// The sequences that [`pad_sequence`] has padded on the right:
/// [`torch.nn.utils.rnn.unpad_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html).
///
/// # Args
/// - `padded_sequences`: (l, n, *), or (n, l, *) with `batch_first`.
/// - `lengths`: the length of each sequence.
///
/// # Panics
/// If there is not a length for each sequence, or one is greater than l.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::unpad_sequence;
/// let sequences = unpad_sequence(&Tensor::new([[1, 2, 3], [4, 0, 0]]), &[3, 1], true);
/// assert_eq!(sequences[1].to_vec::<i64>(), [4]);
/// ```
#[track_caller]
pub fn unpad_sequence(
    padded_sequences: &Tensor,
    lengths: &(impl SequenceLengths + ?Sized),
    batch_first: bool,
) -> Vec<Tensor> {
    let lengths = lengths.lengths().map_err(|error| error.told_by("unpad_sequence")).or_raise();
    check_lengths("unpad_sequence", padded_sequences, &lengths, batch_first).or_raise();
    let of = |(sequence, &length): (usize, &usize)| {
        padded_sequences.select(isize::from(!batch_first), sequence as isize).narrow(0, 0, length)
    };
    lengths.iter().enumerate().map(of).collect()
}

/// Refuses lengths that are not those of the sequences in `padded`.
pub(super) fn check_lengths(
    who: &str,
    padded: &Tensor,
    lengths: &[usize],
    batch_first: bool,
) -> Result<(), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new(who, problem).help(help));
    let shape = padded.shape();
    let &[first, second, ..] = &shape[..] else {
        let problem = format!("padded sequences have two dimensions at least, but the shape is {shape}");
        return refuse(problem, "give [l, n, …], or [n, l, …] with batch_first");
    };
    let (steps, count) = if batch_first { (second, first) } else { (first, second) };
    if lengths.len() != count {
        let problem = format!("{} lengths for {count} sequences in a tensor of shape {shape}", lengths.len());
        return refuse(
            problem,
            "give a length for each sequence; batch_first says which dimension is that of the sequences",
        );
    }
    match lengths.iter().find(|&&length| length > steps) {
        None => Ok(()),
        Some(length) => refuse(
            format!("a sequence of {length} steps in a tensor of shape {shape}, which has {steps}"),
            "shorten it",
        ),
    }
}
