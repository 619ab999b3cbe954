//! How far the value that comes next goes, found out in parts.

use super::super::scan;

/// How far a value goes: as far as its brackets and quotes say.
#[derive(Default)]
pub(super) struct Extent {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    has_begun: bool,
    pub(super) is_whole: bool,
}

impl Extent {
    /// Goes on in what follows; gives how many bytes still belong to the value.
    pub(super) fn go_on(&mut self, text: &[u8]) -> usize {
        let mut at = 0;
        while !self.is_whole {
            if self.in_string && !self.is_escaped {
                at += scan::plain_bytes(text.get(at..).unwrap_or_default());
            }
            let Some(byte) = text.get(at) else { break };
            if !self.take(*byte) {
                break;
            }
            at += 1;
        }
        at
    }

    /// Takes the next byte; false where the value has ended before it.
    fn take(&mut self, byte: u8) -> bool {
        if self.in_string {
            self.take_in_string(byte);
            return true;
        }
        match byte {
            b'"' if self.has_begun && self.depth == 0 => self.is_whole = true,
            b'"' => self.in_string = true,
            b'{' | b'[' if self.has_begun && self.depth == 0 => self.is_whole = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                self.has_begun = true;
                self.is_whole = self.depth == 0;
                return true;
            }
            b'}' | b']' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => self.is_whole = true,
            _ => {}
        }
        self.has_begun = true;
        !self.is_whole
    }

    fn take_in_string(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => {
                self.in_string = false;
                self.is_whole = self.depth == 0;
            }
            _ => {}
        }
    }
}
