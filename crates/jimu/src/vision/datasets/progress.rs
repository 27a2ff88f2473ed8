use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What a [`Locator`](super::Locator) reports while it fetches a data set.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A source is being asked: an address or a command.
    Trying {
        /// The source.
        source: &'a str,
    },
    /// Bytes have come in.
    Received {
        /// The address.
        source: &'a str,
        /// Bytes so far, with those of earlier, interrupted downloads.
        done: u64,
        /// Bytes in all, if the server says so.
        total: Option<u64>,
    },
    /// A source has failed; the next one is asked.
    Failed {
        /// The source.
        source: &'a str,
        /// Why it failed.
        reason: &'a str,
    },
    /// Another process is fetching the same set; this one waits until it is done.
    Waiting {
        /// The file that the other process has locked.
        lock: &'a Path,
    },
}

type Callback = dyn Fn(Progress<'_>) + Send + Sync;

/// The user's callback, if there is one.
#[derive(Clone, Default)]
pub(super) struct Reporter(Option<Arc<Callback>>);

impl Reporter {
    pub(super) fn new(callback: impl Fn(Progress<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(callback)))
    }

    #[cfg(feature = "download")]
    pub(super) fn report(&self, progress: Progress<'_>) {
        if let Some(callback) = &self.0 {
            callback(progress);
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Reporter(callback)" } else { "Reporter(none)" })
    }
}
