//! `lictor-agent`: installs licenses, asks for seats and says what a deployment may do, with the vendor's words beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lictor_agent::run_with_settings_beside(std::env::args_os()))
}
