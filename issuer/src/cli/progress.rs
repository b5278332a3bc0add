//! How far something is that takes long, for somebody who watches.

use core::fmt::{self, Write};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::output::Output;

/// A bar over so many events of a log.
pub(crate) fn events(count: u64, output: &Output) -> ProgressBar {
    bar(Some(count), "{bar:24} {human_pos} of {human_len} events, {rate}{left}", output)
}

/// A bar on standard error, where somebody sees it; elsewhere nothing is drawn. `of`: how many there are, if that is known. In the
/// template `{rate}` is how many are done a second, and `{left}` how long the rest takes, once that can be said.
pub(crate) fn bar(of: Option<u64>, template: &str, output: &Output) -> ProgressBar {
    if !output.is_watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(of, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.with_key("rate", rate).with_key("left", left)),
        Err(_) => bar,
    }
}

fn left(state: &ProgressState, out: &mut dyn Write) {
    if state.pos() > 0 {
        let _written: fmt::Result = write!(out, ", {:#} left", HumanDuration(state.eta()));
    }
}

/// Without the decimals that nobody can read while they change.
fn rate(state: &ProgressState, out: &mut dyn Write) {
    // What cannot be written here is not shown, which is all that a bar does.
    let _written: fmt::Result = write!(out, "{:.0}/s", state.per_sec());
}
