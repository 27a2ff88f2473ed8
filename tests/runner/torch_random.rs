//! PyTorch's random numbers on a CPU, for the cases whose expected values depend on them.

use jimu::Tensor;

/// The seed that such cases were computed with.
const SEED: u32 = 42;
const LENGTH: usize = 624;

/// The Mersenne twister MT19937 (Matsumoto and Nishimura, 1998), which `torch.manual_seed` seeds.
struct MersenneTwister {
    state: Vec<u32>,
    next: usize,
}

impl MersenneTwister {
    fn new(seed: u32) -> Self {
        let mut state = vec![seed];
        for index in 1..LENGTH as u32 {
            let last = state[index as usize - 1];
            state.push((last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(index));
        }
        Self { state, next: LENGTH }
    }

    fn renew(&mut self) {
        for index in 0..LENGTH {
            let upper = self.state[index] & 0x8000_0000;
            let lower = self.state[(index + 1) % LENGTH] & 0x7fff_ffff;
            let mixed = upper | lower;
            let twist = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + 397) % LENGTH] ^ (mixed >> 1) ^ twist;
        }
        self.next = 0;
    }

    fn number(&mut self) -> u32 {
        if self.next == LENGTH {
            self.renew();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Uniform in [0, 1), of the lower 53 bits of two numbers.
    fn uniform(&mut self) -> f64 {
        let bits = u64::from(self.number()) << 32 | u64::from(self.number());
        (bits & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    }
}

/// What `torch.empty(like.shape).bernoulli_(p)` holds after `torch.manual_seed(42)`.
pub fn bernoulli(like: &Tensor, p: f64) -> Tensor {
    let mut generator = MersenneTwister::new(SEED);
    let values: Vec<bool> = (0..like.numel()).map(|_| generator.uniform() < p).collect();
    Tensor::from_vec(values, like.size()).to(like.dtype())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_pytorch() {
        let mut generator = MersenneTwister::new(42);
        let first: Vec<u32> = (0..3).map(|_| generator.number()).collect();
        assert_eq!(first, [1_608_637_542, 3_421_126_067, 4_083_286_876]);
        let expected = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0];
        assert_eq!(bernoulli(&Tensor::zeros([16]), 0.5).to_vec::<f32>(), expected);
    }
}
