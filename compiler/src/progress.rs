//! What the user sees while a command works: on stderr, and only if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// A spinner that names the step under way.
pub fn steps() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar over samples, with their rate.
pub fn samples(total: usize, what: &'static str) -> ProgressBar {
    let template = "{msg} {wide_bar} {pos}/{len} images, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total as u64).with_style(style).with_message(what)
}

/// A bar over networks.
pub fn networks(total: usize) -> ProgressBar {
    let template = "{wide_bar} {pos}/{len} networks, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total as u64).with_style(style)
}
