//! The lineage of a lot as a tree: each lot with what made it, where and when, and the way it took.

use super::names::Names;
use super::style::Tone;
use crate::lineage::trace::{Row, Shown};

/// The rows as text, one line each.
#[must_use]
pub fn text(rows: &[Row], names: &Names) -> String {
    let mut open: Vec<bool> = Vec::new();
    let mut text = String::new();
    for row in rows {
        open.truncate(row.depth);
        for is_last in open.iter().skip(1) {
            text.push_str(if *is_last { "   " } else { "│  " });
        }
        if row.depth > 0 {
            text.push_str(if row.last { "└─ " } else { "├─ " });
        }
        open.push(row.last);
        text.push_str(&line(row, names));
        text.push('\n');
    }
    text
}

fn line(row: &Row, names: &Names) -> String {
    let lot = names.lot_in_words(&row.lot);
    let making = names.making(&row.lot.event);
    let hand_offs = row.moves.len() / 2;
    let way = match (row.shown, hand_offs) {
        (Shown::Above, _) => "  (see above)".to_owned(),
        (Shown::Cut, _) => "  (not shown further)".to_owned(),
        (Shown::Missing, _) => "  (its making is not at hand)".to_owned(),
        (Shown::Here, 0) => String::new(),
        (Shown::Here, 1) => "  (handed over once)".to_owned(),
        (Shown::Here, times) => format!("  (handed over {times} times)"),
    };
    let small = Tone::Dim.paint(format_args!("[{}]{way}", row.lot.short()));
    format!("{} · {making} {small}", Tone::Bold.paint(lot))
}
