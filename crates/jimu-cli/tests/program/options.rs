//! What the command line refuses, and what it suggests.

use crate::support::jimu;

#[track_caller]
fn refused(arguments: &[&str], message: &str) {
    jimu(arguments).fails(2, message);
}

#[test]
fn near_misses_are_suggested() {
    refused(&["trian"], "a similar subcommand exists: 'train'");
    refused(&["train", "--epoch", "3"], "a similar argument exists: '--epochs'");
    refused(&["train", "--model", "lenet6"], "lenet5");
    refused(&["train", "--dataset", "fashion-mnits"], "did you mean fashion-mnist?");
    refused(&["train", "--optimizer", "adan"], "a similar value exists: 'adam'");
    refused(&["train", "--augment", "crop,flop"], "a similar value exists: 'flip'");
    refused(&["eval", "run", "--dataset", "cifar"], "did you mean cifar-10?");
    refused(&["data", "fetch", "minst"], "did you mean mnist?");
    refused(&["bench", "--profile", "W9"], "possible values: W1b64");
}

#[test]
fn values_out_of_range_are_refused() {
    refused(&["train", "--epochs", "0"], "a whole number from 1 is needed");
    refused(&["train", "--batch-size", "-3"], "'-3'");
    refused(&["train", "--lr", "nan"], "a number from 0 is needed");
    refused(&["train", "--threads", "0"], "a whole number from 1 is needed");
    refused(&["bench", "--window", "0"], "a number of seconds above 0 is needed");
    refused(&["bench", "--filter", "W99"], "nothing is called W99; there are W1b64 (train)");
    refused(&["predict", "--model", "run"], "<IMAGE>");
    refused(&["train", "--resume", "run", "--lr", "0.1"], "cannot be used with");
}

#[test]
fn help_tells_of_all_commands() {
    let help = jimu(["--help"]).ok().out;
    for command in ["train", "eval", "predict", "data", "summary", "bench"] {
        assert!(help.contains(&format!("  {command} ")), "{command} in\n{help}");
        jimu([command, "--help"]).ok();
    }
    assert!(help.contains("Tell what a saved model takes pictures for") && !help.contains("log-sum-exp"), "{help}");
    let help = jimu(["predict", "--help"]).ok().out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("looks nothing like the training images"), "{help}");
}
