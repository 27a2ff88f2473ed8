//! `Linear` over any leading dimensions: only the last one is a feature, whatever stands before it is a batch.
//!
//! `cargo run --release --example 03_linear -- --small` takes a 64th of the large input.

use jimu::nn::{Forward, Linear};
use jimu::{Tensor, no_grad};

fn main() {
    let layer = Linear::new(20, 30);
    println!(
        "{layer}: {} goes to {}",
        Tensor::randn([128, 20]).size(),
        layer.forward(&Tensor::randn([128, 20])).size()
    );

    // The same layer for every one of 128 x 4096 x 30 rows, and a second one after it.
    let leading = if std::env::args().any(|argument| argument == "--small") { 2 } else { 128 };
    let second = Linear::new(30, 40);
    let output = no_grad(|| {
        let x = Tensor::zeros([leading, 4096, 30, 20]);
        print("input", &x);
        let hidden = layer.forward(&x);
        print("after Linear(20, 30)", &hidden);
        drop(x);
        second.forward(&hidden)
    });
    print("after Linear(30, 40)", &output);

    // Zeros go to the bias, in every row alike.
    let expected = second.forward(&layer.forward(&Tensor::zeros([20])));
    let last = output.index((-1, -1, -1));
    println!("largest difference of the last row from a single one: {:.1e}", (last - expected).abs().max().item());
    if let Some(peak) = peak_memory() {
        println!("memory of the program at its peak: {peak:.2} GiB");
    }
}

fn print(name: &str, x: &Tensor) {
    println!("{name:22} {:22} {:.2} GiB", x.size().to_string(), x.numel() as f64 * 4.0 / f64::from(1 << 30));
}

/// The most memory that the process has held, in GiB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / f64::from(1 << 20))
}
