//! The trait of everything that has parameters.

use std::fmt;

use super::field::{Field, Fields, Mode};
use super::state_dict::{LoadStateDictError, StateDict, load};
use crate::dtype::DType;
use crate::error::{ShapeError, raise, relay};
use crate::tensor::Tensor;

/// A block with parameters and buffers, possibly made of other blocks: `torch.nn.Module`.
///
/// Derive it: the fields' names are the keys of the `state_dict`, as attributes' names are in PyTorch. The computation
/// is apart, in [`Forward`] or a method of any other signature.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear, Module};
/// use jimu::Tensor;
///
/// #[derive(Module)]
/// struct Net { hidden: Linear, output: Linear }
///
/// impl Forward for Net {
///     fn forward(&self, x: &Tensor) -> Tensor {
///         self.output.forward(&self.hidden.forward(x).relu())
///     }
/// }
///
/// let net = Net { hidden: Linear::new(4, 8), output: Linear::new(8, 2) };
/// let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]);
/// assert_eq!(net.num_parameters(), 4 * 8 + 8 + 8 * 2 + 2);
/// assert_eq!(net.forward(&Tensor::zeros([3, 4])).size(), [3, 2]);
/// ```
pub trait Module {
    /// The name of the type, as printed.
    fn kind(&self) -> &str;

    /// The fields, in order.
    fn fields(&self) -> Fields<'_>;

    /// The options, as printed between the parentheses.
    fn extra_repr(&self) -> String {
        String::new()
    }

    /// Every parameter once, with its name: those of the block itself before those of the blocks within, as in PyTorch.
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(self.kind(), self.fields())
    }

    /// The parameters, for an optimiser.
    fn parameters(&self) -> Vec<Tensor> {
        tensors(self.named_parameters())
    }

    /// The buffers with their names.
    fn named_buffers(&self) -> Vec<(String, Tensor)> {
        named_buffers(self.kind(), self.fields())
    }

    /// The number of trained numbers.
    fn num_parameters(&self) -> usize {
        count_numbers(self.parameters())
    }

    /// Parameters and buffers by name, in PyTorch's order. The tensors are copies: later training does not change them.
    fn state_dict(&self) -> StateDict {
        state_of(self.kind(), self.fields(), Tensor::detach)
    }

    /// Copies the values of `state` into the parameters and buffers of the same names.
    ///
    /// # Errors
    /// If a name is missing or unknown, or a shape differs: all of them are told, and nothing has been changed.
    fn load_state_dict(&self, state: &StateDict) -> Result<(), LoadStateDictError> {
        load(self.kind(), &state_of(self.kind(), self.fields(), Tensor::clone), state)
    }

    /// Switches the block and all within to training (dropout drops, batch normalisation uses the batch).
    fn train(&self) {
        set_mode(self.kind(), self.fields(), true);
    }

    /// Switches the block and all within to use (dropout passes on, batch normalisation uses its running statistics).
    fn eval(&self) {
        set_mode(self.kind(), self.fields(), false);
    }

    /// Whether a block within acts differently in training: dropout and batch normalisation do.
    ///
    /// ```
    /// use jimu::nn::{Dropout, Linear, Module};
    /// assert!(Dropout::new(0.5).differs_in_training() && !Linear::new(2, 2).differs_in_training());
    /// ```
    fn differs_in_training(&self) -> bool {
        has_modes(self.kind(), self.fields())
    }

    /// Converts all parameters and real-valued buffers to `dtype`, in place: `model.to(torch.float64)`, `model.double()`.
    /// Gradients are converted, too; what an optimiser has kept is not, so convert before you make one.
    ///
    /// # Panics
    /// If `dtype` is not a type of real numbers.
    ///
    /// ```
    /// use jimu::nn::{Forward, Linear, Module};
    /// use jimu::{DType, Tensor};
    /// let layer = Linear::new(3, 2);
    /// layer.to(DType::F64);
    /// assert_eq!(layer.forward(&Tensor::randn([1, 3]).to(DType::F64)).dtype(), DType::F64);
    /// ```
    #[track_caller]
    fn to(&self, dtype: DType) {
        convert(self.kind(), self.fields(), dtype);
    }

    /// Clears the gradients of all parameters.
    fn zero_grad(&self) {
        clear_gradients(self.parameters());
    }

    /// Freezes (`false`) or thaws all parameters: `model.requires_grad_(on)`.
    fn set_requires_grad(&self, on: bool) {
        require_gradients(self.parameters(), on);
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn kind(&self) -> &str {
        (**self).kind()
    }
    fn fields(&self) -> Fields<'_> {
        (**self).fields()
    }
    fn extra_repr(&self) -> String {
        (**self).extra_repr()
    }
}

/// A block that makes one tensor from one tensor. What a [`Sequential`](super::Sequential) is made of.
pub trait Forward {
    /// The output for the input `x`.
    fn forward(&self, x: &Tensor) -> Tensor;

    /// `self.forward(x).relu()`, in one go where a block can: convolutions, batch normalisations and max poolings
    /// spare a pass over memory in each direction. The numbers are the same. A [`Sequential`](super::Sequential) calls it by itself.
    ///
    /// ```
    /// use jimu::nn::{BatchNorm2d, Conv2d, Forward};
    /// use jimu::Tensor;
    /// let (conv, norm) = (Conv2d::new(3, 8, 3), BatchNorm2d::new(8));
    /// let x = conv.forward(&Tensor::randn([4, 3, 10, 10]));
    /// assert_eq!(norm.forward_relu(&x).to_vec::<f32>(), norm.forward(&x).relu().to_vec::<f32>());
    /// ```
    #[track_caller]
    fn forward_relu(&self, x: &Tensor) -> Tensor {
        relay(|| self.forward(x)).relu()
    }

    /// `max_pool2d(self.forward(x), 2).relu()`, if this block computes all of it in one go: convolutions do, whose output then
    /// need not come to memory. The numbers are the same. A [`Sequential`](super::Sequential) calls it by itself.
    ///
    /// # Shape
    /// `x` as in `forward`; the result has half as many rows and columns as that of `forward`, rounded down. `None` if that is none.
    ///
    /// ```
    /// use jimu::nn::{Conv2d, Forward, ReLU};
    /// use jimu::Tensor;
    /// let (conv, x) = (Conv2d::new(1, 6, 5), Tensor::randn([32, 1, 28, 28]));
    /// let pooled = conv.forward_max_pool2d_relu(&x).unwrap();
    /// assert_eq!(pooled.to_vec::<f32>(), conv.forward(&x).max_pool2d(2).relu().to_vec::<f32>());
    /// assert!(ReLU.forward_max_pool2d_relu(&x).is_none());
    /// ```
    fn forward_max_pool2d_relu(&self, _x: &Tensor) -> Option<Tensor> {
        None
    }

    /// What this block does in the eyes of a [`Sequential`](super::Sequential), which computes some neighbours in another
    /// order. A block of your own need not say.
    fn role(&self) -> Role {
        Role::Other
    }
}

/// What a block does, if its neighbours can make use of knowing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// max(x, 0), element by element.
    Relu,
    /// The greatest element of each window.
    MaxPooling {
        /// Whether the windows are of 2x2 pixels, side by side.
        halving: bool,
    },
    /// Anything else.
    Other,
}

impl<F: Forward + ?Sized> Forward for Box<F> {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        relay(|| (**self).forward(x))
    }
    #[track_caller]
    fn forward_relu(&self, x: &Tensor) -> Tensor {
        relay(|| (**self).forward_relu(x))
    }
    #[track_caller]
    fn forward_max_pool2d_relu(&self, x: &Tensor) -> Option<Tensor> {
        relay(|| (**self).forward_max_pool2d_relu(x))
    }
    fn role(&self) -> Role {
        (**self).role()
    }
}

// What the trait's methods do lies in functions of their own, which take what they are handed, so that they also drop it: the
// methods are compiled anew for every block there is.

fn named_parameters(kind: &str, fields: Fields<'_>) -> Vec<(String, Tensor)> {
    let mut named: Vec<(String, Tensor)> = Vec::new();
    walk(kind, fields, &mut |name, field| {
        if let Field::Parameter(parameter) = field
            && !named.iter().any(|(_, known)| known.is_same(parameter))
        {
            named.push((name.to_owned(), Tensor::clone(parameter)));
        }
    });
    named
}

fn tensors(named: Vec<(String, Tensor)>) -> Vec<Tensor> {
    named.into_iter().map(|(_, tensor)| tensor).collect()
}

fn named_buffers(kind: &str, fields: Fields<'_>) -> Vec<(String, Tensor)> {
    let mut named = Vec::new();
    walk(kind, fields, &mut |name, field| {
        if let Field::Buffer(buffer) = field {
            named.push((name.to_owned(), Tensor::clone(buffer)));
        }
    });
    named
}

fn count_numbers(parameters: Vec<Tensor>) -> usize {
    parameters.iter().map(Tensor::numel).sum()
}

/// Parameters and buffers by name, each as `handle` gives it.
fn state_of(kind: &str, fields: Fields<'_>, handle: fn(&Tensor) -> Tensor) -> StateDict {
    let mut state = StateDict::new();
    walk(kind, fields, &mut |name, field| {
        let tensor = match field {
            Field::Parameter(parameter) => handle(parameter),
            Field::Buffer(buffer) => handle(buffer),
            _ => return,
        };
        state.insert(name.to_owned(), tensor);
    });
    state
}

fn has_modes(kind: &str, fields: Fields<'_>) -> bool {
    let mut found = false;
    walk(kind, fields, &mut |_, field| found |= matches!(field, Field::Mode(_)));
    found
}

#[track_caller]
fn convert(kind: &str, fields: Fields<'_>, dtype: DType) {
    if !dtype.is_floating_point() {
        let problem = format!("parameters are real numbers, which {dtype} has none of");
        raise(ShapeError::new("Module::to", problem).help("choose DType::F32 or DType::F64"));
    }
    // A tensor that is shared is listed for each of its names.
    walk(kind, fields, &mut |_, field| match field {
        Field::Parameter(parameter) if parameter.dtype() != dtype => parameter.convert_in_place(dtype),
        Field::Buffer(buffer) if buffer.dtype().is_floating_point() => buffer.convert_in_place(dtype),
        _ => {}
    });
}

fn clear_gradients(parameters: Vec<Tensor>) {
    parameters.iter().for_each(|parameter| parameter.set_grad(None));
}

fn require_gradients(parameters: Vec<Tensor>, on: bool) {
    parameters.iter().for_each(|parameter| parameter.set_requires_grad(on));
}

fn set_mode(kind: &str, fields: Fields<'_>, training: bool) {
    walk(kind, fields, &mut |_, field| {
        if let Field::Mode(mode) = field {
            mode.set(training);
        }
    });
}

/// The switches of all layers within.
pub(crate) fn modes<'a>(module: &'a dyn Module) -> Vec<&'a Mode> {
    let mut modes = Vec::new();
    walk(module.kind(), module.fields(), &mut |_, field: &Field<'a>| {
        if let Field::Mode(mode) = field {
            modes.push(*mode);
        }
    });
    modes
}

/// Runs `f` with all layers in evaluation mode, and puts each back, even if `f` panics.
pub(crate) fn in_eval_mode<R>(module: &dyn Module, f: impl FnOnce() -> R) -> R {
    struct Restore<'a>(Vec<(&'a Mode, bool)>);
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            self.0.iter().for_each(|(mode, training)| mode.set(*training));
        }
    }
    let _restore = Restore(modes(module).into_iter().map(|mode| (mode, mode.is_training())).collect());
    module.eval();
    f()
}

/// Shows every field of a block and of the blocks within, with its name, and labels the layers on the way. A block's own
/// parameters and buffers come before the blocks within.
fn walk<'a>(kind: &str, fields: Fields<'a>, see: &mut dyn FnMut(&str, &Field<'a>)) {
    walk_below(kind, "", fields, see);
}

fn walk_below<'a>(root: &str, prefix: &str, fields: Fields<'a>, see: &mut dyn FnMut(&str, &Field<'a>)) {
    let path = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    // Buffers follow parameters, as in PyTorch's state_dict.
    let rank = |field: &Field<'_>| match field {
        Field::Parameter(_) => 0,
        Field::Buffer(_) => 1,
        Field::Mode(_) | Field::Label(_) => 2,
        Field::Module(_) => 3,
    };
    for wanted in 0..3 {
        for (name, field) in fields.iter().filter(|(_, field)| rank(field) == wanted) {
            if let Field::Label(label) = field
                && !prefix.is_empty()
            {
                label.set(&format!("{root}.{prefix}"));
            }
            see(&path(name), field);
        }
    }
    for (name, field) in fields {
        if let Field::Module(module) = field {
            see(&path(&name), &Field::Module(module));
            walk_below(root, &path(&name), module.fields(), see);
        }
    }
}

/// Prints a block and the blocks within as PyTorch's `print(model)` does. What the derived `Display` calls.
///
/// ```
/// use jimu::{nn::{Linear, ReLU}, sequential};
/// let model = sequential![Linear::new(2, 3), ReLU];
/// assert_eq!(
///     model.to_string(),
///     "Sequential(\n  (0): Linear(in_features=2, out_features=3, bias=True)\n  (1): ReLU()\n)"
/// );
/// ```
pub fn fmt_module(module: &dyn Module, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&describe(module))
}

fn describe(module: &dyn Module) -> String {
    let (kind, extra) = (module.kind(), module.extra_repr());
    let within: Vec<(String, String)> = module
        .fields()
        .into_iter()
        .filter_map(|(name, field)| match field {
            Field::Module(module) => Some((name, describe(module).replace('\n', "\n  "))),
            _ => None,
        })
        .collect();
    if within.is_empty() {
        return format!("{kind}({extra})");
    }
    let within = if kind == "ModuleList" { collapsed(within) } else { within };
    let within = within.into_iter().map(|(name, text)| format!("({name}): {text}"));
    let lines: Vec<String> = extra.lines().map(str::to_owned).chain(within).collect();
    format!("{kind}(\n  {}\n)", lines.join("\n  "))
}

/// Neighbours of a list that print the same as one line: `(0-5): 6 x Linear(…)`.
fn collapsed(within: Vec<(String, String)>) -> Vec<(String, String)> {
    let runs = within.chunk_by(|a, b| a.1 == b.1);
    let line = |run: &[(String, String)]| match run {
        [(name, text)] => (name.clone(), text.clone()),
        [first, .., last] => (format!("{}-{}", first.0, last.0), format!("{} x {}", run.len(), first.1)),
        [] => unreachable!("a run has one element at least"),
    };
    runs.map(line).collect()
}
