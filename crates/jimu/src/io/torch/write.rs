//! Pickles and archives.

use jimu_kernels::pooled::Shared;
use zip::CompressionMethod;

use crate::dtype::DType;
use crate::io::bytes::little_endian;
use crate::io::{Key, Value, archive};
use crate::tensor::{Layout, Storage, Tensor};

/// The content of a file with this value. Equal values give equal bytes; a tensor that appears twice is stored once.
///
/// ```
/// use jimu::{Tensor, io::{Value, torch}};
/// let bytes = torch::to_bytes(&Value::from(Tensor::new([1, 2, 3])));
/// assert_eq!(torch::from_bytes(&bytes)?.as_tensor().unwrap().to_vec::<i64>(), [1, 2, 3]);
/// # Ok::<(), torch::FormatError>(())
/// ```
pub fn to_bytes(value: &Value) -> Vec<u8> {
    let mut pickle = Pickle { program: b"\x80\x02".to_vec(), storages: Vec::new() };
    pickle.value(value);
    pickle.program.push(b'.');
    let member = |name: &str, content: Vec<u8>| (format!("archive/{name}"), content);
    let mut members = vec![member("data.pkl", pickle.program), member("byteorder", b"little".to_vec())];
    for (key, (tensor, ..)) in pickle.storages.iter().enumerate() {
        members.push(member(&format!("data/{key}"), little_endian(tensor)));
    }
    members.push(member("version", b"3\n".to_vec()));
    archive::write(&members, CompressionMethod::Stored)
}

/// A pickle in the making: a program of protocol 2, which all versions of PyTorch read.
struct Pickle {
    program: Vec<u8>,
    /// The tensors whose elements are stored, by which they are known again.
    storages: Vec<(Tensor, Shared<Storage>, Layout)>,
}

impl Pickle {
    fn value(&mut self, value: &Value) {
        match value {
            Value::None => self.program.push(b'N'),
            Value::Bool(on) => self.program.push(if *on { 0x88 } else { 0x89 }),
            Value::Int(number) => self.int(*number),
            Value::Float(number) => self.tagged(b'G', &number.to_be_bytes()),
            Value::Text(text) => self.text(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::List(items) => {
                self.program.extend(b"](");
                items.iter().for_each(|item| self.value(item));
                self.program.push(b'e');
            }
            Value::Tuple(items) => {
                self.program.push(b'(');
                items.iter().for_each(|item| self.value(item));
                self.program.push(b't');
            }
            Value::Dict(dict) => {
                self.program.extend(b"}(");
                for (key, value) in dict {
                    match key {
                        Key::Int(number) => self.int(*number),
                        Key::Text(text) => self.text(text),
                    }
                    self.value(value);
                }
                self.program.push(b'u');
            }
            Value::Tensor(tensor) => self.tensor(tensor),
        }
    }

    fn tagged(&mut self, tag: u8, content: &[u8]) {
        self.program.push(tag);
        self.program.extend(content);
    }

    fn int(&mut self, number: i64) {
        match i32::try_from(number) {
            Ok(number) => self.tagged(b'J', &number.to_le_bytes()),
            Err(_) => {
                self.program.extend([0x8a, 8]);
                self.program.extend(number.to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        let length = u32::try_from(text.len()).expect("a text of less than 4 GB");
        self.tagged(b'X', &length.to_le_bytes());
        self.program.extend(text.as_bytes());
    }

    /// Protocol 2 has no bytes: they are encoded from a text with a character for each.
    fn bytes(&mut self, bytes: &[u8]) {
        self.program.extend(b"c_codecs\nencode\n");
        self.text(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>());
        self.text("latin1");
        self.program.extend(b"\x86R");
    }

    fn sizes(&mut self, sizes: &[usize]) {
        self.program.push(b'(');
        sizes.iter().for_each(|&size| self.int(size as i64));
        self.program.push(b't');
    }

    fn tensor(&mut self, tensor: &Tensor) {
        let key = self.key(tensor).to_string();
        let storage = match tensor.dtype() {
            DType::Bool => "BoolStorage",
            DType::U8 => "ByteStorage",
            DType::I64 => "LongStorage",
            DType::F32 => "FloatStorage",
            DType::F64 => "DoubleStorage",
        };
        self.program.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage");
        self.program.extend(format!("ctorch\n{storage}\n").as_bytes());
        self.text(&key);
        self.text("cpu");
        self.int(tensor.numel() as i64);
        self.program.extend(b"tQ");
        self.int(0);
        self.sizes(tensor.shape());
        self.sizes(&tensor.shape().contiguous_strides());
        self.program.push(if tensor.requires_grad() { 0x88 } else { 0x89 });
        self.program.extend(b"ccollections\nOrderedDict\n)RtR");
    }

    /// The number of the tensor's elements among those that are stored.
    fn key(&mut self, tensor: &Tensor) -> usize {
        let (storage, layout) = (tensor.storage(), tensor.layout());
        let same =
            |(_, other, known): &(Tensor, Shared<Storage>, Layout)| Shared::ptr_eq(other, &storage) && known == layout;
        self.storages.iter().position(same).unwrap_or_else(|| {
            self.storages.push((tensor.detach(), storage, layout.clone()));
            self.storages.len() - 1
        })
    }
}
