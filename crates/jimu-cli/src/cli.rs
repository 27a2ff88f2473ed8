//! The command line: what can be asked for, and who answers.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{bench, data, eval, predict, summary, train};

/// Train, test and use image classifiers.
///
/// `jimu train` without any option trains LeNet-5 on MNIST.
#[derive(Parser)]
#[command(name = "jimu", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a model on a data set, and save it
    Train(train::Args),
    /// Test a saved model on a data set
    Eval(eval::Args),
    Predict(predict::Args),
    /// List, fetch and verify data sets
    Data(data::Args),
    Bench(bench::Args),
    /// Show a model's layers, shapes and costs
    Summary(summary::Args),
}

/// Reads the command line, runs the command, and tells how it went: 0 for success, 1 for a
/// failure, 2 for a command line that makes no sense (clap leaves with that one by itself).
pub fn run() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let (_, given) = matches.subcommand().expect("clap has insisted on one");
    let done = match cli.command {
        Command::Train(args) => train::run(args, given),
        Command::Eval(args) => eval::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Summary(args) => summary::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
