//! `verify`: a lineage file, offline: who holds the lot, and what is confirmed, contradicted or unproven.

use super::archive::Archive;
use super::claims::Claims;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::export;
use super::gathered::gathered;
use super::kept::read_text;
use super::policies::Policies;
use super::recording::ending;
use crate::bundle::{Asked, MAX_BUNDLE_BYTES, UnverifiedBundle, Verification};
use crate::event::{Body, Event, Verdict};
use crate::ledger::disk::{RealDisk, create_dirs, read_sequentially};
use crate::report::names::Names;
use crate::report::verdict::{self, Detail};
use crate::rules::trust::{MAX_TRUST, Trust};
use crate::value::{Date, PartyId, Text};
use crate::verify::report::Report;
use std::path::{Path, PathBuf};

/// Verify a lineage file, or a lot of a ledger: who holds it, and what is confirmed, contradicted or unproven
///
/// Needs no network and no ledger: the file and the trust file are all there is. Without a trust file nobody is trusted,
/// and what needs trust is unproven.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail verify magnets.lineage.json --trust trust.toml \\
      --recipient 'Harrier Defence'
  oretrail verify magnets-26-07 --trust trust.toml
  oretrail verify magnets.lineage.json --trust trust.toml \\
      --claim 'origin Nd US,AU >= 0.9' --spec magnet-n42sh
  oretrail verify magnets.lineage.json --trust trust.toml \\
      --policy us-dfars-252.225-7052 --delivery 2027-01-15

Exit codes: 0 all confirmed or exempt, 1 something is contradicted or broken, 3 something is unproven or not applicable.")]
pub(crate) struct Verify {
    #[command(flatten)]
    asking: Asking,
    /// Say everything: all reasons, notes and checks
    #[arg(short, long)]
    verbose: bool,
    /// Write the documents that the file brings to this folder, each named by its BLAKE3, once its integrity holds
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
}

/// What is verified, and for whom; for every verb that verifies.
#[derive(Debug, clap::Args)]
pub(crate) struct Asking {
    /// The lineage file; or a lot of a ledger, by label or the beginning of its id
    subject: String,
    /// Whom to trust: ledgers, authorities, laboratories (`oretrail schema trust`)
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// Who is to take delivery: the lot must be on its way to this party (name or beginning of the id)
    #[arg(long, value_name = "PARTY")]
    recipient: Option<String>,
    /// Judge with the knowledge of this day, as 2026-11-03; by default now
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    #[command(flatten)]
    pub(crate) policies: Policies,
    #[command(flatten)]
    claims: Claims,
}

impl Verify {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let detail = if self.verbose { Detail::Full } else { Detail::Brief };
        let (verification, names) = self.asking.verify(context)?;
        let done = say(context, &verification, &names, detail)?;
        if let Some(folder) = &self.documents {
            write_documents(context, folder, &verification)?;
        }
        if self.asking.trust.is_none() {
            context.output.hint("nobody is trusted without a trust file: say whom with `--trust FILE`");
        }
        Ok(done)
    }
}

/// Writes the documents that were passed on, named by their digests: what they are called is their exporter's word.
fn write_documents(context: &mut Context, folder: &Path, verification: &Verification) -> Result<(), Failure> {
    let Some(bundle) = &verification.bundle else {
        return Err(Failure::new(Kind::Broken, "the integrity of the file does not hold: no document was written"));
    };
    create_dirs(&RealDisk, &std::path::absolute(folder).map_err(Failure::usage)?)?;
    for document in bundle.documents() {
        let Some(bytes) = document.bytes() else { continue };
        let named = verification.report.documents.iter().find(|one| one.blake3 == document.blake3);
        let media_type = named.and_then(|one| one.media_type.as_ref()).map(Text::as_str);
        let ending = ending(media_type).map(|ending| format!(".{ending}")).unwrap_or_default();
        export::write_file(&folder.join(format!("{}{ending}", document.blake3)), &bytes)?;
    }
    context.output.remark(&format!("wrote {} documents to {}", bundle.documents().len(), folder.display()));
    Ok(())
}

impl Asking {
    /// The lineage file, where one is named.
    pub(crate) fn lineage_file(&self) -> Option<&Path> {
        Some(Path::new(&self.subject)).filter(|path| path.is_file() || looks_like_a_file(&self.subject))
    }

    /// Verifies, judges by the policies asked about, and gives the names of things.
    pub(crate) fn verify(&self, context: &mut Context) -> Result<(Verification, Names), Failure> {
        let as_of = self.as_of.map_or_else(|| context.now(), |date| Ok(date.end()))?;
        let trust = self.trust.as_deref().map_or_else(|| Ok(Trust::nobody()), read_trust)?;
        let asked = self.policies.read()?;
        let bundle = evidence(context, &self.subject)?;
        let recipient = self.recipient.as_deref().map(|wanted| find_party(&bundle, wanted)).transpose()?;
        let asked_claims = self.claims.read(&bundle, &asked.packs)?;
        let mut verification = bundle.verify(&Asked { trust: &trust, as_of, recipient })?;
        let names: Names = verification.mentioned().collect();
        asked.judge(&mut verification, &asked_claims)?;
        Ok((verification, names))
    }
}

/// The evidence of the lineage file, or on the lot of the ledger.
pub(crate) fn evidence(context: &mut Context, subject: &str) -> Result<UnverifiedBundle, Failure> {
    let path = Path::new(subject);
    if path.is_file() {
        return read_bundle(path);
    }
    if looks_like_a_file(subject) {
        return Err(Failure::usage(format_args!("expected a lineage file, found no file {}", subject)));
    }
    let archive = Archive::open(context)?;
    let lot = archive.lot_id(subject)?;
    gathered(context, &archive.snapshot, lot)
}

fn looks_like_a_file(subject: &str) -> bool {
    subject.ends_with(".json") || subject.contains(std::path::MAIN_SEPARATOR)
}

/// Reads a trust file.
pub(crate) fn read_trust(path: &Path) -> Result<Trust, Failure> {
    let text = read_text(path, MAX_TRUST as u64)?;
    let wrong = |problem: &dyn std::fmt::Display| {
        Failure::usage(format_args!("{}: {problem}", path.display()))
            .hint("`oretrail schema trust` describes the trust file")
    };
    Trust::parse(&text).map_err(|error| wrong(&error))
}

/// Reads a lineage file that nothing is known about.
pub(crate) fn read_bundle(path: &Path) -> Result<UnverifiedBundle, Failure> {
    let file = read_sequentially(&RealDisk, path, MAX_BUNDLE_BYTES as u64)?;
    UnverifiedBundle::read_from(file).map_err(|error| {
        Failure::new(Kind::Broken, format_args!("{} is no lineage file: {error}", path.display()))
            .hint("get the file again from its exporter; nothing in it can be relied on")
    })
}

/// The party of the file that a name or the beginning of an id means.
fn find_party(bundle: &UnverifiedBundle, wanted: &str) -> Result<PartyId, Failure> {
    party_of(bundle.registrations().iter(), wanted, "recipient")
}

/// The party among these events that a name or the beginning of an id means; `role` is what it is asked for as.
pub(crate) fn party_of<'a>(
    events: impl Iterator<Item = &'a Event> + Clone,
    wanted: &str,
    role: &str,
) -> Result<PartyId, Failure> {
    if let Ok(id) = wanted.parse() {
        return Ok(id);
    }
    let called = |by: &dyn Fn(&PartyId, &str) -> bool| -> Vec<(PartyId, String)> {
        let parties = events.clone().filter_map(|event| match &event.payload.body {
            Body::Party(party) => Some((PartyId::from(event.id), party.name.to_string())),
            _ => None,
        });
        parties.filter(|(id, name)| by(id, name)).collect()
    };
    let mut found = called(&|_, name| name == wanted);
    if found.is_empty() && wanted.len() >= 6 {
        found = called(&|id, name| id.to_string().starts_with(wanted) || name.starts_with(wanted));
    }
    match found.as_slice() {
        [(id, _)] => Ok(*id),
        [] => Err(Failure::usage(format_args!("expected a party of the lineage as {role}, found `{wanted}`"))
            .hint("give the full id of the party where the file does not name it")),
        several => {
            let listed: Vec<String> = several.iter().map(|(id, name)| format!("{name} ({id})")).collect();
            Err(Failure::usage(format_args!("`{wanted}` means several parties: {}", listed.join(", "))))
        }
    }
}

/// Prints a verification and says what it comes to.
pub(crate) fn say(
    context: &mut Context,
    verification: &Verification,
    names: &Names,
    detail: Detail,
) -> Result<Done, Failure> {
    let report = &verification.report;
    if context.output.is_json() {
        context.output.json(report)?;
    } else {
        context.output.text(&verdict::text(report, names, detail))?;
    }
    Ok(ended(report))
}

/// How a verb ends that verified.
pub(crate) fn ended(report: &Report) -> Done {
    match computed(report) {
        Verdict::Contradicted => Done::Broken,
        Verdict::Confirmed | Verdict::Exempt => Done::Ok,
        Verdict::Unproven | Verdict::NotApplicable => Done::Undecided,
    }
}

/// What a report comes to: a broken rule anywhere contradicts.
pub(crate) fn computed(report: &Report) -> Verdict {
    if report.is_sound() { report.overall() } else { Verdict::Contradicted }
}
