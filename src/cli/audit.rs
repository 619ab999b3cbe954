//! `audit`: the whole ledger replayed from its files, and everything derived compared.

use super::attested::Stating;
use super::clock::patience;
use super::context::Context;
use super::error::{Done, Failure};
use super::format::count;
use super::output::Tone;
use super::verify::read_trust;
use crate::finding::{Finding, Severity};
use crate::ledger::audit::{AuditReport, Auditing, MOST_OF_A_CODE, audit, audit_with_leaves};
use crate::ledger::disk::{Disk, RealDisk};
use crate::ledger::private::DisclosureReader;
use crate::ledger::read::Reader;
use crate::ledger::state_store::StateStore;
use crate::report::verdict::severities;
use crate::rules::trust::Trust;
use crate::value::Date;
use std::path::PathBuf;
use std::sync::Arc;

/// Replay the whole ledger from its files: every signature, link, tile, root and rule; says what was not checked
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail audit --trust trust.toml
  oretrail audit --rebuild
  oretrail audit --trust trust.toml \\
      --sign-completeness ledger.complete.json --by 'Plumb Line Audit'")]
pub(crate) struct Audit {
    /// Whom to trust: authorities, laboratories
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Judge with the knowledge of this day, as 2026-11-03; by default now
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Remove the index and build it anew from the entries first
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    stating: Stating,
    /// Say everything, notes included
    #[arg(short, long)]
    verbose: bool,
}

impl Audit {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let as_of = self.as_of.map_or_else(|| context.now(), |date| Ok(date.end()))?;
        let trust = self.trust.as_deref().map_or_else(|| Ok(Trust::nobody()), read_trust)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let reader = Reader::open(Arc::clone(&disk), &context.ledger_folder()?)?;
        let values = DisclosureReader::new(Arc::clone(&disk), reader.layout());
        let index = self.index(context, &reader, &values)?;
        let auditing = Auditing { trust: &trust, as_of, index: index.as_ref() };
        // Where there is no index, names may be unknown because of damage, which the audit is to report first.
        let signer = match self.stating.signer(context, index.as_ref()) {
            Err(failure) if index.is_none() => Err(failure),
            found => Ok(found?),
        };
        let mut progress = context.output.progress("auditing entries");
        let (report, leaves) = if matches!(signer, Ok(Some(_))) {
            let mut tell = |done, all| progress.at(done, all);
            let (report, leaves) = audit_with_leaves(&disk, &reader, &values, &auditing, &mut tell)?;
            (report, Some(leaves))
        } else {
            (audit(&disk, &reader, &values, &auditing, &mut |done, all| progress.at(done, all))?, None)
        };
        progress.finish();
        if context.output.is_json() {
            context.output.json(&report)?;
        } else {
            context.output.text(&text(&report, self.verbose))?;
        }
        match (signer, leaves) {
            (Ok(Some(signer)), Some(leaves)) => signer.sign(context, &reader, &report, &leaves)?,
            (Err(failure), _) if !report.is_broken() => return Err(failure),
            _ => {}
        }
        Ok(if report.is_broken() { Done::Broken } else { Done::Ok })
    }

    /// The index to compare, if there is one; built anew if asked.
    fn index(
        &self,
        context: &Context,
        reader: &Reader,
        values: &DisclosureReader,
    ) -> Result<Option<StateStore>, Failure> {
        let mut progress = context.output.progress("building the index");
        let mut tell = |done, all| progress.at(done, all);
        let store = if self.rebuild {
            Some(StateStore::rebuild(reader, values, &mut patience(), &mut tell)?)
        } else {
            // Damage in the log is for the audit itself to report.
            StateStore::open(reader, values, &mut patience(), &mut tell).ok()
        };
        progress.finish();
        Ok(store.filter(|store| matches!(store, StateStore::Index(_))))
    }
}

fn text(report: &AuditReport, verbose: bool) -> String {
    let mut lines = vec![
        format!("{} · {} entries", Tone::Bold.paint(&report.origin), count(report.size)),
        format!("root {}", Tone::Dim.paint(report.root)),
    ];
    if let Some(until) = report.recorded_until {
        lines.push(format!("recorded until {until}"));
    }
    let of = |severity| usize::try_from(report.count(severity)).unwrap_or(usize::MAX);
    let counts = severities(of(Severity::Breach), of(Severity::Warning), of(Severity::Note));
    let (tone, word) = if report.is_broken() { (Tone::Bad, "BROKEN") } else { (Tone::Good, "SOUND") };
    lines.push(format!("{}: {counts}", tone.paint(word)));
    let shown = report.findings.iter().filter(|finding| verbose || finding.severity() != Severity::Note);
    lines.extend(shown.map(line));
    let beyond = report.counts.iter().filter(|of| of.count > MOST_OF_A_CODE);
    let beyond = beyond.filter(|of| verbose || of.code.severity() != Severity::Note);
    lines.extend(beyond.map(|of| format!("  {}: the first {MOST_OF_A_CODE} of {} are shown", of.code, of.count)));
    lines.push(String::new());
    for check in &report.checks {
        let (tone, mark) = if check.done { (Tone::Good, "checked") } else { (Tone::Doubtful, "not checked") };
        lines.push(format!("{} {}: {}", tone.paint(format_args!("{mark:<12}")), check.name, check.note));
    }
    lines.join("\n")
}

fn line(finding: &Finding) -> String {
    let tone = Tone::from(finding.severity());
    let event =
        finding.event.map(|id| format!(" {}", Tone::Dim.paint(format_args!("[{}]", id.short())))).unwrap_or_default();
    let place = finding.place.as_deref().map(|place| format!(" at {place}")).unwrap_or_default();
    format!("  {}{event}: expected {}, found {}{place}", tone.paint(finding.code), finding.expected, finding.found)
}
