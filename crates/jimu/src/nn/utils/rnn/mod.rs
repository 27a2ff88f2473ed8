//! Sequences of different lengths in one batch: [`torch.nn.utils.rnn`](https://pytorch.org/docs/stable/nn.html#utilities).
//!
//! Padded to the length of the longest they are a tensor; packed they have no padding, and recurrent layers run each of them
//! over its own steps alone, so that the last states are those of its own last step and the other direction begins there.
//!
//! ```
//! use jimu::Tensor;
//! use jimu::nn::LSTM;
//! use jimu::nn::utils::rnn::{PaddingSide, pack_padded_sequence, pad_packed_sequence, pad_sequence};
//!
//! let sequences = [5, 2, 3].map(|length| Tensor::randn([length, 10]));
//! let padded = pad_sequence(&sequences, true, 0.0, PaddingSide::Right);
//! assert_eq!(padded.size(), [3, 5, 10]);
//! let packed = pack_padded_sequence(&padded, &[5, 2, 3], true, false);
//! let lstm = LSTM::new(10, 20).bidirectional(true);
//! let (output, (hn, _)) = lstm.forward(&packed, None);
//! let (output, lengths) = pad_packed_sequence(&output, true, 0.0, None);
//! assert_eq!((output.size(), lengths), ([3, 5, 40].into(), vec![5, 2, 3]));
//! assert_eq!(hn.size(), [2, 3, 20]);
//! ```
//!
//! In a [`DataLoader`](crate::data::DataLoader) a sample of a type of one's own says how it becomes a batch, which is the
//! `collate_fn` of PyTorch:
//!
//! ```
//! use jimu::Tensor;
//! use jimu::data::{Collate, DataLoader, Dataset};
//! use jimu::nn::utils::rnn::{PackedSequence, pack_sequence};
//!
//! struct Sentence(Tensor);
//!
//! impl Collate for Sentence {
//!     type Batch = PackedSequence;
//!     fn collate(sentences: Vec<Self>) -> PackedSequence {
//!         pack_sequence(&sentences.into_iter().map(|sentence| sentence.0).collect::<Vec<_>>(), false)
//!     }
//! }
//!
//! struct Sentences(Vec<Vec<i64>>);
//!
//! impl Dataset for Sentences {
//!     type Item = Sentence;
//!     fn len(&self) -> usize {
//!         self.0.len()
//!     }
//!     fn get(&self, index: usize) -> Sentence {
//!         Sentence(Tensor::from(self.0[index].clone()))
//!     }
//! }
//!
//! let loader = DataLoader::new(Sentences(vec![vec![5, 2], vec![7, 1, 3], vec![4]]), 2);
//! let sizes: Vec<Vec<usize>> = loader.iter().map(|batch| batch.batch_sizes().to_vec()).collect();
//! assert_eq!(sizes, [vec![2, 2, 1], vec![1]]);
//! ```

mod lengths;
mod packed_sequence;
mod padding;
#[cfg(test)]
mod tests;

pub use lengths::SequenceLengths;
pub use packed_sequence::{
    PackedSequence, Sequences, invert_permutation, pack_padded_sequence, pack_sequence, pad_packed_sequence,
    unpack_sequence,
};
pub use padding::{PaddingSide, pad_sequence, unpad_sequence};
