use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Instant;

use super::evaluate::{Evaluation, evaluate};
use super::metrics::EpochMetrics;
use super::shards::backward_in_shards;
use crate::autocast::{Precision, autocast, autocast_precision};
use crate::data::{Collate, DataLoader, Dataset};
use crate::nn::Block;
use crate::optim::Optimizer;
use crate::optim::lr_scheduler::LrScheduler;
use crate::tensor::Tensor;

/// When a scheduler takes its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    /// After each epoch and its test, whose loss is the metric of those that look at one.
    #[default]
    Epoch,
    /// After each step of the optimiser.
    Step,
}

/// What a training reports after each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Counted from 1.
    pub epoch: usize,
    /// Counted from 1, within the epoch.
    pub step: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// Samples learnt from so far in this epoch.
    pub samples: usize,
    /// The mean loss over this epoch's batches so far.
    pub loss: f64,
    /// The accuracy over this epoch's samples so far.
    pub accuracy: f64,
}

/// What a training reports after each epoch and its test.
///
/// ```
/// use std::ops::ControlFlow;
/// use jimu::data::{DataLoader, ImageSet};
/// use jimu::nn::{Flatten, Linear, Module, Sequential};
/// use jimu::optim::Sgd;
/// use jimu::train::{EpochEnd, Trainer};
///
/// let set = ImageSet::new(vec![7; 40 * 4], [1, 2, 2], vec![1; 40]);
/// let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 2));
/// let mut optimizer = Sgd::new(model.parameters(), 0.1);
/// // Training ends as soon as all test samples are classified rightly.
/// let enough = |end: &EpochEnd<'_>| {
///     println!("epoch {}: test loss {:.4}, lr {}", end.metrics.epoch, end.evaluation.loss, end.optimizer.lr());
///     if end.metrics.test_accuracy == 1.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// };
/// let trainer = Trainer::new(&model, &mut optimizer).epochs(100).on_epoch(enough);
/// let outcome = trainer.fit(&DataLoader::new(set.clone(), 8), &DataLoader::new(set, 40))?;
/// assert!(outcome.interrupted && outcome.epochs.len() < 100);
/// # Ok::<(), jimu::train::Diverged>(())
/// ```
pub struct EpochEnd<'a> {
    /// How the epoch went.
    pub metrics: &'a EpochMetrics,
    /// What the test found.
    pub evaluation: &'a Evaluation,
    /// The optimiser, whose state may be worth keeping.
    pub optimizer: &'a dyn Optimizer,
}

/// How a training ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The whole epochs.
    pub epochs: Vec<EpochMetrics>,
    /// The last test; none if no epoch was finished.
    pub evaluation: Option<Evaluation>,
    /// Whether a callback ended it before its time.
    pub interrupted: bool,
}

/// The loss became infinite or no number, so that nothing more can be learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diverged {
    /// Counted from 1.
    pub epoch: usize,
    /// Counted from 1, within the epoch.
    pub step: usize,
    /// The loss.
    pub loss: f64,
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, step, loss } = self;
        write!(f, "the training diverged: the loss is {loss} in epoch {epoch}, step {step}; try a lower learning rate")
    }
}

impl Error for Diverged {}

type OnStep<'a> = Box<dyn FnMut(&Step) -> ControlFlow<()> + 'a>;
type OnEpoch<'a> = Box<dyn FnMut(&EpochEnd<'_>) -> ControlFlow<()> + 'a>;

/// Trains a classifier with the cross-entropy loss, and tests it after each epoch.
///
/// ```
/// use std::ops::ControlFlow;
/// use jimu::data::{DataLoader, ImageSet};
/// use jimu::nn::{Flatten, Linear, Module, Sequential};
/// use jimu::optim::{Sgd, lr_scheduler::CosineAnnealingLR};
/// use jimu::train::{Every, Trainer};
///
/// let set = ImageSet::new(vec![7; 40 * 4], [1, 2, 2], vec![1; 40]);
/// let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 2));
/// let mut optimizer = Sgd::new(model.parameters(), 0.1);
/// let mut steps = 0;
/// let outcome = Trainer::new(&model, &mut optimizer)
///     .epochs(3)
///     .scheduler(CosineAnnealingLR::new(15), Every::Step)
///     .on_step(|_| {
///         steps += 1;
///         ControlFlow::Continue(())
///     })
///     .fit(&DataLoader::new(set.clone(), 8), &DataLoader::new(set, 40))?;
/// assert_eq!(outcome.epochs.len(), 3);
/// assert_eq!(steps, 15);
/// # Ok::<(), jimu::train::Diverged>(())
/// ```
pub struct Trainer<'a> {
    model: &'a dyn Block,
    optimizer: &'a mut dyn Optimizer,
    epochs: usize,
    scheduler: Option<(Box<dyn LrScheduler + 'a>, Every)>,
    shards: bool,
    precision: Option<Precision>,
    resumed: Option<Step>,
    on_step: OnStep<'a>,
    on_epoch: OnEpoch<'a>,
}

/// An epoch's training, as far as it came.
#[derive(Default)]
struct Pass {
    steps: usize,
    samples: usize,
    loss_sum: f64,
    correct: u64,
    interrupted: bool,
}

impl Pass {
    /// Where `step` reported from.
    fn after(step: &Step) -> Self {
        // Of no steps there are no means.
        let or_0 = |sum: f64| if sum.is_nan() { 0.0 } else { sum };
        Self {
            steps: step.step,
            samples: step.samples,
            loss_sum: or_0(step.loss * step.step as f64),
            correct: or_0((step.accuracy * step.samples as f64).round()) as u64,
            interrupted: false,
        }
    }

    fn add(&mut self, loss: f64, correct: u64, samples: usize) {
        self.steps += 1;
        self.samples += samples;
        self.loss_sum += loss;
        self.correct += correct;
    }

    fn loss(&self) -> f64 {
        self.loss_sum / self.steps as f64
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples as f64
    }

    fn report(&self, epoch: usize, steps: usize) -> Step {
        let (loss, accuracy) = (self.loss(), self.accuracy());
        Step { epoch, step: self.steps, steps, samples: self.samples, loss, accuracy }
    }
}

impl<'a> Trainer<'a> {
    /// One epoch at the optimiser's own learning rate. The optimiser should be made over the model's parameters.
    ///
    /// See [`Trainer`] for an example.
    pub fn new(model: &'a dyn Block, optimizer: &'a mut dyn Optimizer) -> Self {
        Self {
            model,
            optimizer,
            epochs: 1,
            scheduler: None,
            shards: false,
            precision: None,
            resumed: None,
            on_step: Box::new(|_| ControlFlow::Continue(())),
            on_epoch: Box::new(|_| ControlFlow::Continue(())),
        }
    }

    /// Whether each thread takes forward and backward of a part of the batch, rather than of every operation: faster
    /// for small networks. Not for models that mix the samples of a batch; ask [`suits_shards`](super::suits_shards).
    /// [`backward_in_shards`] tells more.
    pub fn shards(mut self, on: bool) -> Self {
        self.shards = on;
        self
    }

    /// What the operands of products are rounded to, in training and in its tests, if not what [`autocast`](crate::autocast())
    /// says around [`fit`](Self::fit). The weights and the optimiser stay in single precision.
    ///
    /// ```
    /// use jimu::Precision;
    /// use jimu::data::{DataLoader, ImageSet};
    /// use jimu::nn::{Flatten, Linear, Module, Sequential};
    /// use jimu::{optim::Sgd, train::Trainer};
    ///
    /// let loader = DataLoader::new(ImageSet::new(vec![7; 40 * 4], [1, 2, 2], vec![1; 40]), 8);
    /// let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 2));
    /// let mut optimizer = Sgd::new(model.parameters(), 0.1);
    /// let trainer = Trainer::new(&model, &mut optimizer).precision(Precision::Bf16);
    /// assert_eq!(trainer.fit(&loader, &loader)?.epochs.len(), 1);
    /// # Ok::<(), jimu::train::Diverged>(())
    /// ```
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = Some(precision);
        self
    }

    /// How many times all training samples are learnt from.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// How the learning rates change, beginning with the optimiser's own; it has those again after the training. The
    /// training attaches the scheduler to the optimiser.
    ///
    /// ```
    /// use jimu::data::{DataLoader, ImageSet};
    /// use jimu::nn::{Flatten, Linear, Module, Sequential};
    /// use jimu::optim::{Optimizer, Sgd, lr_scheduler::StepLR};
    /// use jimu::train::{Every, Trainer};
    ///
    /// let loader = DataLoader::new(ImageSet::new(vec![7; 40 * 4], [1, 2, 2], vec![1; 40]), 8);
    /// let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 2));
    /// let mut optimizer = Sgd::new(model.parameters(), 0.1);
    /// // A tenth after 2 epochs.
    /// Trainer::new(&model, &mut optimizer).epochs(3).scheduler(StepLR::new(2), Every::Epoch).fit(&loader, &loader)?;
    /// assert_eq!(optimizer.lr(), 0.1);
    /// # Ok::<(), jimu::train::Diverged>(())
    /// ```
    pub fn scheduler(self, scheduler: impl LrScheduler + 'a, every: Every) -> Self {
        self.boxed_scheduler(Box::new(scheduler), every)
    }

    /// As [`scheduler`](Self::scheduler), with a scheduler that is known at run time only.
    pub fn boxed_scheduler(mut self, scheduler: Box<dyn LrScheduler + 'a>, every: Every) -> Self {
        self.scheduler = Some((scheduler, every));
        self
    }

    /// Goes on after `step`, the last one that an interrupted training with the same options reported. With the weights, the
    /// optimiser's state and the [random numbers' state](crate::get_rng_state) of that moment, the training ends with the
    /// very weights that it would have ended with, unless a scheduler looks at a metric: it begins afresh.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use jimu::data::{DataLoader, ImageSet};
    /// use jimu::nn::{Flatten, Linear, Module, Sequential};
    /// use jimu::optim::{Optimizer, Sgd};
    /// use jimu::train::Trainer;
    ///
    /// let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 2));
    /// let set = ImageSet::new(vec![7; 40 * 4], [1, 2, 2], vec![1; 40]);
    /// let loader = || DataLoader::new(set.clone(), 8).shuffle(true);
    /// let (mut optimizer, mut last) = (Sgd::new(model.parameters(), 0.1).momentum(0.9), None);
    /// let interrupted = Trainer::new(&model, &mut optimizer).epochs(2).on_step(|step| {
    ///     last = Some(*step);
    ///     if step.step == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    /// });
    /// assert!(interrupted.fit(&loader(), &loader())?.interrupted);
    /// let trainer = Trainer::new(&model, &mut optimizer).epochs(2).resume_after(last.unwrap());
    /// assert_eq!(trainer.fit(&loader(), &loader())?.epochs.len(), 2);
    /// # Ok::<(), jimu::train::Diverged>(())
    /// ```
    pub fn resume_after(mut self, step: Step) -> Self {
        self.resumed = Some(step);
        self
    }

    /// Is called after each step; `Break` ends the training at once.
    pub fn on_step(mut self, callback: impl FnMut(&Step) -> ControlFlow<()> + 'a) -> Self {
        self.on_step = Box::new(callback);
        self
    }

    /// Is called after each epoch with what its test found; `Break` ends the training.
    pub fn on_epoch(mut self, callback: impl FnMut(&EpochEnd<'_>) -> ControlFlow<()> + 'a) -> Self {
        self.on_epoch = Box::new(callback);
        self
    }

    /// Trains, and tests after each epoch.
    ///
    /// # Errors
    /// [`Diverged`] before the step whose loss is no finite number: the parameters are as the step before left them.
    ///
    /// See [`Trainer`] for an example.
    #[track_caller]
    pub fn fit<D, E>(mut self, train: &DataLoader<D>, test: &DataLoader<E>) -> Result<Outcome, Diverged>
    where
        D: Dataset + Send + Sync + 'static,
        D::Item: Collate<Batch = (Tensor, Tensor)>,
        E: Dataset + Send + Sync + 'static,
        E::Item: Collate<Batch = (Tensor, Tensor)>,
    {
        let rates: Vec<f64> = self.optimizer.param_groups().iter().map(|group| group.lr()).collect();
        self.begin_scheduler(train.len());
        let outcome = self.run(train, test);
        for (group, lr) in self.optimizer.param_groups_mut().into_iter().zip(rates) {
            group.set_lr(lr);
        }
        outcome
    }

    /// Attaches the scheduler and takes the steps that an earlier training has taken.
    #[track_caller]
    fn begin_scheduler(&mut self, steps: usize) {
        let Some((scheduler, every)) = &mut self.scheduler else { return };
        scheduler.begin(self.optimizer);
        let done = match (self.resumed, *every) {
            // What metrics it has seen is not known any more.
            _ if scheduler.needs_metric() => 0,
            (None, _) => 0,
            (Some(last), Every::Epoch) => last.epoch - 1,
            (Some(last), Every::Step) => (last.epoch - 1) * steps + last.step,
        };
        for _ in 0..done {
            scheduler.step(self.optimizer);
        }
    }

    /// The scheduler's step, if this is when it takes one.
    #[track_caller]
    fn step_scheduler(&mut self, now: Every, metric: f64) {
        if let Some((scheduler, every)) = &mut self.scheduler
            && *every == now
        {
            scheduler.step_metric(self.optimizer, metric);
        }
    }

    #[track_caller]
    fn run<D, E>(&mut self, train: &DataLoader<D>, test: &DataLoader<E>) -> Result<Outcome, Diverged>
    where
        D: Dataset + Send + Sync + 'static,
        D::Item: Collate<Batch = (Tensor, Tensor)>,
        E: Dataset + Send + Sync + 'static,
        E::Item: Collate<Batch = (Tensor, Tensor)>,
    {
        let mut outcome = Outcome { epochs: Vec::new(), evaluation: None, interrupted: false };
        let first = self.resumed.map_or(1, |step| step.epoch);
        for epoch in first..=self.epochs {
            let start = Instant::now();
            let before = self.resumed.take();
            if before.is_some() {
                // The order of the samples depends on the epoch's number.
                train.set_epoch(epoch as u64 - 1);
            }
            let pass = self.epoch(epoch, train, before)?;
            let seconds = start.elapsed().as_secs_f64();
            if pass.interrupted {
                outcome.interrupted = true;
                break;
            }
            let evaluation = autocast(self.precision_now(), || evaluate(self.model, test));
            let metrics = EpochMetrics {
                epoch,
                train_loss: pass.loss(),
                train_accuracy: pass.accuracy(),
                test_loss: evaluation.loss,
                test_accuracy: evaluation.accuracy(),
                seconds,
                images_per_second: (pass.samples - before.map_or(0, |step| step.samples)) as f64 / seconds,
            };
            self.step_scheduler(Every::Epoch, evaluation.loss);
            let end = EpochEnd { metrics: &metrics, evaluation: &evaluation, optimizer: &*self.optimizer };
            outcome.interrupted = (self.on_epoch)(&end).is_break();
            outcome.evaluation = Some(evaluation);
            outcome.epochs.push(metrics);
            if outcome.interrupted {
                break;
            }
        }
        Ok(outcome)
    }

    /// The steps of an epoch; those up to `before`, done by an earlier training, are passed over.
    #[track_caller]
    fn epoch<D>(&mut self, epoch: usize, loader: &DataLoader<D>, before: Option<Step>) -> Result<Pass, Diverged>
    where
        D: Dataset + Send + Sync + 'static,
        D::Item: Collate<Batch = (Tensor, Tensor)>,
    {
        self.model.train();
        let steps = loader.len();
        let mut pass = before.map_or_else(Pass::default, |step| Pass::after(&step));
        for (index, (x, y)) in loader.into_iter().enumerate().skip(pass.steps) {
            let (loss, right) = self.learn(&x, &y);
            if !loss.is_finite() {
                return Err(Diverged { epoch, step: index + 1, loss });
            }
            self.step_scheduler(Every::Step, loss);
            pass.add(loss, right, y.numel());
            pass.interrupted = (self.on_step)(&pass.report(epoch, steps)).is_break();
            if pass.interrupted {
                break;
            }
        }
        Ok(pass)
    }

    /// The precision of products in forward passes.
    fn precision_now(&self) -> Precision {
        self.precision.unwrap_or_else(autocast_precision)
    }

    /// One step: its loss, and how many samples were classified rightly. After a loss that is no number there is none.
    #[track_caller]
    fn learn(&mut self, x: &Tensor, y: &Tensor) -> (f64, u64) {
        self.optimizer.zero_grad();
        let (model, precision) = (self.model, self.precision_now());
        // Forward alone: backward follows it, and the optimiser's own products stay in single precision.
        let forward = |x: &Tensor, y: &Tensor| {
            let logits = autocast(precision, || model.forward(x));
            (logits.cross_entropy(y), super::metrics::correct(&logits, y))
        };
        let (loss, right) = match self.shards {
            true => {
                let (loss, right) = backward_in_shards(&model.parameters(), x, y, forward);
                (loss, right.iter().sum())
            }
            false => {
                let (loss, right) = forward(x, y);
                loss.backward();
                (loss.item(), right)
            }
        };
        if loss.is_finite() {
            self.optimizer.step();
        }
        (loss, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageSet;
    use crate::nn::{Flatten, Linear, Module, Sequential};
    use crate::optim::Sgd;
    use crate::optim::lr_scheduler::{CosineAnnealingLR, ExponentialLR, PlateauMode, ReduceLROnPlateau};

    fn loader() -> DataLoader<ImageSet> {
        let images = (0..32).flat_map(|i| [if i % 2 == 0 { 10 } else { 240 }; 4]).collect();
        DataLoader::new(ImageSet::new(images, [1, 2, 2], (0..32).map(|i| i % 2).collect()), 8)
    }

    fn model() -> Sequential {
        Sequential::new().add(Flatten::new()).add(Linear::new(4, 2))
    }

    #[test]
    fn an_infinite_learning_rate_is_reported_as_divergence() {
        let model = model();
        let mut optimizer = Sgd::new(model.parameters(), 1e60);
        let error = Trainer::new(&model, &mut optimizer).epochs(5).fit(&loader(), &loader()).unwrap_err();
        assert!(!error.loss.is_finite());
        assert!(error.to_string().contains("try a lower learning rate"), "{error}");
    }

    #[test]
    fn an_interruption_ends_after_the_step_without_a_test() {
        let model = model();
        let mut optimizer = Sgd::new(model.parameters(), 0.1);
        let stop = |step: &Step| if step.step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let outcome = Trainer::new(&model, &mut optimizer).on_step(stop).fit(&loader(), &loader()).unwrap();
        assert!(outcome.interrupted && outcome.epochs.is_empty() && outcome.evaluation.is_none());
    }

    #[test]
    fn schedulers_step_when_they_are_told_to_and_the_optimizer_keeps_its_rate() {
        let model = model();
        let mut optimizer = Sgd::new(model.parameters(), 0.1);
        // What the rate is after each of 2 epochs of 4 steps.
        let mut rates_by = |scheduler: Box<dyn LrScheduler>, every| {
            let mut rates = Vec::new();
            let trainer = Trainer::new(&model, &mut optimizer).epochs(2).boxed_scheduler(scheduler, every);
            let trainer = trainer.on_epoch(|end| {
                rates.push(end.optimizer.lr());
                ControlFlow::Continue(())
            });
            trainer.fit(&loader(), &loader()).unwrap();
            assert_eq!(optimizer.lr(), 0.1);
            rates
        };
        assert_eq!(rates_by(Box::new(ExponentialLR::new(0.5)), Every::Epoch), [0.05, 0.025]);
        assert_eq!(rates_by(Box::new(ExponentialLR::new(0.5)), Every::Step), [0.1 / 16.0, 0.1 / 256.0]);
        let cosine = rates_by(Box::new(CosineAnnealingLR::new(8)), Every::Step);
        assert!((cosine[0] - 0.05).abs() < 1e-12 && cosine[1].abs() < 1e-12);
        // The loss of the test is the metric: it falls, which this scheduler takes for a failure.
        let plateau = ReduceLROnPlateau::new().mode(PlateauMode::Max).patience(0);
        assert_eq!(rates_by(Box::new(plateau), Every::Epoch), [0.1, 0.1 * 0.1]);
    }

    /// The weights that a training ends with, interrupted after step `stop` of all, if at all.
    fn weights(stop: Option<usize>) -> Vec<f32> {
        crate::manual_seed(3);
        let model = Sequential::new().add(Flatten::new()).add(crate::nn::Dropout::new(0.5)).add(Linear::new(4, 2));
        let mut optimizer = Sgd::new(model.parameters(), 0.1).momentum(0.9);
        let (mut done, mut last) = (0, None);
        let shuffled = || loader().shuffle(true).seed(5);
        let trainer = Trainer::new(&model, &mut optimizer)
            .epochs(3)
            .scheduler(CosineAnnealingLR::new(12), Every::Step)
            .on_step(|step| {
                done += 1;
                last = Some(*step);
                if Some(done) == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        let outcome = trainer.fit(&shuffled(), &loader()).unwrap();
        assert_eq!(outcome.interrupted, stop.is_some());
        if stop.is_some() {
            let trainer =
                Trainer::new(&model, &mut optimizer).epochs(3).scheduler(CosineAnnealingLR::new(12), Every::Step);
            let resumed = trainer.resume_after(last.unwrap()).fit(&shuffled(), &loader()).unwrap();
            assert_eq!(outcome.epochs.len() + resumed.epochs.len(), 3);
            assert_eq!(resumed.epochs[0].epoch, outcome.epochs.len() + 1);
        }
        model.parameters().iter().flat_map(Tensor::to_vec::<f32>).collect()
    }

    #[test]
    fn a_resumed_training_ends_with_the_same_bits() {
        let whole = weights(None);
        // Within an epoch, after the last step of one, and after the very last.
        for stop in [2, 4, 7, 12] {
            assert_eq!(weights(Some(stop)), whole, "interrupted after step {stop}");
        }
    }
}
