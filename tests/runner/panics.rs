//! Panics of the library, kept off the terminal and turned into errors.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

use anyhow::{Result, anyhow};

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes panics silent: [`caught`] reports them instead.
pub fn silence() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
        LAST.with_borrow_mut(|last| *last = Some(format!("{message}{place}")));
    }));
}

/// Runs `f`; a panic in it becomes an error of one line.
///
/// # Errors
/// What `f` returns, or its panic.
pub fn caught<R>(f: impl FnOnce() -> Result<R>) -> Result<R> {
    panic::catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        let last = LAST.with_borrow_mut(Option::take);
        let message = last.unwrap_or_else(|| text(&*payload));
        Err(anyhow!("panicked: {}", message.lines().map(str::trim).collect::<Vec<_>>().join(" | ")))
    })
}

fn text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_one_line() {
        let error = caught::<()>(|| panic!("matmul: wrong\n  help: transpose")).unwrap_err().to_string();
        assert!(error.starts_with("panicked: matmul: wrong | help: transpose"), "{error}");
        assert_eq!(caught(|| Ok(3)).unwrap(), 3);
    }
}
