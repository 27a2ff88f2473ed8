//! What a module is made of.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::module::Module;
use crate::autograd::trace::{self, Place};
use crate::tensor::Tensor;

/// A tensor that is trained: a leaf that requires gradients, listed by [`Module::parameters`]. `torch.nn.Parameter`.
///
/// It dereferences to [`Tensor`].
///
/// ```
/// use jimu::{Tensor, nn::Parameter};
/// let weight = Parameter::new(Tensor::zeros([2, 3]));
/// assert!(weight.requires_grad());
/// assert_eq!(weight.size(), [2, 3]);
/// ```
#[derive(Clone, Debug)]
pub struct Parameter(Tensor);

impl Parameter {
    /// A parameter with the values of `tensor`.
    ///
    /// # Panics
    /// If the elements are not real numbers.
    #[track_caller]
    pub fn new(tensor: Tensor) -> Self {
        Self(tensor.detach().requires_grad_())
    }
}

impl Deref for Parameter {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.0
    }
}

/// A tensor that belongs to a module's state but is not trained, such as a running mean: `register_buffer`.
///
/// It dereferences to [`Tensor`].
///
/// ```
/// use jimu::{Tensor, nn::Buffer};
/// assert!(!Buffer::new(Tensor::zeros([2])).requires_grad());
/// ```
#[derive(Clone, Debug)]
pub struct Buffer(Tensor);

impl Buffer {
    /// A buffer with the values of `tensor`.
    pub fn new(tensor: Tensor) -> Self {
        Self(tensor.detach())
    }
}

impl Deref for Buffer {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.0
    }
}

/// Whether a module is being trained or used; [`Module::train`] and [`Module::eval`] set it.
///
/// ```
/// use jimu::nn::Mode;
/// assert!(Mode::default().is_training());
/// ```
#[derive(Debug)]
pub struct Mode(AtomicBool);

impl Mode {
    /// Whether the module is being trained.
    pub fn is_training(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the mode.
    pub fn set(&self, training: bool) {
        self.0.store(training, Ordering::Relaxed);
    }
}

impl Default for Mode {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl Clone for Mode {
    fn clone(&self) -> Self {
        Self(AtomicBool::new(self.is_training()))
    }
}

/// The place of a layer in its model, such as `LeNet.conv1`, for messages. A model gives its layers their labels when it
/// is walked: by `parameters()`, `train()`, `state_dict()` and the like.
#[derive(Debug, Default)]
pub struct Label(OnceLock<RwLock<Arc<str>>>);

impl Label {
    /// The label and the kind, as in `LeNet.conv1 (Conv2d)`, or the kind alone while there is no label.
    pub fn describe(&self, kind: &str) -> String {
        match self.0.get() {
            Some(path) => format!("{} ({kind})", path.read().unwrap_or_else(PoisonError::into_inner)),
            None => kind.to_owned(),
        }
    }

    /// Tells a [summary](super::summary) that the layer begins its forward, which lasts as long as what is returned is
    /// kept. The first line of the forward of every layer with a label:
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::nn::{Forward, Label, Module, Parameter, summary};
    ///
    /// #[derive(Module)]
    /// struct Scale { gain: Parameter, label: Label }
    ///
    /// impl Forward for Scale {
    ///     fn forward(&self, x: &Tensor) -> Tensor {
    ///         let _scope = self.label.enter();
    ///         (x * &*self.gain).tanh() * 2.0
    ///     }
    /// }
    ///
    /// let model = Scale { gain: Parameter::new(Tensor::ones([3])), label: Label::default() };
    /// let summary = summary(&model, [2, 3]).unwrap();
    /// assert_eq!(summary.rows.len(), 1, "one layer, not three operations");
    /// ```
    pub fn enter(&self) -> Option<LayerScope> {
        trace::enter(|| Place::Label(self.address())).map(LayerScope)
    }

    /// As [`enter`](Self::enter), for the block called `name` in a list of blocks.
    pub(super) fn enter_member(&self, name: &str) -> Option<LayerScope> {
        trace::enter(|| Place::Member(self.address(), name.to_owned())).map(LayerScope)
    }

    /// What tells this label from all others of a model.
    pub(super) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Sets the label, unless there is a longer one: a walk that starts within the model knows less.
    pub(super) fn set(&self, path: &str) {
        let slot = self.0.get_or_init(|| RwLock::new(Arc::from("")));
        let mut label = slot.write().unwrap_or_else(PoisonError::into_inner);
        if path.matches('.').count() >= label.matches('.').count() && **label != *path {
            *label = Arc::from(path);
        }
    }
}

/// A layer's forward while it lasts: see [`Label::enter`].
pub struct LayerScope(trace::Scope);

impl Clone for Label {
    /// A copied layer has no place yet.
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// One field of a module.
pub enum Field<'a> {
    /// A trained tensor.
    Parameter(&'a Parameter),
    /// A tensor of the state that is not trained.
    Buffer(&'a Buffer),
    /// A module within.
    Module(&'a dyn Module),
    /// The switch between training and use.
    Mode(&'a Mode),
    /// The layer's place, for messages.
    Label(&'a Label),
}

/// The fields of a module with their names, in order.
pub type Fields<'a> = Vec<(String, Field<'a>)>;

/// What a field of a module can be: see [`Module`](derive@super::Module). A tensor is not, as nobody could tell whether it
/// is to be trained:
///
/// ```compile_fail,E0277
/// #[derive(jimu::nn::Module)]
/// struct Scale { gain: jimu::Tensor } // `Tensor` cannot be a field of a module: write nn::Parameter or nn::Buffer
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a module",
    label = "not a parameter, a buffer, a module or a plain option",
    note = "a trained tensor is a `nn::Parameter`, one that is only kept a `nn::Buffer`; `#[module(skip)]` passes over a field"
)]
pub trait FieldType {
    /// Appends what `self` holds, under `name`.
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>);
}

impl FieldType for Parameter {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        fields.push((name.to_owned(), Field::Parameter(self)));
    }
}

impl FieldType for Buffer {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        fields.push((name.to_owned(), Field::Buffer(self)));
    }
}

impl FieldType for Mode {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        fields.push((name.to_owned(), Field::Mode(self)));
    }
}

impl FieldType for Label {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        fields.push((name.to_owned(), Field::Label(self)));
    }
}

impl<M: Module> FieldType for M {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        fields.push((name.to_owned(), Field::Module(self)));
    }
}

impl<T: FieldType> FieldType for Option<T> {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        if let Some(field) = self {
            field.list(name, fields);
        }
    }
}

/// The elements are named by their positions, as in PyTorch's `ModuleList`: `blocks.0`, `blocks.1`, …
impl<T: FieldType> FieldType for Vec<T> {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        for (index, field) in self.iter().enumerate() {
            field.list(&format!("{name}.{index}"), fields);
        }
    }
}

impl<T: FieldType, const N: usize> FieldType for [T; N] {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        for (index, field) in self.iter().enumerate() {
            field.list(&format!("{name}.{index}"), fields);
        }
    }
}

macro_rules! plain {
    ($($option:ty),*) => {$(
        impl FieldType for $option {
            fn list<'a>(&'a self, _name: &str, _fields: &mut Fields<'a>) {}
        }
    )*};
}
plain!(bool, u8, i32, u32, i64, u64, isize, usize, f32, f64, char, String, &'static str, crate::DType, crate::Shape);

impl<A: FieldType, B: FieldType> FieldType for (A, B) {
    fn list<'a>(&'a self, name: &str, fields: &mut Fields<'a>) {
        self.0.list(&format!("{name}.0"), fields);
        self.1.list(&format!("{name}.1"), fields);
    }
}

impl<T> FieldType for std::marker::PhantomData<T> {
    fn list<'a>(&'a self, _name: &str, _fields: &mut Fields<'a>) {}
}
