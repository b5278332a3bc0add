//! How far something is that takes long, for somebody who watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;

/// A bar over so many events on standard error, where somebody sees it; elsewhere nothing is drawn.
pub(crate) fn bar(events: u64, output: &Output) -> ProgressBar {
    if !output.is_watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(events), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:24} {pos} of {len} events, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
