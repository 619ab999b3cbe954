//! `import`: a supplier's lineage file, verified, pinned, and its hand-offs taken over.
//!
//! What the import says in clear is read from the verified file; nobody types it. The file itself becomes part of the
//! ledger, so that a later export passes its evidence on.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::recorder;
use super::recording::{Body as Members, Period, Recording};
use super::verify::{read_bundle, read_trust};
use crate::bundle::{Asked, VerifiedBundle};
use crate::envelope::Signed;
use crate::event::{self, Body, Event, Pin, Taken, TakenKind, TakenLot, Verdict};
use crate::finding::{Finding, Severity};
use crate::ledger::Blob;
use crate::ledger::content::ContentKind;
use crate::rules::trust::Trust;
use crate::state::{DispatchRecord, Find};
use crate::value::{LedgerId, LotId, PartyId};
use crate::verify::report::{LedgerReport, Report};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Take over what a supplier's or customer's lineage file says: dispatches bound for this ledger, answers to ours.
///
/// The file is verified first. Its ledgers are pinned: a later file must extend them. Afterwards `oretrail receive` answers
/// a dispatch that was taken over; the answer goes home in a file that the other side imports.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail import carbonate.lineage.json --trust trust.toml \\
      --by 'Gebeng Separation Sdn'
  oretrail import other-history.lineage.json --inconsistent")]
pub(crate) struct Import {
    /// The lineage file
    file: PathBuf,
    /// Whom to trust
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Keep the file as evidence although its ledger does not extend what was pinned before; nothing is taken over
    #[arg(long)]
    inconsistent: bool,
    #[command(flatten)]
    recording: Recording,
}

impl Import {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let name = self.file.display().to_string();
        let trust = self.trust.as_deref().map_or_else(|| Ok(Trust::nobody()), read_trust)?;
        let bundle = read_bundle(&self.file)?;
        let registrations = bundle.signed_registrations();
        let verification = bundle.verify(&Asked { trust: &trust, as_of: context.now()?, recipient: None })?;
        let report = verification.report;
        let verified = verification.bundle.ok_or_else(|| not_sound(&name, &report))?;
        let archive = Archive::open(context)?;
        let state = archive.find();
        let own = archive.snapshot.reader().identity().ledger();
        let mut pins = Vec::new();
        for ledger in report.ledgers.iter().filter(|ledger| ledger.ledger != own) {
            pins.push(self.pin(&*state, &verified, ledger)?);
        }
        if pins.is_empty() {
            return Err(Failure::usage(format_args!(
                "expected evidence of another ledger in {name}, found only our own"
            ))
            .hint("a file of this ledger needs no import"));
        }
        if !self.inconsistent && report.overall() == Verdict::Contradicted {
            return Err(contradicted(&name, &report));
        }
        let taking = Taking { state: &*state, verified: &verified, own };
        let taken = if self.inconsistent { Vec::new() } else { taking.all(&pins)? };
        let signed = missing_parties(&*state, registrations, &taken)?;
        if taken.is_empty() {
            context
                .output
                .remark("nothing in it is bound for this ledger and open: its ledgers are pinned, the file is kept");
        }
        let file = report.bundle.as_ref().ok_or_else(|| Failure::new(Kind::Internal, "a file without a digest"))?;
        let digest = file.blake3;
        let body = Members::new()
            .list("ledgers", values(&pins)?)
            .list("taken", values(&taken)?)
            .with("bundle", Some(digest.to_string()));
        let mut steps = self.recording.step(context, event::Kind::Import, &Period::default(), body)?;
        steps.documents.push(Blob { kind: ContentKind::Import, path: self.file.clone(), digest });
        steps.signed = signed;
        drop(state);
        drop(archive);
        recorder::record(context, &self.recording, steps)
    }

    /// The pin of a ledger: whether it extends what was pinned before.
    fn pin(&self, state: &dyn Find, verified: &VerifiedBundle, found: &LedgerReport) -> Result<Pin, Failure> {
        let (ledger, size, root) = (found.ledger, found.size, found.root);
        let pin = |consistent| Pin { ledger, size, root, consistent };
        let Some(before) = state.pin(&ledger)? else { return Ok(pin(true)) };
        let at = verified.heads(&ledger).into_iter().find(|head| head.size == before.size);
        let origin = &found.origin;
        match at.map(|head| head.root == before.root) {
            Some(true) => Ok(pin(true)),
            _ if self.inconsistent => Ok(pin(false)),
            Some(false) => Err(Failure::new(
                Kind::Broken,
                format_args!(
                    "expected root {} of {origin} at size {}, as it was pinned, found another: the log shows two histories",
                    before.root, before.size
                ),
            )
            .hint("keep it as evidence with `--inconsistent`; nothing is taken over then")
            .hint("the two signed checkpoints prove it: show them to whoever trusts this ledger")),
            None => Err(Failure::new(
                Kind::Undecided,
                format_args!(
                    "expected proof that {origin} at size {size} extends what was pinned at size {}, found none",
                    before.size
                ),
            )
            .hint("ask for a file exported with `--since` the one that was imported last; `imports/` has it")),
        }
    }
}

/// A file whose integrity does not hold says nothing.
fn not_sound(name: &str, report: &Report) -> Failure {
    let breaches = report.integrity.findings.iter().filter(|finding| finding.severity() == Severity::Breach);
    let lines: Vec<String> = breaches.take(3).map(Finding::to_string).collect();
    Failure::new(Kind::Broken, format_args!("{name} is not sound, nothing was recorded:\n  {}", lines.join("\n  ")))
        .hint("get the file again from its exporter; `oretrail verify` says all that is wrong with it")
}

fn contradicted(name: &str, report: &Report) -> Failure {
    let reasons = report.verdicts.iter().filter(|answer| answer.verdict == Verdict::Contradicted);
    let lines: Vec<String> =
        reasons.flat_map(|answer| answer.why.iter().take(1)).map(|reason| reason.text.clone()).collect();
    Failure::new(
        Kind::Broken,
        format_args!("{name} contradicts itself, nothing was recorded:\n  {}", lines.join("\n  ")),
    )
    .hint("`oretrail verify` says all that is wrong with it; `--inconsistent` keeps it as evidence")
}

fn values<T: serde::Serialize>(items: &[T]) -> Result<Vec<serde_json::Value>, Failure> {
    Ok(items.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

/// Registrations of senders and receivers that this ledger lacks, as they were signed.
fn missing_parties(state: &dyn Find, known: Vec<Signed>, taken: &[Taken]) -> Result<Vec<Signed>, Failure> {
    let mut wanted: BTreeSet<PartyId> = taken.iter().flat_map(|taken| [taken.from, taken.to]).collect();
    let mut missing = Vec::new();
    for signed in known {
        let party = signed.event.issuer();
        if wanted.remove(&party) && state.party(&party)?.is_none() {
            missing.push(signed);
        }
    }
    Ok(missing)
}

/// What of a verified file is open here.
struct Taking<'a> {
    state: &'a dyn Find,
    verified: &'a VerifiedBundle,
    own: LedgerId,
}

impl Taking<'_> {
    fn all(&self, pins: &[Pin]) -> Result<Vec<Taken>, Failure> {
        let mut found = Vec::new();
        for event in self.verified.events() {
            let Some(at) = self.verified.position(&event.id).filter(|at| at.ledger != self.own) else { continue };
            if !pins.iter().any(|pin| pin.ledger == at.ledger && pin.consistent) {
                continue;
            }
            let taken = match &event.payload.body {
                Body::Dispatch(body) if body.to_ledger == self.own => self.dispatch(event, body)?,
                Body::Receive(body) => self.answer(event, body)?,
                _ => None,
            };
            found.extend(taken.map(|taken| Taken { ledger: at.ledger, index: at.index, ..taken }));
        }
        found.sort_by_key(|taken| taken.index);
        Ok(found)
    }

    /// Lots of a dispatch that are on their way here and not taken over yet.
    fn dispatch(&self, event: &Event, body: &event::Dispatch) -> Result<Option<Taken>, Failure> {
        let known = self.state.dispatch(&event.id)?;
        let is_open = |lot: &LotId| known.as_ref().is_none_or(|known| !known.lots.contains(lot));
        let open = body.lots.iter().map(|head| head.lot).filter(is_open);
        let lots: Vec<TakenLot> = open.filter_map(|lot| self.lot(lot, None)).collect();
        Ok((!lots.is_empty()).then(|| Taken {
            kind: TakenKind::Dispatch,
            event: event.id,
            ledger: self.own,
            index: 0,
            from: event.issuer(),
            to: body.to,
            to_ledger: body.to_ledger,
            dispatch: None,
            lots,
        }))
    }

    /// Lots of a dispatch of this ledger that were answered elsewhere and are open here.
    fn answer(&self, event: &Event, body: &event::Receive) -> Result<Option<Taken>, Failure> {
        let Some(known) = self.state.dispatch(&body.dispatch)?.filter(|known| known.home == self.own) else {
            return Ok(None);
        };
        let DispatchRecord { from, to, to_ledger, answered, .. } = known;
        let is_open = |lot: &LotId| !answered.iter().any(|(other, _)| other == lot);
        let lines = body.lots.iter().filter(|line| is_open(&line.lot));
        let lots: Vec<TakenLot> = lines.filter_map(|line| self.lot(line.lot, Some(line.outcome))).collect();
        Ok((!lots.is_empty()).then_some(Taken {
            kind: TakenKind::Receive,
            event: event.id,
            ledger: self.own,
            index: 0,
            from,
            to,
            to_ledger,
            dispatch: Some(body.dispatch),
            lots,
        }))
    }

    /// A lot as the event that created it describes it; nothing where that event is not in the file.
    fn lot(&self, lot: LotId, outcome: Option<event::Outcome>) -> Option<TakenLot> {
        let created = self.verified.event(&lot.event)?.payload.body.outputs().get(usize::from(lot.output))?;
        Some(TakenLot { lot, form: created.form, elements: created.elements.clone(), outcome })
    }
}
