//! What layers need besides: [`torch.nn.utils`](https://pytorch.org/docs/stable/nn.html#utilities). Clipping of gradients is
//! in [`optim`](crate::optim).

pub mod rnn;
