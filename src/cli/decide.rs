//! `decide`: a buyer's signed decision on a lot, with the computed verdict that it stands on.

use super::context::Context;
use super::error::{Done, Failure};
use super::export::write_file;
use super::recorder;
use super::recording::{Body, Period, Recording};
use super::verify::{Asking, computed};
use crate::event::{Decided, Kind, Verdict};
use crate::ledger::disk::{RealDisk, read_whole};
use crate::report::verdict::{self, Detail};
use crate::rules::trust::MAX_TRUST;
use crate::value::Blake3;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Verify a lot, and sign the decision to accept, reject or hold it
///
/// The decision holds the computed verdict, whatever is decided, with the digests of lineage file, policy and trust file. It is
/// recorded in the ledger at hand, and written to a file with `--out`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail decide magnets.lineage.json --trust trust.toml --policy us-dfars-252.225-7052 --delivery 2026-12-31 \
--accept --contract HD-26-117 --reason 'all rules confirmed' --by 'Harrier Defence' -o decision.sd-jwt")]
pub(crate) struct Decide {
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    choice: Choice,
    /// Contract number and clause edition
    #[arg(long, value_name = "TEXT")]
    contract: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The person who decides
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// A second approver, who cosigns: a party's name or the beginning of its id
    #[arg(long, value_name = "PARTY")]
    second_approver: Option<String>,
    /// Write the signed decision, with its values, to this file as well (SD-JWT, RFC 9901)
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    recording: Recording,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Choice {
    /// Take delivery
    #[arg(long)]
    accept: bool,
    /// Refuse delivery
    #[arg(long)]
    reject: bool,
    /// Wait for evidence
    #[arg(long)]
    hold: bool,
}

impl Choice {
    const fn decided(&self) -> Decided {
        match (self.accept, self.reject) {
            (true, _) => Decided::Accept,
            (_, true) => Decided::Reject,
            _ => Decided::Hold,
        }
    }
}

impl Decide {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let trust = self.asking.trust.as_deref().ok_or_else(|| {
            Failure::usage("expected `--trust FILE`, found none")
                .hint("a decision names the trust file that it stands on")
        })?;
        if self.asking.policies.count() > 1 {
            return Err(
                Failure::usage("expected at most one policy in a decision, found several").hint("decide once for each")
            );
        }
        context.ledger_folder()?;
        let (verification, names) = self.asking.verify(context)?;
        let report = &verification.report;
        let verdict = computed(report);
        let policy = report.policies.first();
        let exempt = policy.and_then(|answer| answer.exceptions.iter().find(|one| one.applies));
        let body = Body::new()
            .with("lot", Some(report.subject.lot.to_string()))
            .with("decided", Some(self.choice.decided().as_str()))
            .with("verdict", Some(verdict.as_str()))
            .with("policy", policy.map(|answer| json!(answer.policy)))
            .with("delivery", policy.and_then(|answer| answer.delivery).map(|date| date.to_string()))
            .with("bundle", report.bundle.as_ref().map(|bundle| bundle.blake3.to_string()))
            .with("trust", Some(digest_of(trust)?.to_string()))
            .with("second_approver", self.second_approver.clone())
            .with("contract", Some(self.contract.clone()))
            .with("exception", exempt.map(|one| one.kind.as_str()))
            .with("reason", Some(self.reason.clone()))
            .with("person", self.person.clone());
        if !context.output.is_json() {
            context.output.text(&verdict::text(report, &names, Detail::Brief))?;
        }
        let steps = self.recording.step(context, Kind::Decision, &Period::default(), body)?;
        let plan = recorder::play(context, &self.recording, steps)?;
        if let (Some(out), Some(planned), false) = (&self.out, plan.events().last(), self.recording.dry_run) {
            write_file(out, planned.signed.sd_jwt().as_bytes())?;
        }
        if self.choice.accept && !matches!(verdict, Verdict::Confirmed | Verdict::Exempt) {
            let text = format!("accepted although the computed verdict is {verdict}; the decision says so");
            context.output.warning(&text);
        }
        Ok(Done::Ok)
    }
}

fn digest_of(trust: &Path) -> Result<Blake3, Failure> {
    Ok(Blake3::of(&read_whole(&RealDisk, trust, MAX_TRUST as u64)?))
}
