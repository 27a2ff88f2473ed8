//! The truncated normal distribution.

use crate::autograd::no_grad;
use crate::error::{ShapeError, raise};
use crate::tensor::{Generator, Tensor, next_stream};

/// The normal distribution N(mean, std²) within [a, b]: what lies outside is drawn again. PyTorch's defaults are 0, 1, -2
/// and 2; the bounds are absolute, not in units of `std`.
///
/// # Panics
/// If `std` is negative or `a` is larger than `b`.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([100]);
/// init::trunc_normal_(&w, 0.0, 1.0, -0.5, 2.0);
/// assert!(w.to_vec::<f32>().iter().all(|w| (-0.5..=2.0).contains(w)));
/// ```
#[track_caller]
pub fn trunc_normal_(tensor: &Tensor, mean: f64, std: f64, a: f64, b: f64) {
    if std.is_nan() || std < 0.0 || a.is_nan() || b.is_nan() || a > b {
        raise(
            ShapeError::new("trunc_normal_", format!("a deviation of {std} within [{a}, {b}]"))
                .help("give a deviation of 0 or more, and the smaller bound first"),
        );
    }
    if tensor.is_meta() {
        return;
    }
    let within = Within { mean, std, a, b };
    let mut generator = next_stream();
    let numbers = (0..tensor.numel()).map(|_| within.draw(&mut generator)).collect();
    no_grad(|| tensor.copy_(&Tensor::from_vec::<f64>(numbers, tensor.size())));
}

struct Within {
    mean: f64,
    std: f64,
    a: f64,
    b: f64,
}

impl Within {
    /// The share of the normal distribution that lies within the bounds.
    fn share(&self) -> f64 {
        let below = |x: f64| (1.0 + libm::erf((x - self.mean) / self.std / std::f64::consts::SQRT_2)) / 2.0;
        below(self.b) - below(self.a)
    }

    fn draw(&self, generator: &mut Generator) -> f64 {
        if self.std == 0.0 || self.a == self.b {
            return self.mean.clamp(self.a, self.b);
        }
        if self.share() > 0.3 { self.draw_normal(generator) } else { self.draw_uniform(generator) }
    }

    /// Normal numbers until one lies within.
    fn draw_normal(&self, generator: &mut Generator) -> f64 {
        loop {
            let (first, second) = generator.normal_pair();
            for normal in [first, second] {
                let x = self.mean + self.std * f64::from(normal);
                if (self.a..=self.b).contains(&x) {
                    return x;
                }
            }
        }
    }

    /// Uniform numbers, each kept with a chance as its density: far out in a tail normal ones would hardly ever do. The
    /// part of a tail that matters is at most 40 deviations wide.
    fn draw_uniform(&self, generator: &mut Generator) -> f64 {
        let peak = self.mean.clamp(self.a, self.b);
        let log_density = |x: f64| -0.5 * ((x - self.mean) / self.std).powi(2);
        let (low, high) = (self.a.max(peak - 40.0 * self.std), self.b.min(peak + 40.0 * self.std));
        loop {
            let x = low + (high - low) * f64::from(generator.uniform());
            let chance = 1.0 - f64::from(generator.uniform());
            if chance.ln() <= log_density(x) - log_density(peak) {
                return x;
            }
        }
    }
}
