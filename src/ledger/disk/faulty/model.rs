//! What a program sees of a disk, and what a power cut would leave of it.
//!
//! Names and bytes each exist twice, live and durable. Changes of names wait in a journal until a folder they touch is
//! synced. A failed sync marks the file: what it held is never made durable, though later syncs succeed (as on Linux, where
//! the pages count as clean after the error).

use super::Cut;
use crate::ledger::disk::{Access, Metadata, parent};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Number of a file's bytes, whatever its names.
pub(super) type Inode = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    File(Inode),
    Folder,
}

#[derive(Default, Clone)]
struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    owner_only: bool,
    poisoned: bool,
}

/// A change of names that is not yet durable.
#[derive(Clone)]
struct Change {
    removed: Option<PathBuf>,
    added: Option<PathBuf>,
    node: Node,
}

impl Change {
    fn touches(&self, folder: &Path) -> bool {
        [&self.removed, &self.added].into_iter().flatten().any(|path| parent(path) == folder)
    }

    fn apply(self, names: &mut BTreeMap<PathBuf, Node>) {
        if let Some(path) = self.removed
            && names.get(&path) == Some(&self.node)
        {
            names.remove(&path);
        }
        names.extend(self.added.map(|path| (path, self.node)));
    }
}

#[derive(Default, Clone)]
pub(super) struct Model {
    live: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    contents: Vec<Content>,
    journal: Vec<Change>,
    locks: BTreeMap<PathBuf, (u64, String)>,
    locks_taken: u64,
}

impl Model {
    fn change(&mut self, change: Change) {
        change.clone().apply(&mut self.live);
        self.journal.push(change);
    }

    fn is_folder(&self, path: &Path) -> bool {
        path == Path::new("/") || self.live.get(path) == Some(&Node::Folder)
    }

    fn content(&mut self, inode: Inode) -> io::Result<&mut Content> {
        self.contents.get_mut(inode).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn check_new_name(&self, path: &Path) -> io::Result<()> {
        if self.is_folder(parent(path)) { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
    }

    pub(super) fn create(&mut self, path: &Path, access: Access) -> io::Result<Inode> {
        self.check_new_name(path)?;
        if self.live.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.contents.push(Content { owner_only: access == Access::OwnerOnly, ..Content::default() });
        let inode = self.contents.len() - 1;
        self.change(Change { removed: None, added: Some(path.to_owned()), node: Node::File(inode) });
        Ok(inode)
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<Inode> {
        match self.live.get(path) {
            Some(Node::File(inode)) => Ok(*inode),
            Some(Node::Folder) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn metadata(&self, path: &Path) -> Option<Metadata> {
        if self.is_folder(path) {
            return Some(Metadata { len: 0, is_dir: true, open_to_others: true });
        }
        let content = self.contents.get(self.find(path).ok()?)?;
        let len = content.live.len() as u64;
        Some(Metadata { len, is_dir: false, open_to_others: !content.owner_only })
    }

    pub(super) fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if !self.is_folder(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let inside = self.live.keys().filter(|path| path.parent() == Some(folder));
        let mut names: Vec<String> =
            inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        self.check_new_name(path)?;
        match self.live.get(path) {
            Some(Node::Folder) => {}
            Some(Node::File(_)) => return Err(ErrorKind::AlreadyExists.into()),
            None => self.change(Change { removed: None, added: Some(path.to_owned()), node: Node::Folder }),
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.check_new_name(to)?;
        if self.is_folder(to) {
            return Err(ErrorKind::IsADirectory.into());
        }
        let node = Node::File(self.find(from)?);
        self.change(Change { removed: Some(from.to_owned()), added: Some(to.to_owned()), node });
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let node = Node::File(self.find(path)?);
        self.change(Change { removed: Some(path.to_owned()), added: None, node });
        Ok(())
    }

    pub(super) fn sync_dir(&mut self, folder: &Path) -> io::Result<()> {
        if !self.is_folder(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let (now, later) = std::mem::take(&mut self.journal).into_iter().partition(|change| change.touches(folder));
        let now: Vec<Change> = now;
        self.journal = later;
        now.into_iter().for_each(|change| change.apply(&mut self.durable));
        Ok(())
    }

    pub(super) fn len(&mut self, inode: Inode) -> io::Result<u64> {
        Ok(self.content(inode)?.live.len() as u64)
    }

    pub(super) fn read(&mut self, inode: Inode, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let content = self.content(inode)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut rest = content.live.get(start..).unwrap_or_default();
        io::Read::read(&mut rest, buffer)
    }

    pub(super) fn append(&mut self, inode: Inode, bytes: &[u8]) -> io::Result<()> {
        self.content(inode)?.live.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn truncate(&mut self, inode: Inode, len: u64) -> io::Result<()> {
        self.content(inode)?.live.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    /// Makes a file's bytes durable, or poisons it where the sync fails.
    pub(super) fn sync(&mut self, inode: Inode, succeeds: bool) -> io::Result<()> {
        let content = self.content(inode)?;
        content.poisoned |= !succeeds;
        if !content.poisoned {
            content.durable.clone_from(&content.live);
        }
        Ok(())
    }

    pub(super) fn lock(&mut self, path: &Path, holder: &str) -> io::Result<Result<u64, String>> {
        if !self.live.contains_key(path) {
            self.create(path, Access::Shared)?;
        }
        if let Some((_, holder)) = self.locks.get(path) {
            return Ok(Err(holder.clone()));
        }
        self.locks_taken += 1;
        self.locks.insert(path.to_owned(), (self.locks_taken, holder.to_owned()));
        Ok(Ok(self.locks_taken))
    }

    pub(super) fn unlock(&mut self, path: &Path, serial: u64) {
        if self.locks.get(path).is_some_and(|(held, _)| *held == serial) {
            self.locks.remove(path);
        }
    }

    pub(super) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let content = |node: &Node| match node {
            Node::File(inode) => self.contents.get(*inode).map(|content| content.live.clone()),
            Node::Folder => None,
        };
        self.live.iter().filter_map(|(path, node)| Some((path.clone(), content(node)?))).collect()
    }

    /// Restarts the process, or the machine: then what `cut` leaves is both live and durable.
    pub(super) fn cut(&mut self, cut: Cut) {
        self.locks.clear();
        let mut choice = match cut {
            Cut::KeepAll => return,
            Cut::LoseUnsynced => Choice(0),
            Cut::Some(seed) => Choice(seed),
        };
        let mut keep_name = |_: &Change| cut != Cut::LoseUnsynced && choice.next().is_multiple_of(2);
        let journal = std::mem::take(&mut self.journal);
        journal.into_iter().filter(|change| keep_name(change)).for_each(|change| change.apply(&mut self.durable));
        for content in &mut self.contents {
            content.cut(cut, &mut choice);
        }
        self.drop_orphans();
        self.live = self.durable.clone();
    }

    /// A name whose folder did not survive is gone too.
    fn drop_orphans(&mut self) {
        let kept = self.durable.clone();
        let is_kept = |folder: &Path| folder == Path::new("/") || kept.get(folder) == Some(&Node::Folder);
        self.durable.retain(|path, _| path.ancestors().skip(1).all(is_kept));
    }
}

impl Content {
    fn cut(&mut self, cut: Cut, choice: &mut Choice) {
        match cut {
            Cut::KeepAll => return,
            Cut::LoseUnsynced => self.live.clone_from(&self.durable),
            Cut::Some(_) => self.keep_some(choice),
        }
        self.durable.clone_from(&self.live);
        self.poisoned = false;
    }

    /// An unsynced cut may or may not have happened; of unsynced bytes at the end any number of the first ones stays.
    fn keep_some(&mut self, choice: &mut Choice) {
        let common = self.durable.len();
        if self.live.len() < common || self.live.get(..common) != Some(&self.durable) {
            if choice.next().is_multiple_of(2) {
                self.live.clone_from(&self.durable);
            }
            return;
        }
        let kept = choice.next() % (self.live.len() - common + 1);
        self.live.truncate(common + kept);
    }
}

/// A small deterministic generator (`splitmix64`).
struct Choice(u64);

impl Choice {
    #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize
    }
}
