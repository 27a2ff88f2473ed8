//! `jimu bench`, for a moment each.

use crate::support::{Ran, command, jimu};

const SHORT: [&str; 5] = ["bench", "--window", "0.002", "--windows", "3"];

fn bench(options: &[&str]) -> String {
    jimu(SHORT.iter().chain(options)).ok().out
}

#[test]
fn a_line_has_the_agreed_form() {
    let out = bench(&["--filter", "w1b64,infer"]);
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split(' ').collect()).collect();
    let heads: Vec<[&str; 4]> = lines.iter().map(|words| [words[0], words[1], words[2], words[4]]).collect();
    assert_eq!(
        heads,
        [
            ["jimu", "W1b64", "train", "samples/s"],
            ["jimu", "W5", "infer_b1", "us"],
            ["jimu", "W5", "infer_b256", "samples/s"]
        ]
    );
    for words in &lines {
        let number = |word: &str| word.rsplit('=').next().unwrap().parse::<f64>().unwrap();
        let (value, min, max) = (number(words[3]), number(words[5]), number(words[6]));
        assert!(min <= value && value <= max && min > 0.0 && words[7] == "n=3", "{words:?}");
    }
}

#[test]
fn every_workload_runs() {
    // All but the largest, which take seconds a step on a slow machine.
    let out = bench(&["--filter", "W1,W2,W5,gemm256,W7", "--json", "--threads", "1"]);
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> =
        lines.iter().map(|line| (line["workload"].as_str().unwrap(), line["metric"].as_str().unwrap())).collect();
    assert_eq!(
        names,
        [
            ("W1b64", "train"),
            ("W1b512", "train"),
            ("W2", "train"),
            ("W5", "infer_b1"),
            ("W5", "infer_b256"),
            ("W6", "gemm256"),
            ("W7", "train")
        ]
    );
    assert!(lines.iter().all(|line| line["value"].as_f64().unwrap() > 0.0 && line["threads"] == 1));
}

#[test]
fn a_profile_has_forward_backward_and_peaks() {
    let out = bench(&["--profile", "w1b64"]);
    let weight = "backward of conv2d_max_pool2d: conv2d_backward_weight";
    for part in ["GFLOP/s", "GB/s", "W1b64 train:", "conv2d_max_pool2d", weight, "optimizer step"] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    let shares = out.lines().filter_map(|line| line.split_once(" % ")?.0.trim().parse::<f64>().ok());
    let sum: f64 = shares.sum();
    assert!((sum - 100.0).abs() < 2.0, "the shares add up to {sum}:\n{out}");
}

/// A measurement with `JIMU_LOG`.
fn logged(log: &str, filter: &str) -> Ran {
    let ran = command().args(SHORT).args(["--filter", filter]).env("JIMU_LOG", log).output();
    Ran::from(ran.expect("the program starts")).ok()
}

#[test]
fn the_plan_has_a_line_for_each_operation() {
    let ran = logged("plan", "W1b64,gemm256");
    assert!(ran.out.lines().all(|line| !line.contains("plan")), "{}", ran.out);
    let lines: Vec<&str> = ran.err.lines().collect();
    for line in [
        "conv2d forward 32x1x28x28 * 6x1x5x5 pad 2: direct, batch innermost, max_pool2d 2x2 relu by the same tasks",
        "conv2d backward input 32x6x14x14 * 16x6x5x5: winograd along the rows, batch innermost",
        "conv2d backward weight 32x1x28x28 * 6x1x5x5 pad 2: direct, batch innermost, max_pool2d 2x2 relu by the same tasks",
        "max_pool2d backward 32x16x10x10 window 2x2 stride 2: four pixels at once, lanes of 32",
        "gemm 256x256 * 256x256: panels, 8 tiles of 64x128",
    ] {
        assert_eq!(
            lines.iter().filter(|found| **found == format!("jimu plan {line}")).count(),
            1,
            "{line}\n{}",
            ran.err
        );
    }
    assert!(lines.iter().all(|line| line.starts_with("jimu plan ")), "{}", ran.err);
}

#[test]
fn a_log_that_is_none_is_told_once() {
    let ran = logged("plans", "gemm256");
    assert_eq!(ran.err, "JIMU_LOG=plans: nothing is called that; set it to plan, or not at all\n");
    assert!(logged("", "gemm256").err.is_empty());
}
