//! How words are set off in text for people.

use crate::event::Verdict;
use crate::finding::Severity;
use anstyle::{AnsiColor, Style};
use std::fmt::Display;

/// How a word is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Headings.
    Bold,
    /// Ids and other small print.
    Dim,
    /// Good.
    Good,
    /// Doubtful.
    Doubtful,
    /// Bad.
    Bad,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Bold => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Doubtful => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }

    /// The text in this tone; whether colour is used is decided where it is printed.
    pub fn paint(self, text: impl Display) -> String {
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Confirmed | Verdict::Exempt => Self::Good,
            Verdict::Unproven | Verdict::NotApplicable => Self::Doubtful,
            Verdict::Contradicted => Self::Bad,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Dim,
            Severity::Warning => Self::Doubtful,
            Severity::Breach => Self::Bad,
        }
    }
}
