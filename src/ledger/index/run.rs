//! A run: keys with their values in one file, sorted, written once and never changed.
//!
//! Blocks of about 8 KiB of records, then the tail: where each block begins, the first bytes of its first key, its
//! checksum, and a filter that tells most keys that are not there. Whoever lists a run ([`RunInfo`]) holds the checksum of
//! its tail, so that a file of another index, or a torn or bent one, is noticed. How records are laid out may change
//! with any release: an index is rebuilt from the log.
//!
//! In scope: one file. Not in scope: which runs make up an index, and which of two values counts (`layered`).

use super::filter::{Filter, hash};
use super::{CHECKSUM, IndexError, checksum, unusable};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A key with its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// How many bytes of records a block has, give or take the last record.
const BLOCK: usize = 8 << 10;

/// What a list of runs says of one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct RunInfo {
    /// Its number: the name of its file. Later runs hide earlier ones.
    pub(super) number: u64,
    /// How many records it has.
    pub(super) records: u64,
    /// How many bytes of blocks.
    pub(super) blocks: u64,
    /// How many bytes of tail.
    pub(super) tail: u64,
    /// Checksum of the tail.
    pub(super) sum: [u8; CHECKSUM],
}

/// Where a block begins and ends, and what it must be.
#[derive(Debug, Clone, Copy)]
struct BlockRef {
    start: u64,
    end: u64,
    sum: [u8; CHECKSUM],
}

/// A run open for reading.
pub(super) struct Run {
    pub(super) info: RunInfo,
    file: Mutex<File>,
    blocks: Vec<BlockRef>,
    /// The beginnings of the blocks' first keys, one after the other, and where each ends.
    firsts: Vec<u8>,
    first_ends: Vec<usize>,
    filter: Filter,
}

fn damaged(number: u64) -> IndexError {
    IndexError::Damaged(format!("run {number} of its records"))
}

impl Run {
    /// Opens a run as listed.
    ///
    /// # Errors
    /// No such file; another length; a tail that is not the listed one.
    pub(super) fn open(path: &Path, info: &RunInfo) -> Result<Self, IndexError> {
        let mut file = File::open(path).map_err(unusable)?;
        let length = file.metadata().map_err(unusable)?.len();
        if Some(length) != info.blocks.checked_add(info.tail) {
            return Err(damaged(info.number));
        }
        let mut tail = vec![0; usize::try_from(info.tail).map_err(unusable)?];
        file.seek(SeekFrom::Start(info.blocks)).map_err(unusable)?;
        file.read_exact(&mut tail).map_err(unusable)?;
        if checksum(&info.number.to_be_bytes(), &tail) != info.sum {
            return Err(damaged(info.number));
        }
        Self::with_tail(file, info, &tail).ok_or_else(|| damaged(info.number))
    }

    fn with_tail(file: File, info: &RunInfo, tail: &[u8]) -> Option<Self> {
        let (count, mut rest) = split_number(tail)?;
        let (mut blocks, mut firsts, mut first_ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = 0;
        for _ in 0..count {
            let (end, behind) = split_number(rest)?;
            let (sum, behind) = behind.split_first_chunk::<CHECKSUM>()?;
            let (first, behind) = split_bytes(behind)?;
            blocks.push(BlockRef { start, end, sum: *sum });
            firsts.extend_from_slice(first);
            first_ends.push(firsts.len());
            (start, rest) = (end, behind);
        }
        let filter = Filter::of_bytes(rest.to_vec());
        Some(Self { info: info.clone(), file: Mutex::new(file), blocks, firsts, first_ends, filter })
    }

    /// The value of a key with this hash.
    pub(super) fn get(&self, key: &[u8], hash: u64) -> Result<Option<Vec<u8>>, IndexError> {
        if !self.filter.may_hold(hash) {
            return Ok(None);
        }
        let Some(block) = self.block_of(key) else { return Ok(None) };
        let bytes = self.read(block)?;
        let mut rest = bytes.as_slice();
        while let Some((found, value, behind)) = split_record(rest) {
            if found == key {
                return Ok(Some(value.to_vec()));
            }
            rest = behind;
        }
        Ok(None)
    }

    /// The records whose keys are not below `from`, in order.
    pub(super) fn records(&self, from: &[u8]) -> Records<'_> {
        let block = self.block_of(from).unwrap_or(0);
        Records { run: self, block, bytes: Vec::new(), at: 0, from: from.to_vec() }
    }

    /// The last block whose first key does not lie behind `key`.
    fn block_of(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.blocks.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.first(middle) <= key { low = middle + 1 } else { high = middle }
        }
        low.checked_sub(1)
    }

    fn first(&self, block: usize) -> &[u8] {
        let start = block.checked_sub(1).and_then(|before| self.first_ends.get(before)).copied().unwrap_or(0);
        let end = self.first_ends.get(block).copied().unwrap_or(start);
        self.firsts.get(start..end).unwrap_or_default()
    }

    fn read(&self, block: usize) -> Result<Vec<u8>, IndexError> {
        let number = self.info.number;
        let BlockRef { start, end, sum } = self.blocks.get(block).copied().ok_or_else(|| damaged(number))?;
        let length = end.checked_sub(start).filter(|_| end <= self.info.blocks).ok_or_else(|| damaged(number))?;
        let mut bytes = vec![0; usize::try_from(length).map_err(unusable)?];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start)).map_err(unusable)?;
        file.read_exact(&mut bytes).map_err(unusable)?;
        drop(file);
        if checksum(&start.to_be_bytes(), &bytes) == sum { Ok(bytes) } else { Err(damaged(number)) }
    }
}

/// The records of a run from a key on.
pub(super) struct Records<'a> {
    run: &'a Run,
    /// The block to be read next.
    block: usize,
    bytes: Vec<u8>,
    at: usize,
    from: Vec<u8>,
}

impl Iterator for Records<'_> {
    type Item = Result<Pair, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if let Some((key, value, behind)) = split_record(rest) {
                self.at = self.bytes.len() - behind.len();
                if key < self.from.as_slice() {
                    continue;
                }
                return Some(Ok((key.to_vec(), value.to_vec())));
            }
            if self.block >= self.run.blocks.len() {
                return None;
            }
            match self.run.read(self.block) {
                Ok(bytes) => (self.bytes, self.at) = (bytes, 0),
                Err(error) => {
                    (self.block, self.bytes) = (self.run.blocks.len(), Vec::new());
                    return Some(Err(error));
                }
            }
            self.block += 1;
        }
    }
}

/// Writes a run: pairs in ascending order of their keys, no key twice.
///
/// # Errors
/// The system's; one that the pairs come with.
pub(super) fn write(
    path: &Path,
    number: u64,
    pairs: impl Iterator<Item = Result<Pair, IndexError>>,
) -> Result<RunInfo, IndexError> {
    let file = File::create(path).map_err(unusable)?;
    let mut writer = RunWriter::new(file);
    let mut hashes = Vec::new();
    for pair in pairs {
        let (key, value) = pair?;
        hashes.push(hash(&key));
        writer.push(key, &value)?;
    }
    writer.end_block()?;
    let mut tail = writer.blocks.to_be_bytes().to_vec();
    tail.extend_from_slice(&writer.index);
    tail.extend_from_slice(Filter::of_hashes(&hashes).bytes());
    writer.file.write_all(&tail).map_err(unusable)?;
    writer.file.flush().map_err(unusable)?;
    let sum = checksum(&number.to_be_bytes(), &tail);
    Ok(RunInfo { number, records: hashes.len() as u64, blocks: writer.written, tail: tail.len() as u64, sum })
}

struct RunWriter {
    file: BufWriter<File>,
    block: Vec<u8>,
    /// As much of the block's first key as tells it from the key before.
    first: Vec<u8>,
    last: Vec<u8>,
    written: u64,
    /// The tail so far: end, checksum and first key of each block.
    index: Vec<u8>,
    blocks: u64,
}

impl RunWriter {
    fn new(file: File) -> Self {
        let file = BufWriter::with_capacity(1 << 20, file);
        let (block, first, last, index) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { file, block, first, last, written: 0, index, blocks: 0 }
    }

    fn push(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), IndexError> {
        let lengths = (u16::try_from(key.len()), u32::try_from(value.len()));
        let (Ok(key_length), Ok(value_length)) = lengths else {
            return Err(IndexError::Record(format!("{} bytes under a key of {}", value.len(), key.len())));
        };
        if self.block.len() >= BLOCK {
            self.end_block()?;
        }
        if self.block.is_empty() {
            let shared = key.iter().zip(&self.last).take_while(|(a, b)| a == b).count();
            self.first = key.get(..=shared).unwrap_or(&key).to_vec();
        }
        self.block.extend_from_slice(&key_length.to_be_bytes());
        self.block.extend_from_slice(&value_length.to_be_bytes());
        self.block.extend_from_slice(&key);
        self.block.extend_from_slice(value);
        self.last = key;
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), IndexError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let sum = checksum(&self.written.to_be_bytes(), &self.block);
        self.file.write_all(&self.block).map_err(unusable)?;
        self.written += self.block.len() as u64;
        self.index.extend_from_slice(&self.written.to_be_bytes());
        self.index.extend_from_slice(&sum);
        // Never longer than a key, whose length was checked.
        let length = u16::try_from(self.first.len()).unwrap_or(u16::MAX);
        self.index.extend_from_slice(&length.to_be_bytes());
        self.index.extend_from_slice(&self.first);
        self.blocks += 1;
        self.block.clear();
        Ok(())
    }
}

fn split_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

/// Bytes behind their length in two bytes.
fn split_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Key, value, and what lies behind them.
fn split_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key_length, rest) = bytes.split_first_chunk::<2>()?;
    let (value_length, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*key_length)))?;
    let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*value_length)).ok()?)?;
    Some((key, value, rest))
}
