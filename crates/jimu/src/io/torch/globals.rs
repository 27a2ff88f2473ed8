//! What a pickle may name.

use super::FormatError;

/// A Python name that a pickle may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `OrderedDict` and `Counter`, which are dictionaries.
    Dict,
    /// `set` and `frozenset`.
    Set,
    /// `torch.Size`.
    Size,
    /// `torch.device`.
    Device,
    /// `_codecs.encode`: how bytes are written where there were only texts.
    Encode,
    /// `torch.FloatStorage` and its like.
    Storage(Kind),
    /// `torch.storage.UntypedStorage`: bytes.
    UntypedStorage,
    /// `torch.float32` and its like.
    Dtype(Dtype),
    /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`.
    RebuildTensor,
    /// `torch._utils._rebuild_tensor_v3`, which takes bytes and a `dtype`.
    RebuildTensorV3,
    /// `torch._utils._rebuild_parameter`, with or without attributes.
    RebuildParameter,
    /// `torch._tensor._rebuild_from_type_v2`: another of these, with attributes.
    RebuildFromType,
    /// The types `torch.Tensor` and `torch.nn.Parameter`.
    TensorType,
}

/// A `torch.dtype`, which jimu may have or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dtype {
    /// `torch.float32`.
    pub(super) name: String,
    pub(super) kind: Option<Kind>,
}

/// How elements are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    U16,
    U32,
}

impl Kind {
    /// Bytes an element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

/// The names of the storages, and of the `dtype`s, with how elements lie in them.
const KINDS: [(&str, &str, Kind); 12] = [
    ("DoubleStorage", "float64", Kind::F64),
    ("FloatStorage", "float32", Kind::F32),
    ("HalfStorage", "float16", Kind::F16),
    ("BFloat16Storage", "bfloat16", Kind::BF16),
    ("LongStorage", "int64", Kind::I64),
    ("IntStorage", "int32", Kind::I32),
    ("ShortStorage", "int16", Kind::I16),
    ("CharStorage", "int8", Kind::I8),
    ("ByteStorage", "uint8", Kind::U8),
    ("BoolStorage", "bool", Kind::Bool),
    ("", "uint16", Kind::U16),
    ("", "uint32", Kind::U32),
];

/// The `dtype`s that jimu has no elements for.
const OTHER_DTYPES: [&str; 12] = [
    "complex32",
    "complex64",
    "complex128",
    "uint64",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "qint8",
    "quint8",
    "qint32",
    "quint4x2",
];

impl Global {
    /// What `module.name` is, if it is allowed.
    pub(super) fn find(module: &str, name: &str) -> Result<Self, FormatError> {
        let found = match (module, name) {
            ("collections", "OrderedDict" | "Counter") => Some(Self::Dict),
            ("builtins" | "__builtin__", "set" | "frozenset") => Some(Self::Set),
            ("_codecs", "encode") => Some(Self::Encode),
            ("torch", "Size") => Some(Self::Size),
            ("torch", "device") => Some(Self::Device),
            ("torch" | "torch.storage", "UntypedStorage") => Some(Self::UntypedStorage),
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_tensor_v3") => Some(Self::RebuildTensorV3),
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Some(Self::RebuildParameter),
            ("torch._tensor", "_rebuild_from_type_v2") => Some(Self::RebuildFromType),
            ("torch", "Tensor") | ("torch.nn.parameter", "Parameter" | "Buffer") => Some(Self::TensorType),
            ("torch", name) => return Self::of_torch(name),
            _ => None,
        };
        found.ok_or_else(|| FormatError::Forbidden { name: format!("{module}.{name}") })
    }

    /// A storage or a `dtype`.
    fn of_torch(name: &str) -> Result<Self, FormatError> {
        if let Some(&(.., kind)) = KINDS.iter().find(|(storage, ..)| *storage == name && !name.is_empty()) {
            return Ok(Self::Storage(kind));
        }
        let kind = KINDS.iter().find(|(_, dtype, _)| *dtype == name).map(|&(.., kind)| kind);
        let full = format!("torch.{name}");
        match kind.is_some() || OTHER_DTYPES.contains(&name) {
            true => Ok(Self::Dtype(Dtype { name: full, kind })),
            false if name.ends_with("Storage") => Err(FormatError::UnsupportedDtype { dtype: full }),
            false => Err(FormatError::Forbidden { name: full }),
        }
    }
}
