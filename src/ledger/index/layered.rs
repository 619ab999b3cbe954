//! An index that opens fast however large: the newest records in a [`KeyValue`], all others in sorted runs.
//!
//! sled opens in time that grows with the number of its keys, and takes about 13 µs to put one. So it holds the last few
//! thousand records, the list of runs, and the tip. What does not fit there goes, sorted, into a new [run](super::run); runs of one
//! size are merged into larger ones, so that there are few: about seven of each power of [`FAN_OUT`].
//!
//! # Atomicity
//!
//! A run's file is written first. Then one batch of the [`KeyValue`] puts the new list and the new tip and drops what went
//! into the run. Then files that are no longer listed are removed; those that a kill leaves behind are removed when the index
//! is opened. A list that comes back after a power cut while its files do not, or come back torn, is noticed: the
//! list has their lengths and checksums.
//!
//! # Damage
//!
//! The tails of runs are compared with the list when the index is opened, a block when it is read. Whoever reads a damaged one
//! gets an error, and leaves a mark, so that the index does not open again and is built anew.

use super::filter::hash;
use super::run::{Pair, Records, Run, RunInfo, write};
use super::{IndexError, KeyValue, LAYERS_KEY, Pairs, SledIndex, Tip, unusable};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

/// The most records in the [`KeyValue`]; it then opens in some 5 ms.
pub const MOST_RECENT: u64 = 2_048;

/// How many runs of one size become one of the next.
pub const FAN_OUT: usize = 8;

/// The mark of an index that was found damaged.
const DAMAGED: &str = "damaged";

/// The most bytes of a list of runs.
const MAX_LIST: usize = 1 << 16;

/// What is kept under [`LAYERS_KEY`].
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Layers {
    /// From the oldest to the newest.
    runs: Vec<RunInfo>,
    /// The number of the next run.
    next: u64,
    /// At most so many records are in the [`KeyValue`].
    recent: u64,
}

impl Layers {
    fn to_pair(&self) -> Result<Pair, IndexError> {
        let value = bincode::serde::encode_to_vec(self, bincode::config::standard().with_limit::<MAX_LIST>());
        Ok((LAYERS_KEY.to_vec(), value.map_err(|error| IndexError::Record(error.to_string()))?))
    }

    fn parse(bytes: &[u8]) -> Result<Self, IndexError> {
        let config = bincode::config::standard().with_limit::<MAX_LIST>();
        match bincode::serde::decode_from_slice(bytes, config) {
            Ok((layers, used)) if used == bytes.len() => Ok(layers),
            _ => Err(IndexError::Damaged("its list of runs".to_owned())),
        }
    }
}

/// An index in layers; see the module.
pub struct Layered<K> {
    recent: K,
    layers: Layers,
    /// In the order of the list.
    runs: Vec<Run>,
    folder: PathBuf,
}

impl<K: KeyValue> Layered<K> {
    /// The layers over `recent`, whose runs are in `folder`. Nobody else may use either.
    ///
    /// # Errors
    /// A run that is listed is not there or damaged; the system's.
    pub fn new(recent: K, folder: PathBuf) -> Result<Self, IndexError> {
        if folder.join(DAMAGED).exists() {
            return Err(IndexError::Damaged("found when it was last in use".to_owned()));
        }
        let layers = recent.get(LAYERS_KEY)?.map_or_else(|| Ok(Layers::default()), |bytes| Layers::parse(&bytes))?;
        let open = |info: &RunInfo| Run::open(&file_of(&folder, info.number), info);
        let runs = layers.runs.iter().map(open).collect::<Result<_, _>>()?;
        let index = Self { recent, layers, runs, folder };
        index.remove_unlisted()?;
        Ok(index)
    }

    /// How many runs there are.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Leaves a mark where a reading shows damage.
    fn marked<T>(&self, read: Result<T, IndexError>) -> Result<T, IndexError> {
        if matches!(read, Err(IndexError::Damaged(_))) {
            // Without the mark the next reader finds the damage itself.
            let _ = std::fs::create_dir_all(&self.folder);
            let _ = std::fs::write(self.folder.join(DAMAGED), b"");
        }
        read
    }

    fn find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        if let Some(found) = self.recent.get(key)? {
            return Ok(Some(found));
        }
        let hash = hash(key);
        for run in self.runs.iter().rev() {
            if let Some(found) = run.get(key, hash)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn find_from(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, IndexError> {
        let recent = self.recent.scan(prefix, from, most)?;
        let from = from.filter(|from| *from > prefix).unwrap_or(prefix);
        let merge = Merge::new(self.runs.iter().map(|run| run.records(from)).collect(), recent);
        let within = |pair: &Result<Pair, _>| pair.as_ref().map_or(true, |(key, _)| key.starts_with(prefix));
        merge.take_while(within).take(most).collect()
    }

    /// Removes files of runs that are not listed.
    fn remove_unlisted(&self) -> Result<(), IndexError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(unusable(error)),
        };
        let mut listed: Vec<PathBuf> = self.layers.runs.iter().map(|run| file_of(&self.folder, run.number)).collect();
        listed.push(self.folder.join(DAMAGED));
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| !listed.contains(path)) {
            std::fs::remove_file(path).map_err(unusable)?;
        }
        Ok(())
    }

    /// Puts pairs among the recent ones.
    fn put_recent(&mut self, mut pairs: Pairs, recent: u64, tip: Tip) -> Result<(), IndexError> {
        let layers = Layers { recent, ..self.layers.clone() };
        pairs.push(layers.to_pair()?);
        self.recent.apply(pairs, tip)?;
        self.layers = layers;
        Ok(())
    }

    /// Puts pairs and all recent ones into a run.
    fn put_run(&mut self, mut pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        std::fs::create_dir_all(&self.folder).map_err(unusable)?;
        let mut all = self.recent.scan(&[], None, usize::MAX)?;
        all.append(&mut pairs);
        let mut layers = Layers { recent: 0, ..self.layers.clone() };
        let info = self.write(layers.next, newest_of_each(all).into_iter().map(Ok))?;
        layers.next += 1;
        layers.runs.push(info.clone());
        let mut opened = vec![Run::open(&file_of(&self.folder, info.number), &info)?];
        while let Some(from) = mergeable(&layers.runs) {
            let kept = self.runs.get(from..).unwrap_or_default();
            let (kept, new) = (kept.iter().collect::<Vec<_>>(), opened.iter().collect::<Vec<_>>());
            let sources: Vec<Records<'_>> = kept.into_iter().chain(new).map(|run| run.records(&[])).collect();
            let merged = self.write(layers.next, Merge::new(sources, Vec::new()))?;
            layers.next += 1;
            layers.runs.truncate(from);
            layers.runs.push(merged.clone());
            opened = vec![Run::open(&file_of(&self.folder, merged.number), &merged)?];
        }
        self.recent.replace(vec![layers.to_pair()?], tip)?;
        self.runs.truncate(layers.runs.len() - opened.len());
        self.runs.append(&mut opened);
        self.layers = layers;
        self.remove_unlisted()
    }

    fn write(&self, number: u64, pairs: impl Iterator<Item = Result<Pair, IndexError>>) -> Result<RunInfo, IndexError> {
        write(&file_of(&self.folder, number), number, pairs)
    }
}

impl Layered<SledIndex> {
    /// Opens or creates the index in `folder`, guarded by the lock file `lock`; `wait` is asked while another process has
    /// it, and says whether to go on waiting.
    ///
    /// # Errors
    /// In use and `wait` gave up; unusable or damaged: then remove it ([`Self::remove`]) and build it anew.
    pub fn open(folder: &Path, lock: &Path, wait: &mut dyn FnMut() -> bool) -> Result<Self, IndexError> {
        Self::new(SledIndex::open(folder, lock, wait)?, folder.join("runs"))
    }

    /// Removes an index, so that the next [`Self::open`] makes an empty one.
    ///
    /// # Errors
    /// In use and `wait` gave up; the system's.
    pub fn remove(folder: &Path, lock: &Path, wait: &mut dyn FnMut() -> bool) -> Result<(), IndexError> {
        SledIndex::remove(folder, lock, wait)
    }
}

fn file_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}"))
}

/// Pairs in the order of keys; of several with one key the last.
fn newest_of_each(mut pairs: Pairs) -> Pairs {
    pairs.reverse();
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    pairs.dedup_by(|(a, _), (b, _)| a == b);
    pairs
}

/// Which power of the fan-out a run's size is of.
fn size_class(run: &RunInfo) -> u32 {
    (run.records / MOST_RECENT).max(1).ilog(FAN_OUT as u64)
}

/// From which run on all are to become one: the last eight or more whose sizes are of one class or below.
fn mergeable(runs: &[RunInfo]) -> Option<usize> {
    let largest = runs.iter().map(size_class).max()?;
    (0..=largest).find_map(|class| {
        let count = runs.iter().rev().take_while(|run| size_class(run) <= class).count();
        (count >= FAN_OUT).then_some(runs.len() - count)
    })
}

/// The records of several sources in the order of keys; of several with one key that of the last source.
struct Merge<'a> {
    sources: Vec<Peekable<Source<'a>>>,
}

type Source<'a> = Box<dyn Iterator<Item = Result<Pair, IndexError>> + 'a>;

impl<'a> Merge<'a> {
    fn new(runs: Vec<Records<'a>>, newest: Pairs) -> Self {
        let mut sources: Vec<Source<'a>> = runs.into_iter().map(|run| Box::new(run) as Source<'a>).collect();
        sources.push(Box::new(newest.into_iter().map(Ok)));
        Self { sources: sources.into_iter().map(Iterator::peekable).collect() }
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<Pair, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(usize, Vec<u8>)> = None;
        for number in 0..self.sources.len() {
            match self.sources.get_mut(number)?.peek() {
                Some(Ok((key, _))) if first.as_ref().is_none_or(|(_, least)| key <= least) => {
                    first = Some((number, key.clone()));
                }
                Some(Err(_)) => return self.sources.get_mut(number)?.next(),
                _ => {}
            }
        }
        let (newest, key) = first?;
        let mut found = None;
        for (number, source) in self.sources.iter_mut().enumerate() {
            if matches!(source.peek(), Some(Ok((other, _))) if *other == key) {
                let pair = source.next();
                if number == newest {
                    found = pair;
                }
            }
        }
        found
    }
}

impl<K: KeyValue> KeyValue for Layered<K> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.marked(self.find(key))
    }

    fn scan(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, IndexError> {
        self.marked(self.find_from(prefix, from, most))
    }

    fn apply(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        let recent = self.layers.recent + pairs.len() as u64;
        if recent <= MOST_RECENT { self.put_recent(pairs, recent, tip) } else { self.put_run(pairs, tip) }
    }

    fn replace(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        let layers = Layers { runs: Vec::new(), recent: pairs.len() as u64, ..self.layers.clone() };
        self.recent.replace(pairs.into_iter().chain([layers.to_pair()?]).collect(), tip)?;
        (self.layers, self.runs) = (layers, Vec::new());
        self.remove_unlisted()
    }

    fn tip(&self) -> Result<Option<Tip>, IndexError> {
        self.recent.tip()
    }

    fn bytes(&self) -> Option<u64> {
        let runs = self.layers.runs.iter().map(|run| run.blocks + run.tail).sum::<u64>();
        self.recent.bytes().map(|recent| recent + runs)
    }
}
