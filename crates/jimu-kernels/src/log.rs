//! What the kernels print about themselves on standard error, where the environment asks for it.
//!
//! `JIMU_LOG=plan` tells how each convolution, pooling and matrix product is computed, a line for each distinct operation
//! with its sizes and options:
//!
//! ```text
//! jimu plan conv2d forward 64x64x32x32 * 128x64x3x3 pad 1: winograd F(4x4,3x3), channels innermost
//! ```
//! Where nothing is asked for, an operation pays for one relaxed load.

use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

const UNREAD: u8 = 0;
const OFF: u8 = 1;
const PLAN: u8 = 2;

/// What `JIMU_LOG` asks for, once it has been read.
static ASKED: AtomicU8 = AtomicU8::new(UNREAD);

/// Prints how an operation is computed, if that is asked for and the line is new.
#[inline]
pub(crate) fn plan(line: impl FnOnce() -> String) {
    if ASKED.load(Ordering::Relaxed) != OFF {
        print(line);
    }
}

#[cold]
#[inline(never)]
fn print(line: impl FnOnce() -> String) {
    static READ: LazyLock<u8> = LazyLock::new(|| {
        let asked = std::env::var_os("JIMU_LOG").unwrap_or_default();
        read(&asked.to_string_lossy()).unwrap_or_else(|message| {
            say(&message);
            OFF
        })
    });
    static PRINTED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    ASKED.store(*READ, Ordering::Relaxed);
    if *READ == PLAN {
        let line = line();
        // The lock is held until the line is out, so that lines of different threads do not mix.
        let mut printed = PRINTED.lock().unwrap_or_else(PoisonError::into_inner);
        if !printed.contains(&line) {
            say(&format!("jimu plan {line}"));
            printed.insert(line);
        }
    }
}

fn read(asked: &str) -> Result<u8, String> {
    match asked {
        "" => Ok(OFF),
        "plan" => Ok(PLAN),
        other => Err(format!("JIMU_LOG={other}: nothing is called that; set it to plan, or not at all")),
    }
}

/// A reader who has gone away is no reason to stop.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Sizes as they are printed: `64x1x28x28`.
pub(crate) fn sizes(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// An option with a value for the height and one for the width, preceded by a space; nothing where it is what it usually is.
pub(crate) fn option(name: &str, values: [usize; 2], usual: usize) -> String {
    match values {
        [height, width] if height == usual && width == usual => String::new(),
        [height, width] if height == width => format!(" {name} {height}"),
        [height, width] => format!(" {name} {height}x{width}"),
    }
}

/// The element type, preceded by a space, where it is not `f32`.
pub(crate) fn element<T>() -> String {
    match std::any::type_name::<T>() {
        "f32" => String::new(),
        name => format!(" {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_told() {
        assert_eq!([read(""), read("plan")], [Ok(OFF), Ok(PLAN)]);
        let message = read("plans").unwrap_err();
        assert_eq!(message, "JIMU_LOG=plans: nothing is called that; set it to plan, or not at all");
    }

    #[test]
    fn options_are_short() {
        assert_eq!(sizes(&[64, 1, 28, 28]), "64x1x28x28");
        assert_eq!(option("pad", [0, 0], 0) + &option("stride", [2, 2], 1), " stride 2");
        assert_eq!(option("pad", [0, 1], 0) + &element::<f64>() + &element::<f32>(), " pad 0x1 f64");
    }
}
