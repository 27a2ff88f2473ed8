//! Billions of multiplications and additions a second for products of many sizes.
//!
//! Arguments: sizes as `MxNxK`, with `a` and `b` stored by rows; a letter `t` before a matrix's name (`ta`, `tb`) stores it
//! by columns: `64x400x120,tb`; `bf16` rounds both to bfloat16 on their way, `half` has them so in memory. Without arguments:
//! squares, and the products of a small network and of a transformer.

use std::time::Instant;

use jimu_kernels::buffer::Buffer;
use jimu_kernels::gemm::{GemmShape, gemm};
use jimu_kernels::mixed::{self, Values, bf16};
use jimu_kernels::threads::num_threads;

const CASES: &[&str] = &[
    "256x256x256",
    "1024x1024x1024",
    "2048x2048x2048",
    "64x120x400,tb",
    "120x400x64,ta",
    "64x400x120",
    "64x84x120,tb",
    "64x10x84,tb",
    "10x84x64,ta",
    "64x84x10",
    "1x1000x1000",
    "1000x1x1000",
    "16x150x50000,tb",
    "256x256x256,bf16",
    "1024x1024x1024,bf16",
    "1024x1024x1024,half",
    "256x128x512,tb",
    "256x128x512,tb,bf16",
    "256x128x512,tb,half",
    "256x512x128,tb",
    "256x512x128,tb,half",
    "128x512x256,ta",
    "128x512x256,ta,half",
    "64x120x400,tb,bf16",
];

/// Memory as tensors have it: a vector of the standard library begins anywhere in a line of the caches.
fn filled(len: usize, value: f32) -> Buffer<f32> {
    let mut buffer = Buffer::unspecified(len);
    buffer.fill(value);
    buffer
}

/// The median speed over some 200 ms.
fn speed(case: &str) -> f64 {
    let mut parts = case.split(',');
    let sizes: Vec<usize> = parts.next().unwrap_or_default().split('x').filter_map(|size| size.parse().ok()).collect();
    let &[m, n, k] = &sizes[..] else { panic!("{case}: give three sizes, as 64x10x84") };
    let options: Vec<&str> = parts.collect();
    let a_strides = if options.contains(&"ta") { (1, m) } else { (k, 1) };
    let b_strides = if options.contains(&"tb") { (1, k) } else { (n, 1) };
    let (a, b, mut c) = (filled(m * k, 0.5), filled(k * n, 0.25), filled(m * n, 0.0));
    let halves = |values: &[f32]| values.iter().map(|&x| bf16::from_f32(x)).collect::<Vec<_>>();
    let (half_a, half_b) = (halves(&a), halves(&b));
    let operands = if options.contains(&"bf16") {
        Some((Values::F32(&a), Values::F32(&b)))
    } else if options.contains(&"half") {
        Some((Values::Bf16(&half_a), Values::Bf16(&half_b)))
    } else {
        None
    };
    let shape = GemmShape { m, n, k };
    let work = 2.0 * (m * n * k) as f64;
    let calls = (5e6 / work).ceil() as usize;
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 5 || start.elapsed().as_millis() < 200 {
        let start = Instant::now();
        for _ in 0..calls {
            match operands {
                None => gemm(shape, &a, a_strides, &b, b_strides, &mut c, (n, 1), false),
                Some((a, b)) => mixed::gemm(shape, a, a_strides, b, b_strides, &mut c, (n, 1), false),
            }
        }
        times.push(start.elapsed().as_secs_f64() / calls as f64);
    }
    times.sort_by(f64::total_cmp);
    work / times[times.len() / 2] / 1e9
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let cases = if given.is_empty() { CASES.iter().map(|case| case.to_string()).collect() } else { given };
    for case in cases {
        println!("{case} {:.2} GFLOP/s, {} threads", speed(&case), num_threads());
    }
}
