//! Parameter groups, and the step that all optimisers share.

use std::collections::BTreeMap;
use std::ops::Range;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::optimizer::{MAX_STATE, Part, Real, Update, update};
use jimu_kernels::pooled::Shared;
use smallvec::SmallVec;

use super::{GroupState, HyperParameter, OptimizerState, OptimizerStateError, Options, ParamGroup};
use crate::dtype::{DType, Element, dispatch_float};
use crate::error::{OrRaise, ShapeError, raise};
use crate::tensor::{Layout, Small, Storage, Tensor};

/// The most numbers that an optimiser remembers for a parameter besides arrays.
pub(super) const MAX_SCALARS: usize = 3;

/// The arrays kept for a parameter, in its memory order.
pub(super) type Buffers = [Option<Shared<Storage>>; MAX_STATE];

/// What makes one optimiser differ from another; implemented by its options.
pub(super) trait Rule: Options {
    /// The optimiser's name, for messages.
    const NAME: &'static str;
    /// PyTorch's names of the arrays kept for each parameter.
    const BUFFERS: &'static [&'static str];
    /// PyTorch's names of the numbers kept for each parameter.
    const SCALARS: &'static [&'static str] = &[];
    /// The update of the elements.
    type Update: Update;

    /// Refuses hyper-parameters that contradict each other.
    fn check(&self) -> Result<(), ShapeError> {
        Ok(())
    }

    /// Refuses a parameter that the optimiser is not made for.
    fn check_param(_param: &Tensor) -> Result<(), ShapeError> {
        Ok(())
    }

    /// Which of [`BUFFERS`](Self::BUFFERS) these hyper-parameters need.
    fn uses(&self) -> [bool; MAX_STATE];

    /// What the elements of a new buffer are.
    fn initial(&self, _buffer: usize) -> f64 {
        0.0
    }

    /// What the numbers start from.
    fn initial_scalars(&self) -> [f64; MAX_SCALARS] {
        [0.0; MAX_SCALARS]
    }

    /// What takes the gradient's place in the update, for optimisers that look at a parameter as a whole; it must keep
    /// its shape and memory order.
    fn direction(&self, gradient: Tensor, _buffers: &mut Buffers) -> Tensor {
        gradient
    }

    /// The next update of one parameter. `fresh` says that a buffer has just been made.
    fn update(&self, scalars: &mut [f64; MAX_SCALARS], fresh: bool) -> Self::Update;
}

/// What is remembered for one parameter; nothing until its first gradient.
#[derive(Default)]
struct State {
    scalars: Option<[f64; MAX_SCALARS]>,
    buffers: Buffers,
}

/// One parameter group.
pub(super) struct Group<R> {
    params: Vec<Tensor>,
    states: Vec<State>,
    options: R,
    notes: BTreeMap<String, HyperParameter>,
}

/// A list with one entry for each parameter, on the stack for most models.
type PerParameter<T> = SmallVec<[T; 32]>;

/// A parameter with all that its update needs.
struct Job<'a, R: Rule> {
    param: &'a Tensor,
    /// In the parameter's memory order.
    gradient: Tensor,
    buffers: [Option<&'a mut Shared<Storage>>; MAX_STATE],
    update: R::Update,
}

impl<R: Rule> Group<R> {
    /// What is to be done for the parameters of type `dtype` that have gradients.
    #[track_caller]
    fn jobs<'a>(&'a mut self, dtype: DType, jobs: &mut PerParameter<Job<'a, R>>) {
        for (index, (param, state)) in self.params.iter().zip(&mut self.states).enumerate() {
            if param.dtype() != dtype || param.is_meta() {
                continue;
            }
            let Some(gradient) = param.grad().filter(|gradient| !gradient.is_meta()) else { continue };
            check_gradient::<R>(index, param, &gradient).or_raise();
            let gradient = gradient.to_memory_order(&param.layout().memory_order());
            let uses = self.options.uses();
            let fresh = state.make(param, &uses, &self.options);
            let gradient = self.options.direction(gradient, &mut state.buffers);
            let scalars = state.scalars.get_or_insert_with(|| self.options.initial_scalars());
            let update = self.options.update(scalars, fresh);
            let mut buffers = state.buffers.each_mut().map(Option::as_mut);
            buffers.iter_mut().zip(uses).filter(|(_, used)| !used).for_each(|(buffer, _)| *buffer = None);
            jobs.push(Job { param, gradient, buffers, update });
        }
    }
}

impl State {
    /// Makes the buffers that are needed and not there yet; whether there was one.
    fn make<R: Rule>(&mut self, param: &Tensor, uses: &[bool; MAX_STATE], options: &R) -> bool {
        let mut fresh = false;
        for (index, buffer) in self.buffers.iter_mut().enumerate() {
            if uses[index] && buffer.is_none() {
                *buffer = Some(Tensor::full_of(param.numel(), options.initial(index), param.dtype()).storage());
                fresh = true;
            }
        }
        fresh
    }
}

fn check_gradient<R: Rule>(index: usize, param: &Tensor, gradient: &Tensor) -> Result<(), ShapeError> {
    if gradient.shape() == param.shape() && gradient.dtype() == param.dtype() {
        return Ok(());
    }
    let describe = |tensor: &Tensor| format!("{} {}", tensor.dtype(), tensor.shape());
    Err(ShapeError::new(
        R::NAME,
        format!(
            "the gradient of parameter {index} is {}, but the parameter is {}",
            describe(gradient),
            describe(param)
        ),
    )
    .help("give set_grad a gradient of the parameter's own shape and type"))
}

/// Where the elements of a dense tensor lie in its storage.
fn range(tensor: &Tensor) -> Range<usize> {
    let start = tensor.layout().offset;
    start..start + tensor.numel()
}

/// An optimiser's groups, and the hyper-parameters of groups to come.
pub(super) struct Groups<R> {
    pub(super) defaults: R,
    groups: Vec<Group<R>>,
}

impl<R: Rule> Groups<R> {
    #[track_caller]
    pub(super) fn new(params: impl IntoIterator<Item = Tensor>, options: R) -> Self {
        let mut groups = Self { defaults: options.clone(), groups: Vec::new() };
        groups.add(params, options);
        groups
    }

    /// Adds a group; a tensor that is listed twice is trained once.
    #[track_caller]
    pub(super) fn add(&mut self, params: impl IntoIterator<Item = Tensor>, options: R) {
        let mut own: Vec<Tensor> = Vec::new();
        for param in params {
            self.check_param(&param).or_raise();
            if !own.iter().any(|other| other.is_same(&param)) {
                own.push(param);
            }
        }
        if own.is_empty() {
            raise(ShapeError::new(R::NAME, "the list of parameters is empty").help(
                "give those of a model that has some, as in model.parameters(); #[module(skip)] hides a field from it",
            ));
        }
        let states = own.iter().map(|_| State::default()).collect();
        self.groups.push(Group { params: own, states, options, notes: BTreeMap::new() });
    }

    fn check_param(&self, param: &Tensor) -> Result<(), ShapeError> {
        let shape = param.shape();
        let refuse = |problem: String, fix: &str| Err(ShapeError::new(R::NAME, problem).help(fix));
        if !param.dtype().is_floating_point() {
            let problem = format!("a parameter of shape {shape} is {}, which cannot be trained", param.dtype());
            return refuse(problem, "convert it with x.to(DType::F32) first");
        }
        if !param.is_leaf() {
            let problem = format!("a parameter of shape {shape} is the result of a tracked operation");
            return refuse(problem, "give the tensors it was computed from, or use x.detach().requires_grad_()");
        }
        if !param.is_meta() && !param.layout().is_dense() {
            let problem = format!("a parameter of shape {shape} is a view with gaps or repeated elements");
            return refuse(problem, "copy it first, as in Tensor::from_vec(x.to_vec::<f32>(), x.size())");
        }
        if self.groups.iter().flat_map(|group| &group.params).any(|other| other.is_same(param)) {
            let problem = format!("a parameter of shape {shape} is in two parameter groups");
            return refuse(problem, "leave it out of one of them");
        }
        R::check_param(param)
    }

    /// The hyper-parameters of the first group.
    pub(super) fn options(&self) -> &R {
        &self.groups[0].options
    }

    /// Sets a hyper-parameter for every group, and for those to come.
    pub(super) fn configure(&mut self, name: &str, value: &HyperParameter) -> Result<(), ShapeError> {
        self.groups.iter_mut().try_for_each(|group| group.options.set(name, value))?;
        self.defaults.set(name, value)
    }

    #[track_caller]
    pub(super) fn step(&mut self) {
        for group in &self.groups {
            group.options.check().or_raise();
        }
        self.step_type::<f32>();
        self.step_type::<f64>();
    }

    #[track_caller]
    fn step_type<T: Element<Stored = T> + Real>(&mut self) {
        let mut jobs = PerParameter::new();
        for group in &mut self.groups {
            group.jobs(T::DTYPE, &mut jobs);
        }
        // All parameters are locked at once: in one order for every optimiser, so that two on two threads cannot wait
        // for each other.
        jobs.sort_unstable_by_key(|job| Shared::as_ptr(&job.param.inner) as usize);
        let gradients: PerParameter<Shared<Storage>> = jobs.iter().map(|job| job.gradient.storage()).collect();
        let mut guards: PerParameter<_> = jobs.iter().map(|job| job.param.lock_storage()).collect();
        update(jobs.into_iter().zip(&mut guards).zip(&gradients).map(|((job, guard), gradient)| {
            let values = &mut T::slice_mut(Shared::make_mut(guard))[range(job.param)];
            let gradient = &T::slice(gradient)[range(&job.gradient)];
            let state = job.buffers.map(|buffer| buffer.map(|buffer| T::slice_mut(Shared::make_mut(buffer))));
            (Part { values, gradient, state }, job.update)
        }));
    }

    pub(super) fn zero_grad(&self) {
        self.groups.iter().flat_map(|group| &group.params).for_each(|param| param.set_grad(None));
    }

    pub(super) fn param_groups(&self) -> Vec<&dyn ParamGroup> {
        self.groups.iter().map(|group| group as &dyn ParamGroup).collect()
    }

    pub(super) fn param_groups_mut(&mut self) -> Vec<&mut dyn ParamGroup> {
        self.groups.iter_mut().map(|group| group as &mut dyn ParamGroup).collect()
    }
}

impl<R: Rule> ParamGroup for Group<R> {
    fn params(&self) -> &[Tensor] {
        &self.params
    }

    fn lr(&self) -> f64 {
        match self.options.get("lr") {
            Some(HyperParameter::Number(lr)) => lr,
            other => unreachable!("every optimiser has a learning rate, but {} has {other:?}", R::NAME),
        }
    }

    fn note(&self, name: &str) -> Option<HyperParameter> {
        self.notes.get(name).cloned()
    }

    #[track_caller]
    fn set_note(&mut self, name: &str, value: HyperParameter) {
        if !NOTES.contains(&name) {
            raise(
                ShapeError::new(R::NAME, format!("there is no note `{name}`"))
                    .help(format!("a note is one of {}", NOTES.join(", "))),
            );
        }
        self.notes.insert(name.to_owned(), value);
    }

    fn hyper_parameters(&self) -> Vec<(&'static str, HyperParameter)> {
        self.options.list()
    }

    #[track_caller]
    fn set_hyper_parameter(&mut self, name: &str, value: HyperParameter) {
        self.options.set(name, &value).or_raise();
    }
}

/// What schedulers of the learning rate leave with a group, by PyTorch's names.
const NOTES: [&str; 5] = ["initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"];

impl<R: Rule> Groups<R> {
    pub(super) fn state_dict(&self) -> OptimizerState {
        let mut dict = OptimizerState::default();
        let mut number = 0;
        for group in &self.groups {
            let named = |(name, value): (&'static str, HyperParameter)| (name.to_owned(), value);
            let mut hyper_parameters: BTreeMap<_, _> = group.options.list().into_iter().map(named).collect();
            hyper_parameters.extend(group.notes.clone());
            let params = (number..number + group.params.len()).collect();
            dict.groups.push(GroupState { hyper_parameters, params });
            for (param, state) in group.params.iter().zip(&group.states) {
                dict.tensors.extend(state.tensors::<R>(number, param));
                number += 1;
            }
        }
        dict
    }

    pub(super) fn load_state_dict(&mut self, dict: &OptimizerState) -> Result<(), OptimizerStateError> {
        if dict.groups.len() != self.groups.len() {
            let (found, expected) = (dict.groups.len(), self.groups.len());
            return Err(OptimizerStateError::Groups { found, expected });
        }
        // Everything is read before anything changes.
        let mut options = Vec::new();
        for (index, (group, given)) in self.groups.iter().zip(&dict.groups).enumerate() {
            options.push(group.read_options(index, given)?);
        }
        let params: Vec<Tensor> = self.groups.iter().flat_map(|group| group.params.iter().cloned()).collect();
        let initial = self.groups.iter().zip(&options);
        let initial = initial.flat_map(|(group, (options, _))| group.params.iter().map(|_| options.initial_scalars()));
        let initial: Vec<_> = initial.collect();
        let mut states: Vec<State> = params.iter().map(|_| State::default()).collect();
        for (name, tensor) in &dict.tensors {
            read_tensor::<R>(name, tensor, (&params, &initial), &mut states)?;
        }
        let mut states = states.into_iter();
        for (group, (options, notes)) in self.groups.iter_mut().zip(options) {
            (group.options, group.notes) = (options, notes);
            group.states = states.by_ref().take(group.params.len()).collect();
        }
        Ok(())
    }
}

impl State {
    /// The state as named tensors of the parameter's shape, and scalars.
    fn tensors<R: Rule>(&self, number: usize, param: &Tensor) -> Vec<(String, Tensor)> {
        let order = param.layout().memory_order();
        let name = |name: &str| format!("state.{number}.{name}");
        let scalar = |(own, &value): (&&str, &f64)| (name(own), Tensor::full_of([], value, DType::F64));
        let buffer = |(own, buffer): (&&str, &Option<Shared<Storage>>)| {
            let layout = Layout::in_order(param.size(), &order);
            buffer.as_ref().map(|buffer| (name(own), Tensor::from_storage(buffer.clone(), layout)))
        };
        let scalars = self.scalars.iter().flat_map(|scalars| R::SCALARS.iter().zip(scalars)).map(scalar);
        scalars.chain(R::BUFFERS.iter().zip(&self.buffers).filter_map(buffer)).collect()
    }
}

impl<R: Rule> Group<R> {
    /// The hyper-parameters and notes of `given`.
    fn read_options(&self, group: usize, given: &GroupState) -> Result<Read<R>, OptimizerStateError> {
        let (found, expected) = (given.params.len(), self.params.len());
        if found != expected {
            return Err(OptimizerStateError::Params { group, found, expected });
        }
        let (mut options, mut notes) = (self.options.clone(), BTreeMap::new());
        for (name, value) in &given.hyper_parameters {
            if NOTES.contains(&name.as_str()) {
                notes.insert(name.clone(), value.clone());
                continue;
            }
            options
                .set(name, value)
                .map_err(|error| OptimizerStateError::HyperParameter { group, problem: error.to_string() })?;
        }
        Ok((options, notes))
    }
}

/// The hyper-parameters and notes of a group.
type Read<R> = (R, BTreeMap<String, HyperParameter>);

/// Reads the tensor called `state.{number}.{name}` into the state of its parameter.
fn read_tensor<R: Rule>(
    name: &str,
    tensor: &Tensor,
    (params, initial): (&[Tensor], &[[f64; MAX_SCALARS]]),
    states: &mut [State],
) -> Result<(), OptimizerStateError> {
    let unknown = || OptimizerStateError::UnknownTensor { name: name.to_owned(), optimizer: R::NAME };
    let (number, own) = name.strip_prefix("state.").and_then(|rest| rest.split_once('.')).ok_or_else(unknown)?;
    let number: usize = number.parse().map_err(|_| unknown())?;
    let (param, state) = params.get(number).zip(states.get_mut(number)).ok_or_else(unknown)?;
    let (dtype, device) = (tensor.dtype(), tensor.device());
    if !dtype.is_floating_point() || tensor.is_meta() {
        return Err(OptimizerStateError::Elements { name: name.to_owned(), dtype, device });
    }
    let shape = |expected: &[usize]| match tensor.shape()[..] == *expected {
        true => Ok(()),
        false => {
            let (found, expected) = (tensor.shape().to_vec(), expected.to_vec());
            Err(OptimizerStateError::Shape { name: name.to_owned(), found, expected })
        }
    };
    if let Some(index) = R::SCALARS.iter().position(|&scalar| scalar == own) {
        shape(&[])?;
        state.scalars.get_or_insert(initial[number])[index] = tensor.item();
        return Ok(());
    }
    let index = R::BUFFERS.iter().position(|&buffer| buffer == own).ok_or_else(unknown)?;
    shape(param.shape())?;
    state.buffers[index] = Some(copy_in_order(tensor, param.dtype(), &param.layout().memory_order()));
    Ok(())
}

/// The elements alone, of type `dtype`, in a memory order.
fn copy_in_order(tensor: &Tensor, dtype: DType, order: &Small<usize>) -> Shared<Storage> {
    let tensor = crate::no_grad(|| tensor.to(dtype)).to_memory_order(order);
    let storage = tensor.storage();
    dispatch_float!(dtype, T => Shared::new(T::wrap(Buffer::from_slice(&T::slice(&storage)[range(&tensor)]))))
}
