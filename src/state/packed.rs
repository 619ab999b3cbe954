//! Records as bytes, for memory only: small numbers take one byte, and what is absent takes none but a flag.
//!
//! What is written is read in the same order. Reading gives `None` past the end and for a number that does not fit.

/// Writes values one behind the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packer(Vec<u8>);

impl Packer {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    pub(crate) fn number(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    /// Numbers near zero are small, on both sides.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// Up to eight flags in one byte.
    pub(crate) fn flags(&mut self, flags: &[bool]) {
        self.0.push(flags.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag)));
    }
}

/// Reads what a [`Packer`] wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unpacker<'a>(pub(crate) &'a [u8]);

impl Unpacker<'_> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0u64, 0u32);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// So many items; how many was written before them.
    pub(crate) fn items<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.number()?).ok()?;
        // Each takes a byte at least.
        let mut items = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }

    pub(crate) fn flags<const N: usize>(&mut self) -> Option<[bool; N]> {
        let byte = self.byte()?;
        Some(std::array::from_fn(|bit| byte >> bit & 1 == 1))
    }

    /// One of a closed list, written as its position.
    pub(crate) fn listed<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        list.get(usize::from(self.byte()?)).copied()
    }

    /// A value that is there if a flag said so.
    #[expect(clippy::option_option, reason = "what cannot be read is not what is absent")]
    pub(crate) fn if_set<T>(&mut self, is_set: bool, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if is_set { read(self).map(Some) } else { Some(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, signed: i64, small: u32, flags: [bool; 7], list: Vec<u16>) {
            let mut packer = Packer::default();
            packer.number(number);
            packer.signed(signed);
            packer.flags(&flags);
            packer.count(list.len());
            list.iter().for_each(|item| packer.number(u64::from(*item)));
            packer.number(u64::from(small));
            let bytes = packer.bytes();
            let mut read = Unpacker(bytes);
            prop_assert_eq!(read.number(), Some(number));
            prop_assert_eq!(read.signed(), Some(signed));
            prop_assert_eq!(read.flags(), Some(flags));
            prop_assert_eq!(read.items(|item| u16::try_from(item.number()?).ok()), Some(list));
            prop_assert_eq!(read.small(), Some(small));
            prop_assert!(read.0.is_empty() && read.byte().is_none());
        }
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        assert_eq!(Unpacker(&[0xff; 12]).number(), None);
        assert_eq!(Unpacker(&[0x80]).number(), None);
        assert_eq!(Unpacker(&[0xff, 0xff, 0xff, 0xff, 0x1f]).small(), None);
        assert_eq!(Unpacker(&[3]).listed(&[1, 2, 3]), None);
        assert_eq!(Unpacker(&[9, 1]).items(|item| item.byte()), None);
    }
}
