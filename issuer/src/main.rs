//! `lictor`: issues, revokes and verifies offline licenses from the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lictor_issuer::cli::run(std::env::args_os()))
}
