//! How fast a batch normalisation and a layer normalisation are, beside what it costs to copy their input.

use std::hint::black_box;
use std::time::Instant;

use jimu_kernels::normalize::{self, Slabs};
use jimu_kernels::strided;

/// The median time of one call in milliseconds.
fn median(mut call: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..31)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919) % 1000) as f32 / 100.0).collect()
}

fn slabs(what: &str, slabs: Slabs) {
    let (x, grad) = (numbers(slabs.len()), numbers(slabs.len()));
    let mut out = vec![0.0; slabs.len()];
    let [mut mean, mut variance, mut sum, mut product] = [(); 4].map(|()| vec![0.0; slabs.count]);
    let copy = median(|| strided::copy(black_box(&x), 0, &[1], &[x.len()], &mut out));
    let forward = median(|| {
        normalize::moments(black_box(&x), slabs, &mut mean, &mut variance);
        normalize::affine(&x, slabs, [&mean, &variance, &mean], &mut out);
    });
    let backward = median(|| {
        normalize::gradient_sums([black_box(&grad), &x], slabs, &mean, &mut sum, &mut product);
        normalize::gradient([&grad, &x], slabs, [&sum, &mean, &product, &sum], &mut out);
    });
    println!("{what}: forward {forward:.3} ms, backward {backward:.3} ms, copy {copy:.3} ms");
}

fn rows(count: usize, len: usize) {
    let (x, grad, weight) = (numbers(count * len), numbers(count * len), numbers(len));
    let mut out = vec![0.0; count * len];
    let [mut center, mut scale] = [(); 2].map(|()| vec![0.0; count]);
    let [mut of_weight, mut of_bias] = [(); 2].map(|()| vec![0.0; len]);
    let forward =
        median(|| normalize::rows(black_box(&x), [&weight, &weight], true, 1e-5, [&mut center, &mut scale], &mut out));
    let backward = median(|| {
        normalize::row_gradients([black_box(&grad), &x], &weight, true, [&center, &scale], &mut out);
        normalize::row_weight_gradients([&grad, &x], [&center, &scale], &mut of_weight, &mut of_bias);
    });
    println!("{count} rows of {len}: forward {forward:.3} ms, backward {backward:.3} ms");
}

fn main() {
    slabs("64 images of 64 x 32 x 32, plain", Slabs { outer: 64, count: 64, inner: 1024 });
    slabs("64 images of 64 x 32 x 32, batch innermost", Slabs { outer: 1, count: 64, inner: 65_536 });
    slabs("64 images of 64 x 32 x 32, channels last", Slabs { outer: 65_536, count: 64, inner: 1 });
    slabs("64 images of 512 x 4 x 4, plain", Slabs { outer: 64, count: 512, inner: 16 });
    rows(4096, 512);
}
