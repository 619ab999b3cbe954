//! `export`: the lineage of a lot in one file, which anyone verifies offline.

use super::archive::Archive;
use super::attested::read_stated;
use super::clock::patience;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::failures::from_any;
use super::format::count;
use super::recorder::open_keys;
use crate::bundle::{
    BundleFile, Export as Exported, GROUPS, LeafTree, MAX_BUNDLE_BYTES, MAX_DOCUMENT_BYTES, Stated, Withhold,
    WriteError, write,
};
use crate::event;
use crate::finding::Code;
use crate::keys::KeysAtHand;
use crate::ledger::content::{ContentKind, ContentStore};
use crate::ledger::disk::{Access, RealDisk, read_whole, replace_durably};
use crate::ledger::{
    LineageSource, Signers as _, Snapshot, Stated as StatedLeaves, completeness, stated_leaves, statement_leaves,
};
use crate::lineage::{ViewGraph, upstream};
use crate::state::Find;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::note::SignedNote;
use crate::value::{Blake3, EventId, KeyId, LotId, PartyId};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Write the lineage of a lot to one file that anyone can verify offline
///
/// The file holds the events upstream of the lot, the identities, sites and accreditations they need, and the proofs that
/// the ledger records them. Withheld values stay provable: whoever gets them later can check them against the file.
#[derive(Debug, clap::Args)]
#[command(after_help = withhold_help())]
pub(crate) struct Export {
    /// The lot: its label or the beginning of its id
    lot: String,
    /// The file to write, usually `*.lineage.json`
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The recipient the file is made for: a party's name or the beginning of its id
    #[arg(long = "for", value_name = "PARTY")]
    recipient: Option<String>,
    /// Values to keep back: groups or leaf names, separated by commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    withhold: Vec<String>,
    /// An event to leave out, declared as a hole; may be repeated
    #[arg(long, value_name = "EVENT")]
    hole: Vec<EventId>,
    /// A lineage file or checkpoint of this ledger that the recipient has: the new one is proven to extend it; may be repeated
    #[arg(long, value_name = "FILE")]
    since: Vec<PathBuf>,
    /// A completeness statement that an auditor signed (`oretrail audit --sign-completeness`): the file shows the ledger as it
    /// was then, on the auditor's word; the log's key signs it as well where it is at hand
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// Put the attached documents that are kept here, or came with imported files, into the file: each at most 16 MiB
    ///
    /// Those whose `docs` are withheld are left out.
    #[arg(long)]
    documents: bool,
    /// Who exports it: a party's name or the beginning of its id; by default the party whose keys are at hand
    #[arg(long, value_name = "PARTY")]
    by: Option<String>,
    /// The key to sign with: its name or the beginning of its id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<String>,
}

fn withhold_help() -> String {
    let groups: Vec<String> =
        GROUPS.iter().map(|(group, leaves)| format!("  {group:<12} {}", leaves.join(", "))).collect();
    format!(
        "Groups of --withhold:\n{}\n\nExample:\n  oretrail export magnets-26-07 -o magnets.lineage.json \\
      --for 'Harrier Defence' --withhold prices",
        groups.join("\n")
    )
}

/// What is exported, with names resolved.
pub(crate) struct Job {
    pub(crate) lot: LotId,
    pub(crate) by: Option<PartyId>,
    pub(crate) key: Option<KeyId>,
    pub(crate) recipient: Option<PartyId>,
    pub(crate) withhold: Withhold,
    pub(crate) holes: Vec<EventId>,
    pub(crate) since: Vec<SignedCheckpoint>,
    /// A statement of an auditor, to be used in place of the log's.
    pub(crate) stated: Option<Stated>,
    /// Whether attached documents are passed on.
    pub(crate) documents: bool,
}

impl Export {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let withhold = Withhold::parse(self.withhold.iter().map(String::as_str))
            .map_err(|error| Failure::usage(format_args!("--withhold: {error}")))?;
        let archive = Archive::open(context)?;
        let party = |text: &Option<String>| text.as_deref().map(|text| archive.party(text)).transpose();
        let job = Job {
            lot: archive.lot_id(&self.lot)?,
            by: party(&self.by)?,
            key: self.key.as_deref().map(|key| context.find_key(key)).transpose()?.map(|entry| entry.info.kid),
            recipient: party(&self.recipient)?,
            withhold,
            holes: self.hole.clone(),
            since: since(&archive, &self.since)?,
            stated: self.statement.as_deref().map(read_stated).transpose()?,
            documents: self.documents,
        };
        drop(archive);
        let text = bundle(context, &job)?;
        write_file(&self.output, text.as_bytes())?;
        if context.output.is_json() {
            let blake3 = Blake3::of(text.as_bytes());
            context.output.json(
                &serde_json::json!({ "file": self.output, "bytes": text.len(), "blake3": blake3, "lot": job.lot }),
            )?;
        } else {
            context.output.text(&format!("wrote {} ({} bytes)", self.output.display(), count(text.len())))?;
            context.output.hint(&format!("the recipient checks it with `oretrail verify {}`", self.output.display()));
        }
        Ok(Done::Ok)
    }
}

/// Opens the ledger of the context for reading.
pub(crate) fn open_snapshot(context: &Context) -> Result<Snapshot, Failure> {
    let mut progress = context.output.progress("reading entries");
    let snapshot = Snapshot::open(Arc::new(RealDisk), &context.ledger_folder()?, &mut patience(), &mut |done, all| {
        progress.at(done, all);
    })?;
    progress.finish();
    context.watch(snapshot.values().noticed());
    Ok(snapshot)
}

/// The lineage file of a lot of the context's ledger.
pub(crate) fn bundle(context: &mut Context, job: &Job) -> Result<String, Failure> {
    let keys_folder = context.keys_folder()?;
    let disk = RealDisk;
    let mut keys = open_keys(context, &disk, &keys_folder)?;
    let snapshot = open_snapshot(context)?;
    let now = context.now()?;
    let (by, kid) = exporter(&*snapshot.find(), &keys, job)?;
    let size = job.stated.as_ref().map_or(snapshot.reader().size(), |stated| stated.statement.log.size);
    let foreign = imported(&snapshot, job.lot, size)?;
    let created = now.max(last_time(&snapshot, size.min(snapshot.reader().size()))?);
    let key = keys.key(&kid).map_err(|cause| from_any(cause, ""))?;
    let read = |digest: &Blake3| {
        let store = ContentStore::new(&RealDisk, snapshot.reader().layout(), ContentKind::Blob);
        store.get(digest, MAX_DOCUMENT_BYTES as u64).map_err(|error| error.to_string())
    };
    let export = Exported {
        subject: job.lot,
        by,
        recipient: job.recipient,
        created,
        withhold: &job.withhold,
        foreign: &foreign,
        since: job.since.clone(),
        holes: job.holes.iter().copied().collect(),
        statement: None,
        documents: if job.documents { Some(&read) } else { None },
    };
    if let Some(stated) = &job.stated {
        let (source, tree, note) = on_auditors_word(context, &snapshot, stated, &mut keys)?;
        let written = write(&source, &Exported { statement: Some((&tree, &note)), ..export }, &key);
        let not_written = |error| match error {
            WriteError::Wrong(finding) if finding.code == Code::BadCheckpoint => {
                Failure::new(Kind::Broken, format_args!("the auditor's statement does not hold: {finding}"))
            }
            other => not_written(other),
        };
        return written.map_err(not_written).map_err(|failure| {
            failure
                .hint(format_args!("the auditor's statement is about the ledger up to size {size}; ask for a new one"))
        });
    }
    let mut is_again = false;
    loop {
        let find = snapshot.find();
        let mut progress = context.output.progress("stating completeness");
        let statement = statement(&snapshot, &*find, &mut keys, &mut |done, all| progress.at(done, all))?;
        progress.finish();
        if statement.is_none() {
            context.output.remark("the log's key is not on this machine: the file has no completeness statement");
            context
                .output
                .hint("ask the operator of the ledger to export it; without the statement nothing is confirmed");
        }
        let statement = statement.as_ref().map(|(leaves, note)| (&**leaves, note));
        match write(&LineageSource::new(&snapshot), &Exported { statement, ..export.clone() }, &key) {
            // The leaves that are kept do not follow from the log: they are made from it.
            Err(WriteError::Uncovered(_)) if !is_again => {
                is_again = true;
                completeness::forget(&disk, snapshot.reader().layout())?;
            }
            written => return written.map_err(not_written),
        }
    }
}

/// The ledger as it was when an auditor signed a statement, the leaves of that state, and the statement; with a line of the
/// log as well where its key is at hand.
fn on_auditors_word<'a>(
    context: &Context,
    snapshot: &'a Snapshot,
    stated: &Stated,
    keys: &mut KeysAtHand<'_>,
) -> Result<(LineageSource<'a>, LeafTree, SignedNote), Failure> {
    let identity = snapshot.reader().identity();
    let (size, ledger) = (stated.statement.log.size, stated.statement.ledger);
    let other = |found: &dyn std::fmt::Display| {
        Failure::new(Kind::Broken, format_args!("expected a statement about this ledger at size {size}, found {found}"))
            .hint("two signed histories of one ledger prove misconduct: keep the file, and compare with the auditor's copy")
    };
    if ledger != identity.ledger() {
        return Err(Failure::usage(format_args!("expected a statement about this ledger, found one about {ledger}")));
    }
    let checkpoint = identity.verify(&stated.checkpoint).map_err(|error| other(&error))?;
    let vkey = checkpoint.key().clone();
    let source = LineageSource::earlier(snapshot, checkpoint).map_err(|error| other(&error))?;
    let mut progress = context.output.progress("stating completeness");
    let tree = statement_leaves(snapshot, size, &mut |done, all| progress.at(done, all))?;
    progress.finish();
    if tree.head() != stated.statement.leaves {
        return Err(other(&"one over other leaves than those of its entries"));
    }
    let mut note = stated.note.clone();
    if let Ok(key) = keys.key(&vkey.public_key().id()) {
        note.add_signature(&vkey, &*key).map_err(|error| Failure::new(Kind::Internal, error))?;
    }
    Ok((source, tree, note))
}

/// The checkpoints that the recipient has, from lineage files or as they are.
fn since(archive: &Archive, files: &[PathBuf]) -> Result<Vec<SignedCheckpoint>, Failure> {
    let identity = archive.snapshot.reader().identity();
    let mut found = Vec::new();
    for path in files {
        let bytes = read_whole(&RealDisk, path, MAX_BUNDLE_BYTES as u64)?;
        let notes: Vec<String> = match BundleFile::parse(&bytes) {
            Ok(file) => {
                let ours = file.ledgers.into_iter().filter(|part| part.ledger == identity.ledger());
                ours.flat_map(|part| part.checkpoints).collect()
            }
            Err(_) => String::from_utf8(bytes).into_iter().collect(),
        };
        let read = |note: &String| {
            let signed = SignedCheckpoint::parse(note.as_bytes())?;
            identity.verify(&signed).map(|_| signed)
        };
        let wrong = |error| {
            Failure::usage(format_args!("expected a checkpoint of this ledger in {}, found: {error}", path.display()))
                .hint("it is a lineage file that was exported from this ledger, or its `checkpoint` at that time")
        };
        let before = found.len();
        for note in &notes {
            found.push(read(note).map_err(wrong)?);
        }
        if found.len() == before {
            return Err(Failure::usage(format_args!(
                "expected evidence of this ledger in {}, found none",
                path.display()
            )));
        }
    }
    Ok(found)
}

/// Imported bundles that say where lots of the lineage come from, or what became of them elsewhere, as of a size.
pub(crate) fn imported(snapshot: &Snapshot, lot: LotId, size: u64) -> Result<Vec<BundleFile>, Failure> {
    let find = snapshot.find();
    let lineage = upstream(&ViewGraph(&*find), lot)?;
    let mut digests = BTreeSet::new();
    for lot in lineage.lots.keys().chain([&lot]) {
        for by in find.named_by(&lot.event)? {
            if find.event(&by)?.is_none_or(|record| record.kind != event::Kind::Import || record.index >= size) {
                continue;
            }
            let Some(recorded) = snapshot.event(&by)? else { continue };
            if let event::Body::Import(body) = &recorded.event.payload.body
                && body.taken.iter().any(|taken| taken.lots.iter().any(|line| line.lot == *lot))
            {
                digests.insert(body.bundle);
            }
        }
    }
    let layout = snapshot.reader().layout();
    let store = ContentStore::new(&RealDisk, layout, ContentKind::Import);
    let mut files = Vec::new();
    for digest in digests {
        let bytes = store.get(&digest, MAX_BUNDLE_BYTES as u64)?.ok_or_else(|| {
            Failure::new(Kind::Undecided, format_args!("expected the imported file {digest} in `imports/`, found none"))
                .hint("put the supplier's file back there, under its BLAKE3 as its name")
        })?;
        let read = BundleFile::parse(&bytes).map_err(|error| {
            Failure::new(Kind::Broken, format_args!("imports/{digest} is no lineage file: {error}"))
        })?;
        files.push(read);
    }
    Ok(files)
}

pub(crate) fn last_time(snapshot: &Snapshot, size: u64) -> Result<crate::value::Time, Failure> {
    let last =
        size.checked_sub(1).ok_or_else(|| Failure::usage("expected a ledger with entries, found an empty one"))?;
    let entry = snapshot.reader().entry(last)?;
    let parsed = crate::tlog::entry::EntryRef::parse(&entry).map_err(|error| Failure::new(Kind::Broken, error))?;
    Ok(parsed.recorded_at)
}

pub(crate) fn not_written(error: WriteError) -> Failure {
    match error {
        WriteError::Absent(_) => Failure::usage(error).hint("leave it out with `--hole ID`, and the file says so"),
        WriteError::Source(_) | WriteError::Entry { .. } | WriteError::Tree(_) => {
            Failure::new(Kind::Broken, error).hint("`oretrail audit` says what is damaged")
        }
        other => Failure::new(Kind::Internal, other),
    }
}

/// Who exports, with which key: as asked, or the party that holds the lot if its key is at hand, or any at hand.
fn exporter(find: &dyn Find, keys: &KeysAtHand<'_>, job: &Job) -> Result<(PartyId, KeyId), Failure> {
    let mut usable = Vec::new();
    for kid in keys.keys() {
        if let Some(record) = find.key(&kid)?.filter(|record| record.revoked.is_none()) {
            usable.push((record.party, kid));
        }
    }
    let holder = find.lot(&job.lot)?.map(|lot| lot.holder);
    let fits = |(party, kid): &&(PartyId, KeyId)| {
        job.by.is_none_or(|by| by == *party) && job.key.is_none_or(|key| key == *kid)
    };
    let mut fitting = usable.iter().filter(fits);
    let first = fitting.clone().find(|(party, _)| Some(*party) == holder).or_else(|| fitting.next());
    first.copied().ok_or_else(|| {
        Failure::usage("expected a key on this machine of a party registered in the ledger, found none that fits")
            .hint("a lineage file is signed by its exporter; `oretrail verify LOT` judges a lot of the ledger without one")
            .hint("`oretrail key list` shows the keys at hand; register with `oretrail party register`")
    })
}

/// The completeness statement: as kept beside the log, or signed by the log's key where that is at hand.
fn statement<'a>(
    snapshot: &Snapshot,
    find: &'a dyn Find,
    keys: &mut KeysAtHand<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Option<StatedLeaves<'a>>, Failure> {
    let Some(vkey) = snapshot.reader().checkpoint().map(|checkpoint| checkpoint.key().clone()) else { return Ok(None) };
    let key = keys.key(&vkey.public_key().id()).ok();
    let signer = key.as_ref().map(|key| -> completeness::LogSigner<'_> { (&vkey, &**key) });
    Ok(stated_leaves(&RealDisk, snapshot, find, signer, progress)?)
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path =
        std::path::absolute(path).map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?;
    if path.exists() && !path.is_file() {
        // The file is put in place by a rename, which would take a device away.
        return Err(Failure::usage(format_args!(
            "expected a file or a free name at {}, found neither",
            path.display()
        ))
        .hint("name a file"));
    }
    Ok(replace_durably(&RealDisk, &path, bytes, Access::Shared)?)
}
