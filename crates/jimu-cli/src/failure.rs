//! Why a command failed: one clear message, and the exit code that says whose fault it was.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// As of a program that Ctrl-C has ended.
pub const INTERRUPTED: u8 = 130;

/// What a command returns when it could not do its work.
#[derive(Debug)]
pub struct Failure {
    message: String,
    exit_code: u8,
}

impl Failure {
    /// The work failed: exit code 1.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), exit_code: 1 }
    }

    /// What was asked for makes no sense: exit code 2, as for an unknown option.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), exit_code: 2 }
    }

    /// The user has stopped the work: exit code 130.
    pub fn interrupted(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), exit_code: INTERRUPTED }
    }

    /// `doing` names the work that failed, as in "cannot write", `path` what it was done to.
    pub fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(format_args!("{doing} {}: {error}", path.display()))
    }

    /// Standard output could not be written to. If it is a pipe whose reader has gone away, as in `jimu data list | head
    /// -1`, nothing is wrong: it has seen enough.
    pub fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { message: String::new(), exit_code: 0 },
            _ => Self::new(format_args!("cannot write to standard output: {error}")),
        }
    }

    /// The same with a line more.
    pub fn hint(mut self, line: impl fmt::Display) -> Self {
        self.message += &format!("\n  help: {line}");
        self
    }

    /// Prints the message on standard error.
    pub fn report(&self) -> ExitCode {
        // When even standard error is closed, the exit code still tells.
        let _ = match self.exit_code {
            0 => Ok(()),
            INTERRUPTED => writeln!(io::stderr(), "{}", self.message),
            _ => writeln!(io::stderr(), "error: {}", self.message),
        };
        ExitCode::from(self.exit_code)
    }
}

/// Errors of the library say all that is needed; their causes are added where they don't.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self::new(message)
    }
}

/// Prints a line on standard output.
pub fn print_line(text: impl fmt::Display) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).map_err(|error| Failure::output(&error))
}
