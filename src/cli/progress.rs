//! Progress on stderr: a bar with rate and time left, on a terminal only.

use indicatif::{ProgressBar, ProgressStyle};

/// From how many steps on a bar is drawn.
const WORTH_DRAWING: u64 = 2_000;

/// Progress of something countable.
pub(crate) struct Progress {
    what: &'static str,
    shown: bool,
    bar: Option<ProgressBar>,
    /// How many were done before this was begun.
    before: u64,
}

impl Progress {
    pub(crate) fn new(what: &'static str, shown: bool) -> Self {
        Self { what, shown, bar: None, before: 0 }
    }

    /// Says how many were done before, which tell nothing about the rate.
    pub(crate) fn starts_at(&mut self, before: u64) {
        if self.bar.is_none() {
            self.before = before;
        }
    }

    /// Takes the bar away while something else is said.
    pub(crate) fn aside<T>(&self, say: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Says how far it has come.
    pub(crate) fn at(&mut self, done: u64, all: u64) {
        if !self.shown || all < WORTH_DRAWING {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| bar(self.what, Some(all), self.before));
        bar.set_position(done);
    }

    /// Says how far it has come where the end is not known.
    pub(crate) fn counted(&mut self, done: u64) {
        if !self.shown || done < WORTH_DRAWING {
            return;
        }
        self.bar.get_or_insert_with(|| bar(self.what, None, self.before)).set_position(done);
    }

    /// Says how many are done and which part of their source was read; the time left follows from both.
    pub(crate) fn portion(&mut self, done: u64, (read, all): (u64, u64)) {
        // What is done stands to all of it as what was read to the length of the source.
        let expected = u128::from(done) * u128::from(all) / u128::from(read.max(1));
        self.at(done, u64::try_from(expected).unwrap_or(u64::MAX).max(done));
        if let Some(bar) = &self.bar {
            bar.set_length(u64::try_from(expected).unwrap_or(u64::MAX).max(done));
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, all: Option<u64>, before: u64) -> ProgressBar {
    let (bar, template) = match all {
        Some(all) => (ProgressBar::new(all), "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta} left"),
        None => (ProgressBar::new_spinner(), "{msg} {spinner} {human_pos} {per_sec}"),
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(what);
    bar.set_position(before);
    bar.reset_eta();
    bar
}
