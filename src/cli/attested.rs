//! Auditors at this machine, and their completeness statements: signed after an audit, read for an export.

use super::archive::resolve;
use super::context::Context;
use super::error::{Failure, Kind};
use super::export::write_file;
use super::failures::from_any;
use super::recorder::open_keys;
use crate::bundle::{LeafTree, MAX_STATED, STATED_VERSION, Stated, StatedFile, auditor_key};
use crate::interop::batch::Wanted;
use crate::keys::KeyRole;
use crate::ledger::Signers as _;
use crate::ledger::audit::AuditReport;
use crate::ledger::disk::{RealDisk, read_whole};
use crate::ledger::read::Reader;
use crate::ledger::state_store::StateStore;
use crate::tlog::nodes::TreeHead;
use crate::value::{KeyId, PartyId};
use std::path::{Path, PathBuf};

/// Options by which an auditor signs that nothing is left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Stating {
    /// Sign a completeness statement over what was replayed, and write it to this file, for `oretrail export --statement`
    ///
    /// It is signed only where the replay found no fault in signatures, links, tree and admission. It counts for whoever
    /// names the auditor in the trust file.
    #[arg(long, value_name = "FILE")]
    sign_completeness: Option<PathBuf>,
    /// The auditor who signs: a party's name or the beginning of its id; by default the only party whose key is at hand
    #[arg(long, value_name = "PARTY", requires = "sign_completeness")]
    by: Option<String>,
    /// The key to sign with: its name or the beginning of its id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, requires = "sign_completeness")]
    key: Option<String>,
}

/// Who signs, with which key.
pub(crate) struct Auditor {
    pub(crate) party: PartyId,
    pub(crate) kid: KeyId,
    /// Whether the ledger knows the key as the party's, and has not revoked it.
    is_registered: bool,
}

/// Who signs a statement, and where to.
pub(crate) struct Signer {
    file: PathBuf,
    auditor: Auditor,
}

impl Stating {
    /// Who is to sign, if anybody; found before the audit, which may take long.
    pub(crate) fn signer(&self, context: &Context, state: Option<&StateStore>) -> Result<Option<Signer>, Failure> {
        let Some(file) = self.sign_completeness.clone() else { return Ok(None) };
        let by = self.by.as_deref().map(|text| party(text, state)).transpose()?;
        Ok(Some(Signer { file, auditor: Auditor::find(context, state, by, self.key.as_deref())? }))
    }
}

impl Auditor {
    /// A key of a party at hand: the named ones, or the first of the only party that there are keys of.
    pub(crate) fn find(
        context: &Context,
        state: Option<&StateStore>,
        by: Option<PartyId>,
        key: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut fitting = Vec::new();
        let keys = match key {
            Some(key) => vec![context.find_key(key)?],
            None => context.store()?.list()?,
        };
        for key in keys.iter().filter(|key| key.info.role == KeyRole::Party) {
            let record = state.map(|state| state.find().key(&key.info.kid)).transpose()?.flatten();
            if record.as_ref().is_some_and(|record| record.revoked.is_some()) {
                continue;
            }
            let owner = record.as_ref().map(|record| record.party).or(key.info.party);
            let Some(party) = owner.filter(|owner| by.is_none_or(|by| by == *owner)) else { continue };
            fitting.push(Self { party, kid: key.info.kid, is_registered: record.is_some() });
        }
        let first = fitting.first().map(|auditor| auditor.party);
        if fitting.iter().any(|auditor| Some(auditor.party) != first) {
            return Err(Failure::usage("expected `--by PARTY`, found none and keys of several parties")
                .hint("`oretrail key list` shows whose keys are at hand"));
        }
        fitting.into_iter().next().ok_or_else(|| {
            let found = format!("expected a key in force of the party that signs, found none among {}", keys.len());
            Failure::usage(found).hint("`oretrail key list` shows the keys at hand and whose they are")
        })
    }
}

fn party(text: &str, state: Option<&StateStore>) -> Result<PartyId, Failure> {
    match (text.parse(), state) {
        (Ok(id), _) => Ok(id),
        (_, Some(state)) => resolve(&*state.find(), Wanted::Party, text),
        (_, None) => Err(Failure::usage(format_args!("expected the full id of a party, found `{text}`"))
            .hint("without an index names are not known; `oretrail audit --rebuild` makes it")),
    }
}

impl Signer {
    /// Signs the statement over these leaves, where the audit found the log to be without a fault.
    pub(crate) fn sign(
        self,
        context: &mut Context,
        reader: &Reader,
        report: &AuditReport,
        leaves: &LeafTree,
    ) -> Result<(), Failure> {
        let Some(checkpoint) = reader.checkpoint().filter(|_| report.is_replayed()) else {
            return Err(Failure::new(
                Kind::Broken,
                "expected a ledger that replays without a fault, found one with those above; no statement was signed",
            )
            .hint("`oretrail explain CODE` says what each means"));
        };
        let disk = RealDisk;
        let keys_folder = context.keys_folder()?;
        let mut keys = open_keys(context, &disk, &keys_folder)?;
        let key = keys.key(&self.auditor.kid).map_err(|cause| from_any(cause, ""))?;
        let public = crate::value::PublicKey::from(&*key);
        let none = || Failure::new(Kind::Internal, "expected an id that can name a key");
        let name = auditor_key(self.auditor.party, public).ok_or_else(none)?;
        let head = TreeHead { size: reader.size(), root: reader.root() };
        let note = leaves.sign(reader.identity().ledger(), head, &name, &*key);
        let note = note.map_err(|error| Failure::new(Kind::Internal, error))?;
        let (checkpoint, statement) = (checkpoint.to_string(), note.to_string());
        let file = StatedFile { v: STATED_VERSION, checkpoint, statement };
        let text = serde_json::to_string_pretty(&file).map_err(|error| Failure::new(Kind::Internal, error))?;
        write_file(&self.file, format!("{text}\n").as_bytes())?;
        let (size, place) = (head.size, self.file.display());
        context.output.remark(&format!("signed that nothing is left out up to size {size}: {place}"));
        if !self.auditor.is_registered {
            context.output.hint(&format!(
                "the ledger does not know the key: it counts where the trust file gives it, as `keys = [\"{public}\"]` of \
                 auditor {}",
                self.auditor.party
            ));
        }
        Ok(())
    }
}

/// Reads a statement file; nothing is known of its signatures.
pub(crate) fn read_stated(path: &Path) -> Result<Stated, Failure> {
    let bytes = read_whole(&RealDisk, path, MAX_STATED as u64)?;
    StatedFile::read(&bytes).map_err(|error| {
        Failure::usage(format_args!("{} is no statement file: {error}", path.display()))
            .hint("an auditor writes it with `oretrail audit --sign-completeness FILE`")
    })
}
