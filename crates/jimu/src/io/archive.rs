//! Zip archives, as NumPy and PyTorch use them.

use std::io::{Cursor, Read, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// A zip archive in memory. Together its members take no more than the archive's size, or what deflated data of that
/// size can come to.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes of the archive that members may still refer to: members that overlap are an attack.
    budget: u64,
}

/// The most that a byte of deflated data can stand for.
const DEFLATE_RATIO: u64 = 1032;

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, ZipError> {
        Ok(Self { zip: ZipArchive::new(Cursor::new(bytes))?, budget: bytes.len() as u64 })
    }

    /// The members' names, in order.
    pub(super) fn names(&self) -> Result<Vec<String>, String> {
        let names = self.zip.file_names().map(|name| name.map(|name| name.into_owned()));
        names.collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    /// The content of a member.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let member = self.zip.by_name(name).map_err(|error| format!("{name}: {error}"))?;
        let (claimed, stored) = (member.size(), member.compressed_size());
        let most = match member.compression() {
            CompressionMethod::Stored => stored,
            _ => stored.saturating_mul(DEFLATE_RATIO),
        };
        if stored > self.budget || claimed > most {
            return Err(format!("{name}: it claims {claimed} bytes, more than the archive can hold"));
        }
        self.budget -= stored;
        let mut content = Vec::new();
        // One byte more than claimed, to see the end and with it the checksum.
        member.take(claimed + 1).read_to_end(&mut content).map_err(|error| format!("{name}: {error}"))?;
        match content.len() as u64 == claimed {
            true => Ok(content),
            false => Err(format!("{name}: it has {} bytes instead of {claimed}", content.len())),
        }
    }
}

/// An archive of the members, with their content at multiples of 64 bytes. Equal members give equal bytes.
pub(super) fn write(members: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .large_file(content.len() >= u32::MAX as usize)
            .with_alignment(64);
        let written = archive.start_file(name.as_str(), options).map_err(|error| error.to_string());
        let written = written.and_then(|()| archive.write_all(content).map_err(|error| error.to_string()));
        written.expect("memory can be written to");
    }
    archive.finish().expect("memory can be written to").into_inner()
}
