//! Files of records, one a line, each line with its digest: `<BLAKE3 of the JSON text, hex> <JSON text>`.
//!
//! They are appended to, a line at a time. Only the last line can be torn by a crash: it is told from a whole one by its
//! digest and is as good as never written. A damaged line before the last is an error, since nobody knows what it said.

use crate::envelope::json::{self, Rules};
use crate::value::Blake3;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a file of records adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records<T> {
    /// The records in their order; the n-th is on line n + 1.
    pub records: Vec<T>,
    /// How many bytes the whole lines take; what lies behind was torn.
    pub sound: u64,
}

/// A line that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct DamagedLine {
    /// Which, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// A record as a line. The JSON text has no line feed.
///
/// # Errors
/// One that cannot be written as JSON.
pub fn line_of(record: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let json = serde_json::to_string(record)?;
    Ok(format!("{} {json}\n", Blake3::of(json.as_bytes())).into_bytes())
}

/// Reads the records of a file.
///
/// # Errors
/// A damaged line before the last; one that is whole and is no such record.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Records<T>, DamagedLine> {
    let mut found = Records { records: Vec::new(), sound: 0 };
    let mut lines = bytes.split_inclusive(|b| *b == b'\n').zip(1..).peekable();
    while let Some((text, line)) = lines.next() {
        let damaged = |problem: String| DamagedLine { line, problem };
        let json = match whole(text) {
            Some(json) => json,
            None if lines.peek().is_none() => break,
            None => return Err(damaged("its digest is not that of its text".to_owned())),
        };
        found.records.push(json::from_str(json, &Rules::FILE).map_err(|error| damaged(error.to_string()))?);
        found.sound += text.len() as u64;
    }
    Ok(found)
}

/// The JSON text of a line that is as it was written.
fn whole(line: &[u8]) -> Option<&str> {
    let (digest, json) = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.split_once(' ')?;
    (digest == Blake3::of(json.as_bytes()).to_string()).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_passed_over_and_a_damaged_earlier_one_is_not() {
        let lines: Vec<u8> = [1u64, 2, 3].iter().flat_map(|n| line_of(n).unwrap()).collect();
        assert_eq!(read(&lines), Ok(Records { records: vec![1u64, 2, 3], sound: lines.len() as u64 }));
        for kept in 0..lines.len() / 3 {
            let torn = &lines[..lines.len() / 3 * 2 + kept];
            assert_eq!(read(torn), Ok(Records { records: vec![1u64, 2], sound: lines.len() as u64 / 3 * 2 }), "{kept}");
        }
        let mut bent = lines.clone();
        bent[70] ^= 1;
        assert_eq!(read::<u64>(&bent).unwrap_err().line, 2);
        assert_eq!(read::<String>(&lines).unwrap_err().line, 1);
    }
}
