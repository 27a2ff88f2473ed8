//! Runs package managers.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{COMMAND_LIMIT, Reason};

const POLL: Duration = Duration::from_millis(50);

/// Runs a command and gives what it prints. A reason tells the last line of what it complains about.
pub(in super::super) fn run(command: &mut Command) -> Result<Vec<u8>, Reason> {
    run_within(command, COMMAND_LIMIT)
}

pub(in super::super) fn run_within(command: &mut Command, limit: Duration) -> Result<Vec<u8>, Reason> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("{program} is not on the PATH"),
        _ => format!("{program} can't be started: {error}"),
    })?;
    let (output, complaints) = (read_aside(child.stdout.take()), read_aside(child.stderr.take()));
    let deadline = Instant::now() + limit;
    let status = loop {
        match child.try_wait().map_err(|error| format!("{program} can't be waited for: {error}"))? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                // It may end by itself at this very moment: the reason stays the same.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{program} was not done after {} s", limit.as_secs()));
            }
            None => thread::sleep(POLL),
        }
    };
    if status.success() {
        return Ok(output.join().unwrap_or_default());
    }
    let complaints = complaints.join().unwrap_or_default();
    Err(format!("{program} ended with {status}: {}", essence(&String::from_utf8_lossy(&complaints))))
}

/// Reads a stream on a thread of its own, so that the command never waits for us.
fn read_aside(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read until an error is what there is to tell.
            let _ = stream.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The first lines that say what went wrong.
fn essence(complaints: &str) -> String {
    let lines: Vec<&str> = complaints.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let errors: Vec<&str> = lines.iter().copied().filter(|line| line.to_lowercase().contains("err")).collect();
    let chosen = if errors.is_empty() { lines } else { errors };
    if chosen.is_empty() { "it says nothing".to_owned() } else { chosen[..chosen.len().min(3)].join("; ") }
}
