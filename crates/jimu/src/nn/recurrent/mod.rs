//! Recurrent networks: the layers that run over a sequence, and their cells, which take one step.

mod cells;
mod gru;
mod gru_cell;
mod lstm;
mod lstm_cell;
mod ragged;
mod rnn;
mod rnn_cell;
mod stack;

pub use cells::RNNNonlinearity;
pub use gru::GRU;
pub use gru_cell::GRUCell;
pub use lstm::LSTM;
pub use lstm_cell::LSTMCell;
pub use rnn::RNN;
pub use rnn_cell::RNNCell;
