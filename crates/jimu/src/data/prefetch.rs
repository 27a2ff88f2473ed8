//! Batches made where they are asked for, or ahead on a thread.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// The batches of a maker, in its order.
pub(super) enum Source<M: Iterator> {
    /// Made when they are asked for.
    Here(M),
    /// Made by a thread. A panic there goes on where the batch is asked for; dropping the source ends the thread.
    Thread { receiver: Option<Receiver<M::Item>>, thread: Option<JoinHandle<()>> },
}

impl<M> Source<M>
where
    M: Iterator + Send + 'static,
    M::Item: Send + 'static,
{
    /// Makes `ahead` batches before they are asked for: one in the thread's hands, the others in the channel.
    pub(super) fn new(maker: M, ahead: usize) -> Self {
        if ahead == 0 {
            return Self::Here(maker);
        }
        let (sender, receiver) = sync_channel(ahead - 1);
        let run = move || {
            for batch in maker {
                if sender.send(batch).is_err() {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("jimu-data-loader".into()).spawn(run);
        let thread = thread.unwrap_or_else(|error| {
            panic!("no thread to make batches ahead: {error}; help: prefetch(0) makes them where they are asked for")
        });
        Self::Thread { receiver: Some(receiver), thread: Some(thread) }
    }
}

impl<M: Iterator> Iterator for Source<M> {
    type Item = M::Item;

    fn next(&mut self) -> Option<M::Item> {
        match self {
            Self::Here(maker) => maker.next(),
            Self::Thread { receiver, thread } => match receiver.as_ref().map(Receiver::recv) {
                Some(Ok(batch)) => Some(batch),
                // The thread has ended: after its last batch, or by a panic, which goes on here.
                _ => match thread.take().map(JoinHandle::join) {
                    Some(Err(panic)) => resume_unwind(panic),
                    _ => None,
                },
            },
        }
    }
}

impl<M: Iterator> Drop for Source<M> {
    fn drop(&mut self) {
        if let Self::Thread { receiver, thread } = self {
            drop(receiver.take());
            // A panic in a batch that nobody asked for concerns nobody.
            let _ = thread.take().map(JoinHandle::join);
        }
    }
}
