//! The tensor: a strided view of shared storage, with a place in the autograd graph.

mod access;
mod creation;
mod display;
mod inplace;
mod layout;
mod operators;
mod random;
mod shape;
mod storage;

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use jimu_kernels::pooled::Shared;

pub use access::Scalar;
pub use creation::IntoTensor;
pub use inplace::Value;
pub(crate) use random::{Generator, next_stream, with_random_state, with_seed};
pub use random::{get_rng_state, initial_seed, manual_seed, set_rng_state};
pub use shape::{Dims, Shape};
pub(crate) use shape::{Small, broadcast_shapes};
pub use storage::Storage;

pub(crate) use layout::Layout;

use crate::autograd::{Hooks, Node};
use crate::device::Device;
use crate::dtype::{DType, Element};

/// An n-dimensional array of one element type, and the variable of automatic differentiation: `torch.Tensor`.
///
/// A `Tensor` is a handle: `clone` costs nothing and names the same tensor, as an assignment does in Python. Views
/// ([`transpose`](Self::transpose), [`narrow`](Self::narrow), …) share the elements until one of them is written to;
/// the writer then gets a copy, so a view never changes behind its owner's back.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// let x = Tensor::new([[1.0, 2.0], [3.0, 4.0]]).requires_grad_();
/// let y = (&x * &x).sum();
/// y.backward();
/// assert_eq!(y.item(), 30.0);
/// assert_eq!(x.grad().unwrap().to_vec::<f32>(), [2.0, 4.0, 6.0, 8.0]);
/// ```
#[derive(Clone)]
pub struct Tensor {
    pub(crate) inner: Shared<Inner>,
}

/// Where the gradient of a tensor is kept.
#[derive(Default)]
pub(crate) struct GradSlot(Mutex<Option<Tensor>>);

impl GradSlot {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Tensor>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Inner {
    pub(crate) layout: Layout,
    /// A [`DType`]; it changes if a layer is converted in place.
    dtype: AtomicU8,
    pub(crate) device: Device,
    storage: RwLock<Shared<Storage>>,
    /// Counts the writes, so that backward can refuse a saved tensor that has changed since.
    version: AtomicU32,
    requires_grad: AtomicBool,
    /// Made when first asked for: few tensors ever have a gradient.
    grad: OnceLock<Arc<GradSlot>>,
    /// Of a leaf; those of other tensors belong to their node.
    hooks: OnceLock<Arc<Hooks>>,
    /// The operation that made the tensor, if it is differentiated through.
    pub(crate) node: Option<Shared<Node>>,
    /// The operation without a derivative that cut this tensor off from tensors that require gradients.
    pub(crate) cut_by: Option<&'static str>,
}

impl Tensor {
    pub(crate) fn build(storage: Shared<Storage>, layout: Layout, device: Device) -> Inner {
        debug_assert!(device == Device::Meta || layout.end() <= storage_len(&storage), "a layout beyond its storage");
        Inner {
            layout,
            dtype: AtomicU8::new(storage.dtype() as u8),
            device,
            storage: RwLock::new(storage),
            version: AtomicU32::new(0),
            requires_grad: AtomicBool::new(false),
            grad: OnceLock::new(),
            hooks: OnceLock::new(),
            node: None,
            cut_by: None,
        }
    }

    /// A tensor outside any graph.
    pub(crate) fn from_storage(storage: Shared<Storage>, layout: Layout) -> Self {
        Self { inner: Shared::new(Self::build(storage, layout, Device::Cpu)) }
    }

    /// A tensor outside any graph over a fresh buffer.
    pub(crate) fn from_buffer<T: Element>(buffer: jimu_kernels::buffer::Buffer<T::Stored>, layout: Layout) -> Self {
        Self::from_storage(Shared::new(T::wrap(buffer)), layout)
    }

    /// A tensor with a shape and no elements.
    pub(crate) fn meta(dtype: DType, shape: Shape) -> Self {
        let storage = Shared::new(Storage::empty(dtype));
        Self { inner: Shared::new(Self::build(storage, Layout::contiguous(shape), Device::Meta)) }
    }

    /// Another tensor over the same elements.
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        Self { inner: Shared::new(Self::build(self.storage(), layout, self.device())) }
    }

    /// The size in each dimension: `x.shape` or `x.size()` in PyTorch.
    pub fn size(&self) -> Shape {
        self.inner.layout.shape.clone()
    }

    /// The sizes, borrowed.
    pub fn shape(&self) -> &Shape {
        &self.inner.layout.shape
    }

    /// The number of dimensions; `x.dim()` in PyTorch.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([2, 3]).dim(), 2);
    /// ```
    pub fn dim(&self) -> usize {
        self.shape().len()
    }

    /// The number of elements.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([2, 3]).numel(), 6);
    /// ```
    pub fn numel(&self) -> usize {
        self.shape().numel()
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        DType::ALL[usize::from(self.inner.dtype.load(Ordering::Relaxed))]
    }

    /// Where the elements lie.
    pub fn device(&self) -> Device {
        self.inner.device
    }

    /// The distance in elements between neighbours in each dimension: `x.stride()` in PyTorch.
    ///
    /// Which strides a result has is a decision about speed: a convolution over few channels may keep the batch
    /// innermost, for example. No value depends on it.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([2, 3]).t().stride(), [1, 3]);
    /// ```
    pub fn stride(&self) -> &[usize] {
        &self.inner.layout.strides
    }

    /// Whether the elements lie in order in memory, the last dimension fastest.
    pub fn is_contiguous(&self) -> bool {
        self.inner.layout.is_contiguous()
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.inner.layout
    }

    pub(crate) fn storage(&self) -> Shared<Storage> {
        self.inner.storage.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_meta(&self) -> bool {
        self.inner.device == Device::Meta
    }

    /// Whether gradients flow to this tensor: it is a leaf that asked for them, or was made from one.
    pub fn requires_grad(&self) -> bool {
        self.inner.node.is_some() || self.inner.requires_grad.load(Ordering::Relaxed)
    }

    /// Whether the tensor was made by the user rather than by a tracked operation. Only leaves keep gradients.
    pub fn is_leaf(&self) -> bool {
        self.inner.node.is_none()
    }

    pub(crate) fn set_leaf_requires_grad(&self, on: bool) {
        self.inner.requires_grad.store(on, Ordering::Relaxed);
    }

    /// Where the gradient is kept, if there ever was one.
    pub(crate) fn grad_slot(&self) -> Option<&Arc<GradSlot>> {
        self.inner.grad.get()
    }

    pub(crate) fn grad_slot_or_new(&self) -> &Arc<GradSlot> {
        self.inner.grad.get_or_init(Arc::default)
    }

    /// What happens to the tensor's gradient, if anything does.
    pub(crate) fn hooks(&self) -> Option<&Arc<Hooks>> {
        self.hook_slot().get()
    }

    pub(crate) fn hooks_or_new(&self) -> &Arc<Hooks> {
        self.hook_slot().get_or_init(Arc::default)
    }

    fn hook_slot(&self) -> &OnceLock<Arc<Hooks>> {
        self.inner.node.as_ref().map_or(&self.inner.hooks, |node| node.hooks())
    }

    pub(crate) fn version(&self) -> u32 {
        self.inner.version.load(Ordering::Relaxed)
    }

    /// Whether the two handles name one tensor: Python's `is`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2]);
    /// assert!(x.is_same(&x.clone()) && !x.is_same(&Tensor::zeros([2])));
    /// ```
    pub fn is_same(&self, other: &Tensor) -> bool {
        Shared::ptr_eq(&self.inner, &other.inner)
    }

    /// Writes to the elements in place, in the storage of `self` alone: what other tensors share is copied first.
    pub(crate) fn write_storage<R>(&self, write: impl FnOnce(&mut Storage, &Layout) -> R) -> R {
        let mut guard = self.inner.storage.write().unwrap_or_else(PoisonError::into_inner);
        self.inner.version.fetch_add(1, Ordering::Relaxed);
        write(Shared::make_mut(&mut guard), &self.inner.layout)
    }

    /// Another type in the same place: of the elements, and of the gradient if there is one. For parameters and buffers,
    /// which an optimiser holds, too.
    pub(crate) fn convert_in_place(&self, dtype: DType) {
        {
            let mut guard = self.inner.storage.write().unwrap_or_else(PoisonError::into_inner);
            self.inner.version.fetch_add(1, Ordering::Relaxed);
            *guard = Shared::new(guard.to(dtype));
            self.inner.dtype.store(dtype as u8, Ordering::Relaxed);
        }
        if let Some(slot) = self.grad_slot() {
            let mut grad = slot.lock();
            *grad = grad.take().map(|grad| grad.to(dtype));
        }
    }
}

fn storage_len(storage: &Storage) -> usize {
    match storage {
        Storage::Bool(buffer) | Storage::U8(buffer) => buffer.len(),
        Storage::I64(buffer) => buffer.len(),
        Storage::F32(buffer) => buffer.len(),
        Storage::F64(buffer) => buffer.len(),
    }
}
