//! `PackedSequence`, and the ways into it and out of it.

use super::lengths::SequenceLengths;
use super::padding::{PaddingSide, check_lengths, lengths_of, pad_sequence, padded};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError, raise};
use crate::tensor::Tensor;

/// Sequences of different lengths without padding, step by step: first the first steps of all, then the second steps of
/// those that have one, …; the longest sequence comes first at each step.
/// [`torch.nn.utils.rnn.PackedSequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html).
///
/// It comes from [`pack_padded_sequence`] or [`pack_sequence`]; [`RNN`](crate::nn::RNN), [`GRU`](crate::nn::GRU) and
/// [`LSTM`](crate::nn::LSTM) take one and give one.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::pack_sequence;
/// let packed = pack_sequence(&[Tensor::new([1, 2, 3]), Tensor::new([4, 5]), Tensor::new([6])], true);
/// assert_eq!(packed.data().to_vec::<i64>(), [1, 4, 6, 2, 5, 3]);
/// assert_eq!(packed.batch_sizes(), [3, 2, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct PackedSequence {
    data: Tensor,
    batch_sizes: Vec<usize>,
    sorted_indices: Option<Tensor>,
    unsorted_indices: Option<Tensor>,
}

impl PackedSequence {
    /// All steps, (the sum of the lengths, *).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::nn::utils::rnn::pack_sequence;
    /// assert_eq!(pack_sequence(&[Tensor::zeros([3, 7]), Tensor::zeros([1, 7])], true).data().size(), [4, 7]);
    /// ```
    pub fn data(&self) -> &Tensor {
        &self.data
    }

    /// How many sequences have a first step, a second, ….
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::nn::utils::rnn::pack_sequence;
    /// assert_eq!(pack_sequence(&[Tensor::zeros([3]), Tensor::zeros([1])], true).batch_sizes(), [2, 1, 1]);
    /// ```
    pub fn batch_sizes(&self) -> &[usize] {
        &self.batch_sizes
    }

    /// Which of the sequences as they were given is the longest, the second longest, …, if they were sorted.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::nn::utils::rnn::pack_sequence;
    /// let packed = pack_sequence(&[Tensor::zeros([1]), Tensor::zeros([2]), Tensor::zeros([3])], false);
    /// assert_eq!(packed.sorted_indices().unwrap().to_vec::<i64>(), [2, 1, 0]);
    /// ```
    pub fn sorted_indices(&self) -> Option<&Tensor> {
        self.sorted_indices.as_ref()
    }

    /// Where the sequences as they were given stand among those sorted by length, if they were sorted.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::nn::utils::rnn::pack_sequence;
    /// let packed = pack_sequence(&[Tensor::zeros([2]), Tensor::zeros([1]), Tensor::zeros([3])], false);
    /// assert_eq!(packed.unsorted_indices().unwrap().to_vec::<i64>(), [1, 2, 0]);
    /// ```
    pub fn unsorted_indices(&self) -> Option<&Tensor> {
        self.unsorted_indices.as_ref()
    }

    /// Sequences of the same lengths with other steps, as a layer makes from each step by itself: PyTorch's
    /// `PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)`.
    ///
    /// # Panics
    /// If there are not as many steps.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::nn::{Embedding, Forward};
    /// use jimu::nn::utils::rnn::pack_sequence;
    /// let words = pack_sequence(&[Tensor::new([1, 2, 3]), Tensor::new([4])], true);
    /// let vectors = words.with_data(Embedding::new(10, 5).forward(words.data()));
    /// assert_eq!(vectors.data().size(), [4, 5]);
    /// ```
    #[track_caller]
    pub fn with_data(&self, data: Tensor) -> Self {
        let (steps, shape) = (self.data.shape()[0], data.shape());
        if shape.first() != Some(&steps) {
            let problem = format!("data of shape {shape} for sequences of {steps} steps in all");
            raise(ShapeError::new("PackedSequence", problem).help("give a row for each step"));
        }
        Self { data, ..self.clone() }
    }

    /// The same in another type.
    ///
    /// ```
    /// use jimu::nn::utils::rnn::pack_sequence;
    /// use jimu::{DType, Tensor};
    /// let packed = pack_sequence(&[Tensor::zeros([3])], true).to(DType::F64);
    /// assert_eq!(packed.data().dtype(), DType::F64);
    /// ```
    pub fn to(&self, dtype: DType) -> Self {
        Self { data: self.data.to(dtype), ..self.clone() }
    }

    /// The lengths of the sequences, the longest first.
    fn sorted_lengths(&self) -> Vec<usize> {
        let of = |sequence: usize| self.batch_sizes.partition_point(|&count| count > sequence);
        (0..self.batch_sizes[0]).map(of).collect()
    }

    /// Where each sequence as it was given stands among those sorted by length.
    fn places(&self) -> Vec<usize> {
        match &self.unsorted_indices {
            Some(places) => places.to_vec::<i64>().into_iter().map(|place| place as usize).collect(),
            None => (0..self.batch_sizes[0]).collect(),
        }
    }

    /// The lengths of the sequences as they were given.
    fn lengths(&self) -> Vec<usize> {
        let lengths = self.sorted_lengths();
        self.places().into_iter().map(|place| lengths[place]).collect()
    }
}

/// What a recurrent layer runs over: a [`Tensor`], all of whose sequences have one length, or a [`PackedSequence`].
///
/// ```
/// use jimu::Tensor;
/// use jimu::nn::GRU;
/// use jimu::nn::utils::rnn::{Sequences, pack_sequence};
///
/// fn run<S: Sequences>(gru: &GRU, x: &S) -> S {
///     gru.forward(x, None).0
/// }
/// let gru = GRU::new(3, 4);
/// assert_eq!(run(&gru, &Tensor::zeros([5, 2, 3])).size(), [5, 2, 4]);
/// let packed = pack_sequence(&[Tensor::zeros([5, 3]), Tensor::zeros([2, 3])], true);
/// assert_eq!(run(&gru, &packed).data().size(), [7, 4]);
/// ```
pub trait Sequences {
    /// The tensor itself, or the steps of the packed sequences.
    fn steps(&self) -> &Tensor;

    /// The packed sequences, if they are.
    fn packed(&self) -> Option<&PackedSequence>;

    /// The like with other steps.
    #[track_caller]
    fn with_steps(&self, steps: Tensor) -> Self;
}

impl Sequences for Tensor {
    fn steps(&self) -> &Tensor {
        self
    }

    fn packed(&self) -> Option<&PackedSequence> {
        None
    }

    fn with_steps(&self, steps: Tensor) -> Self {
        steps
    }
}

impl Sequences for PackedSequence {
    fn steps(&self) -> &Tensor {
        &self.data
    }

    fn packed(&self) -> Option<&PackedSequence> {
        Some(self)
    }

    #[track_caller]
    fn with_steps(&self, steps: Tensor) -> Self {
        self.with_data(steps)
    }
}

/// The permutation that undoes another:
/// [`torch.nn.utils.rnn.invert_permutation`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.invert_permutation.html).
///
/// # Panics
/// If it is no vector of whole numbers.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::invert_permutation;
/// assert_eq!(invert_permutation(&Tensor::new([2, 0, 1])).to_vec::<i64>(), [1, 2, 0]);
/// ```
#[track_caller]
pub fn invert_permutation(permutation: &Tensor) -> Tensor {
    let places = Tensor::arange(0, permutation.numel() as i64);
    places.zeros_like().scatter(0, permutation, &places)
}

/// Sequences that were padded to one length, without the padding:
/// [`torch.nn.utils.rnn.pack_padded_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html).
///
/// # Args
/// - `input`: (l, n, *), or (n, l, *) with `batch_first`.
/// - `lengths`: how many steps each sequence has, 1 at least; what lies beyond them is padding.
/// - `batch_first`: `false` in PyTorch unless given.
/// - `enforce_sorted`: whether the sequences must come with the longest first, `true` in PyTorch unless given. Otherwise
///   they are sorted, and [`pad_packed_sequence`] and the states of a recurrent layer have them in the order given.
///
/// # Panics
/// If there is not a length from 1 to l for each sequence, or they are not in the order demanded.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::{pack_padded_sequence, pad_packed_sequence};
/// let padded = Tensor::new([[1, 2, 0], [3, 0, 0], [4, 5, 6]]);
/// let packed = pack_padded_sequence(&padded, &[2, 1, 3], true, false);
/// assert_eq!(packed.data().to_vec::<i64>(), [4, 1, 3, 5, 2, 6]);
/// let (again, lengths) = pad_packed_sequence(&packed, true, 0.0, None);
/// assert!(again.equal(&padded));
/// assert_eq!(lengths, [2, 1, 3]);
/// ```
#[track_caller]
pub fn pack_padded_sequence(
    input: &Tensor,
    lengths: &(impl SequenceLengths + ?Sized),
    batch_first: bool,
    enforce_sorted: bool,
) -> PackedSequence {
    const WHO: &str = "pack_padded_sequence";
    let lengths = lengths.lengths().map_err(|error| error.told_by(WHO)).or_raise();
    check_lengths(WHO, input, &lengths, batch_first).or_raise();
    check_order(WHO, &lengths, enforce_sorted).or_raise();
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    // Stable: sequences of one length stay as they are.
    order.sort_by_key(|&sequence| std::cmp::Reverse(lengths[sequence]));
    let longest = lengths[order[0]];
    let lengths = &lengths;
    let having = |step: usize| order.iter().take_while(move |&&sequence| lengths[sequence] > step);
    let batch_sizes: Vec<usize> = (0..longest).map(|step| having(step).count()).collect();
    let (steps, count) = (input.shape()[usize::from(batch_first)], lengths.len());
    let row =
        |step: usize, sequence: usize| if batch_first { sequence * steps + step } else { step * count + sequence };
    let rows = (0..longest).flat_map(|step| having(step).map(move |&sequence| (step, sequence)));
    let rows: Vec<i64> = rows.map(|(step, sequence)| row(step, sequence) as i64).collect();
    let sorted_indices =
        (!enforce_sorted).then(|| Tensor::from(order.iter().map(|&sequence| sequence as i64).collect::<Vec<_>>()));
    PackedSequence {
        data: input.flatten(..=1).index_select(0, &Tensor::from(rows)),
        batch_sizes,
        unsorted_indices: sorted_indices.as_ref().map(invert_permutation),
        sorted_indices,
    }
}

fn check_order(who: &str, lengths: &[usize], enforce_sorted: bool) -> Result<(), ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new(who, problem).help(help));
    if lengths.is_empty() {
        return refuse("there are no sequences".to_owned(), "give one at least");
    }
    if lengths.contains(&0) {
        return refuse(format!("a sequence has no steps: the lengths are {lengths:?}"), "leave it out");
    }
    if enforce_sorted && !lengths.is_sorted_by(|a, b| a >= b) {
        let problem = format!("the longest sequence must come first, but the lengths are {lengths:?}");
        return refuse(problem, "sort the sequences, or give false for enforce_sorted");
    }
    Ok(())
}

/// Packed sequences padded to the length of the longest, and their lengths, in the order in which they were given:
/// [`torch.nn.utils.rnn.pad_packed_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html).
///
/// # Args
/// - `batch_first`: whether the result is (n, l, *) instead of (l, n, *), `false` in PyTorch unless given.
/// - `padding_value`: what padded elements are, 0 in PyTorch unless given.
/// - `total_length`: l, if it is to be more than the length of the longest.
///
/// # Panics
/// If `total_length` is less than the length of the longest.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::{pack_sequence, pad_packed_sequence};
/// let packed = pack_sequence(&[Tensor::new([1, 2, 3]), Tensor::new([4])], true);
/// let (padded, lengths) = pad_packed_sequence(&packed, true, -1.0, Some(4));
/// assert_eq!(padded.to_vec::<i64>(), [1, 2, 3, -1, 4, -1, -1, -1]);
/// assert_eq!(lengths, [3, 1]);
/// ```
#[track_caller]
pub fn pad_packed_sequence(
    sequence: &PackedSequence,
    batch_first: bool,
    padding_value: f64,
    total_length: Option<usize>,
) -> (Tensor, Vec<usize>) {
    let longest = sequence.batch_sizes.len();
    let steps = total_length.unwrap_or(longest);
    if steps < longest {
        let problem = format!("total_length is {steps}, but the longest sequence has {longest} steps");
        raise(ShapeError::new("pad_packed_sequence", problem).help("give at least the length of the longest, or None"));
    }
    let starts: Vec<usize> =
        sequence.batch_sizes.iter().scan(0, |end, count| Some(std::mem::replace(end, *end + count))).collect();
    let places = sequence.places();
    let at = |which: usize, step: usize| {
        let having = sequence.batch_sizes.get(step)?;
        (places[which] < *having).then(|| starts[step] + places[which])
    };
    let shape = [steps, places.len()];
    (padded(&sequence.data, shape, batch_first, padding_value, at), sequence.lengths())
}

/// Sequences packed:
/// [`torch.nn.utils.rnn.pack_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html).
///
/// # Args
/// - `sequences`: each (l, *), with an l of its own, 1 at least.
/// - `enforce_sorted`: as for [`pack_padded_sequence`].
///
/// # Panics
/// If the sequences differ in type or in more than their length, or are not in the order demanded.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::{pack_sequence, unpack_sequence};
/// let packed = pack_sequence(&[Tensor::new([6]), Tensor::new([4, 5])], false);
/// assert_eq!(packed.data().to_vec::<i64>(), [4, 6, 5]);
/// assert_eq!(unpack_sequence(&packed)[0].to_vec::<i64>(), [6]);
/// ```
#[track_caller]
pub fn pack_sequence(sequences: &[Tensor], enforce_sorted: bool) -> PackedSequence {
    let lengths = lengths_of("pack_sequence", sequences).or_raise();
    check_order("pack_sequence", &lengths, enforce_sorted).or_raise();
    pack_padded_sequence(&pad_sequence(sequences, false, 0.0, PaddingSide::Right), &lengths, false, enforce_sorted)
}

/// Packed sequences one by one, in the order in which they were given:
/// [`torch.nn.utils.rnn.unpack_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html).
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::nn::utils::rnn::{pack_sequence, unpack_sequence};
/// let sequences = unpack_sequence(&pack_sequence(&[Tensor::new([1, 2, 3]), Tensor::new([4])], true));
/// assert_eq!(sequences[0].to_vec::<i64>(), [1, 2, 3]);
/// assert_eq!(sequences[1].to_vec::<i64>(), [4]);
/// ```
#[track_caller]
pub fn unpack_sequence(packed_sequences: &PackedSequence) -> Vec<Tensor> {
    let (padded, lengths) = pad_packed_sequence(packed_sequences, true, 0.0, None);
    super::unpad_sequence(&padded, &lengths, true)
}
