//! Downloads that can be interrupted at any byte and resumed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::super::progress::{Progress, Reporter};
use super::Reason;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an interrupted download is resumed as long as bytes keep coming.
const ROUNDS: usize = 5;
/// Far above the 170 MB of the largest file.
const LARGEST_FILE: u64 = 1 << 30;

pub(super) struct Client {
    agent: Agent,
    stall_timeout: Duration,
}

/// Why one round ended before the file was complete.
enum Interruption {
    /// Another round may go further.
    Resumable(Reason),
    /// It would end in the same way.
    Final(Reason),
}

impl Client {
    pub(super) fn new(stall_timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("jimu/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(stall_timeout))
            .timeout_per_read(Some(stall_timeout))
            .build();
        Self { agent: config.new_agent(), stall_timeout }
    }

    /// Downloads a file, going on from what an earlier, interrupted download has left in `PATH.part`.
    ///
    /// The file gets its name only when it is complete. After a failure the `.part` stays for the next time.
    pub(super) fn download(&self, url: &str, path: &Path, reporter: &Reporter) -> Result<(), Reason> {
        let part = part_of(path);
        let mut last_reason = Reason::new();
        for _ in 0..ROUNDS {
            let before = length_of(&part);
            match self.round(url, &part, reporter) {
                Ok(()) => {
                    return fs::rename(&part, path)
                        .map_err(|error| format!("cannot write {}: {error}", path.display()));
                }
                Err(Interruption::Final(reason)) => return Err(reason),
                Err(Interruption::Resumable(reason)) => last_reason = reason,
            }
            if length_of(&part) == before {
                break;
            }
        }
        Err(last_reason)
    }

    fn round(&self, url: &str, part: &Path, reporter: &Reporter) -> Result<(), Interruption> {
        let have = length_of(part);
        let mut request = self.agent.get(url);
        if is_local(request.uri_ref().and_then(|uri| uri.host())) {
            request = request.config().proxy(None).build();
        }
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| Interruption::Final(self.explain(&error)))?;
        match response.status() {
            StatusCode::OK => self.receive(response, url, part, 0, reporter),
            StatusCode::PARTIAL_CONTENT if range_start(&response) == Some(have) => {
                self.receive(response, url, part, have, reporter)
            }
            StatusCode::RANGE_NOT_SATISFIABLE if range_total(&response) == Some(have) => Ok(()),
            // What we have is not the beginning of what the server has: start afresh.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                fs::remove_file(part).map_err(|error| unwritable(part, &error))?;
                Err(Interruption::Resumable("the server does not resume downloads properly".to_owned()))
            }
            status => Err(Interruption::Final(format!("the server answers {status}"))),
        }
    }

    /// Appends the body to the first `start` bytes of the file.
    fn receive(
        &self,
        response: Response<Body>,
        url: &str,
        part: &Path,
        start: u64,
        reporter: &Reporter,
    ) -> Result<(), Interruption> {
        let total = response.body().content_length().map(|length| start + length);
        let mut file = open_at(part, start).map_err(|error| unwritable(part, &error))?;
        let mut body = response.into_body().into_with_config().limit(LARGEST_FILE).reader();
        let mut buffer = vec![0; 1 << 16];
        let mut done = start;
        loop {
            reporter.report(Progress::Received { source: url, done, total });
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Interruption::Resumable(self.explain_body(error, done, total))),
            };
            file.write_all(&buffer[..count]).map_err(|error| unwritable(part, &error))?;
            done += count as u64;
        }
        match total {
            Some(total) if done < total => Err(Interruption::Resumable(closed_early(done, Some(total)))),
            _ => Ok(()),
        }
    }

    fn explain_body(&self, error: io::Error, done: u64, total: Option<u64>) -> Reason {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return closed_early(done, total);
        }
        let so_far = format!("after {}", amount(done, total));
        format!("{} {so_far}", self.explain(&ureq::Error::from(error)))
    }

    fn explain(&self, error: &ureq::Error) -> Reason {
        let not_found = "the host's name is not found (no network?)".to_owned();
        match error {
            ureq::Error::HostNotFound => not_found,
            ureq::Error::ConnectionFailed => "the host can't be connected to".to_owned(),
            ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
                format!("no connection within {} s", CONNECT_TIMEOUT.as_secs_f32())
            }
            ureq::Error::Timeout(_) => format!("the server sent nothing for {} s", self.stall_timeout.as_secs_f32()),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "the host refuses the connection".to_owned()
            }
            ureq::Error::Io(error) if error.to_string().contains("lookup address") => not_found,
            error => error.to_string(),
        }
    }
}

/// A proxy can't reach the servers of this machine.
fn is_local(host: Option<&str>) -> bool {
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn unwritable(path: &Path, error: &io::Error) -> Interruption {
    Interruption::Final(format!("cannot write {}: {error}", path.display()))
}

fn closed_early(done: u64, total: Option<u64>) -> Reason {
    format!("the connection was closed after {}", amount(done, total))
}

fn amount(done: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{done} of {total} bytes"),
        None => format!("{done} bytes"),
    }
}

pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn length_of(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn open_at(path: &Path, start: u64) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    file.set_len(start)?;
    Ok(file)
}

fn content_range(response: &Response<Body>) -> Option<(&str, &str)> {
    response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')
}

/// The 100 of `bytes 100-199/200`.
fn range_start(response: &Response<Body>) -> Option<u64> {
    content_range(response)?.0.split_once('-')?.0.parse().ok()
}

/// The 200 of `bytes */200`.
fn range_total(response: &Response<Body>) -> Option<u64> {
    content_range(response)?.1.parse().ok()
}
