//! A small HTTP server that misbehaves as told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How a request is answered. All but `WithoutRanges` go on from where the client asks.
#[derive(Clone)]
pub(super) enum Answer {
    File(Vec<u8>),
    /// Closes the connection after this many bytes.
    CutAfter(usize, Vec<u8>),
    /// Sends nothing more after this many bytes, but stays connected.
    StallAfter(usize, Vec<u8>),
    /// Sends the whole file, whatever part of it is asked for.
    WithoutRanges(Vec<u8>),
    Status(u16),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) range_start: Option<usize>,
}

pub(super) struct Server {
    pub(super) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request with what the function says for its path and for how many requests came before.
    pub(super) fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        // The thread ends with the test program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Self { address, requests }
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Request>>, answer: &dyn Fn(&str, usize) -> Answer) -> Option<()> {
    let request = read_request(&stream)?;
    let before = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        log.len() - 1
    };
    let (content, sent, ranges) = match answer(&request.path, before) {
        Answer::Status(status) => {
            return write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
        }
        Answer::File(content) => (content, usize::MAX, true),
        Answer::WithoutRanges(content) => (content, usize::MAX, false),
        Answer::CutAfter(sent, content) | Answer::StallAfter(sent, content) => (content, sent, true),
    };
    let start = request.range_start.filter(|_| ranges);
    let total = content.len();
    let status = match start {
        Some(start) if start >= total => {
            let headers = format!("Content-Range: bytes */{total}\r\nContent-Length: 0\r\nConnection: close");
            return write!(stream, "HTTP/1.1 416 No\r\n{headers}\r\n\r\n").ok();
        }
        Some(start) => format!("206 Partial\r\nContent-Range: bytes {start}-{}/{total}", total - 1),
        None => "200 OK".to_owned(),
    };
    let rest = &content[start.unwrap_or(0)..];
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", rest.len()).ok()?;
    stream.write_all(&rest[..sent.min(rest.len())]).ok()?;
    if let Answer::StallAfter(..) = answer(&request.path, before) {
        thread::sleep(Duration::from_secs(60));
    }
    Some(())
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut range_start = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            range_start = range.trim_end_matches('-').parse().ok();
        }
    }
    Some(Request { path, range_start })
}
