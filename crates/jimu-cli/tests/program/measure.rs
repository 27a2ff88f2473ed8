//! `jimu bench`, for a moment each.

use crate::support::jimu;

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
    for part in
        ["GFLOP/s", "GB/s", "W1b64 train:", "conv2d", "backward of conv2d: conv2d_backward_weight", "optimizer step"]
    {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    let shares = out.lines().filter_map(|line| line.split_once(" % ")?.0.trim().parse::<f64>().ok());
    let sum: f64 = shares.sum();
    assert!((sum - 100.0).abs() < 2.0, "the shares add up to {sum}:\n{out}");
}
