//! `decide`: a buyer's signed decision on a lot, with the computed verdict that it stands on.

use super::context::Context;
use super::decide_alone;
use super::error::{Done, Failure};
use super::export::write_file;
use super::recorder;
use super::recording::{Body, Period, Recording};
use super::verify::{Asking, computed};
use crate::event::{Decided, Kind, Verdict};
use crate::ledger::disk::{RealDisk, read_whole};
use crate::policy::evaluate::answer::PolicyAnswer;
use crate::report::verdict::{self, Detail};
use crate::rules::trust::MAX_TRUST;
use crate::value::Blake3;
use crate::verify::report::Report;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Verify a lot, and sign the decision to accept, reject or hold it
///
/// The decision holds the computed verdict, whatever is decided, with the digests of lineage file, policies and trust file. It
/// is recorded in the ledger at hand, and written to a file with `-o`; where there is no ledger, the file is all there is.
/// `oretrail show FILE` checks it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail decide magnets.lineage.json --trust trust.toml \\
      --policy us-dfars-252.225-7052 --delivery 2026-12-31 --accept \\
      --contract HD-26-117 --clause '252.225-7052 (MAY 2024)' \\
      --reason 'all rules confirmed' -o decision.sd-jwt
  oretrail decide magnets.lineage.json --trust trust.toml \\
      --policy mine.toml --delivery 2026-12-31 --accept --despite UNPROVEN \\
      --contract HD-26-117 --reason 'assay of dysprosium follows, memo 12' \\
      -o decision.sd-jwt
  oretrail show decision.sd-jwt --against magnets.lineage.json \\
      --against trust.toml")]
pub(crate) struct Decide {
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    choice: Choice,
    /// The computed verdict, to accept a lot that is neither CONFIRMED nor EXEMPT: UNPROVEN, CONTRADICTED or 'NOT APPLICABLE'
    #[arg(long, value_name = "VERDICT")]
    despite: Option<Verdict>,
    /// Number of the contract
    #[arg(long, value_name = "NUMBER")]
    contract: String,
    /// Clause of the contract, with its edition
    #[arg(long, value_name = "CLAUSE")]
    clause: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The person who decides
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// A second approver, who cosigns: a party's name or the beginning of its id
    #[arg(long, value_name = "PARTY")]
    second_approver: Option<String>,
    /// Write the signed decision, with its values, to this file (SD-JWT, RFC 9901); needed where there is no ledger
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
        self.asking.lineage_file().ok_or_else(|| {
            Failure::usage("expected a lineage file to decide on, found something else")
                .hint("a decision names the file that it stands on: `oretrail export LOT -o FILE` writes one")
        })?;
        let has_ledger = context.has_ledger();
        let out = self.out.as_deref().filter(|_| !self.recording.dry_run);
        if !has_ledger && self.out.is_none() {
            return Err(Failure::usage("expected `-o FILE` or a ledger, found neither")
                .hint("without a ledger, the file is all that there is of a decision"));
        }
        let (verification, names) = self.asking.verify(context)?;
        let report = &verification.report;
        let verdict = computed(report);
        if !context.output.is_json() {
            context.output.text(&verdict::text(report, &names, Detail::Brief))?;
        }
        self.check_despite(verdict)?;
        let body = self.body(report, verdict, digest_of(trust)?);
        let signed = if has_ledger {
            let body = body.with("second_approver", self.second_approver.clone());
            let steps = self.recording.step(context, Kind::Decision, &Period::default(), body)?;
            recorder::play(context, &self.recording, steps)?.events().last().map(|planned| planned.signed.clone())
        } else {
            let approver = self.second_approver.as_deref();
            decide_alone::sign(context, &self.recording, body, approver, verification.bundle.as_ref())?
        };
        if let (Some(out), Some(signed)) = (out, &signed) {
            write_file(out, signed.sd_jwt().as_bytes())?;
        }
        if !has_ledger {
            decide_alone::say(context, signed.as_ref().zip(out))?;
        }
        if self.choice.accept && !is_met(verdict) {
            let text = format!("accepted although the computed verdict is {verdict}; the decision says so");
            context.output.warning(&text);
        }
        Ok(Done::Ok)
    }

    /// A lot that is not shown to be what was asked for is accepted knowingly, or not at all.
    fn check_despite(&self, verdict: Verdict) -> Result<(), Failure> {
        let found = self.despite.map_or_else(|| "none".to_owned(), |named| format!("`{named}`"));
        if self.despite.is_some() && (is_met(verdict) || !self.choice.accept) {
            let why =
                if self.choice.accept { format!("the lot is {verdict}") } else { "nothing is accepted".to_owned() };
            return Err(Failure::usage(format_args!("expected no `--despite`, found {found}: {why}")));
        }
        if !self.choice.accept || is_met(verdict) || self.despite == Some(verdict) {
            return Ok(());
        }
        Err(Failure::usage(format_args!(
            "expected `--despite '{verdict}'` to accept a lot whose computed verdict is {verdict}, found {found}; nothing was \
             signed"
        ))
        .hint("say so with the reason, or `--hold` until the evidence is there; an exception is given with `--exception FILE`"))
    }

    fn body(&self, report: &Report, verdict: Verdict, trust: Blake3) -> Body {
        let judged = |answer: &PolicyAnswer| {
            let mut judged = json!({ "policy": answer.policy, "verdict": answer.verdict });
            let parameters = self.asking.policies.set_for(answer);
            if let (Value::Object(members), false) = (&mut judged, parameters.is_empty()) {
                members.insert("parameters".to_owned(), json!(parameters));
            }
            judged
        };
        let applied = |answer: &PolicyAnswer| {
            let one = answer.exceptions.iter().find(|one| one.applies)?;
            let mut applied = json!({ "policy": answer.policy.id, "kind": one.kind.as_str() });
            if let (Value::Object(members), Some(blake3)) = (&mut applied, &one.blake3) {
                members.insert("blake3".to_owned(), json!(blake3));
            }
            Some(applied)
        };
        let delivery = report.policies.iter().find_map(|answer| answer.delivery);
        Body::new()
            .with("lot", Some(report.subject.lot.to_string()))
            .with("decided", Some(self.choice.decided().as_str()))
            .with("verdict", Some(verdict.as_str()))
            .with("as_of", Some(report.as_of.to_string()))
            .list("policies", report.policies.iter().map(judged))
            .with("delivery", delivery.map(|date| date.to_string()))
            .with("bundle", report.bundle.as_ref().map(|bundle| bundle.blake3.to_string()))
            .with("trust", Some(trust.to_string()))
            .with("contract", Some(self.contract.clone()))
            .with("clause", self.clause.clone())
            .list("exceptions", report.policies.iter().filter_map(applied))
            .with("reason", Some(self.reason.clone()))
            .with("person", self.person.clone())
    }
}

const fn is_met(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Confirmed | Verdict::Exempt)
}

fn digest_of(trust: &Path) -> Result<Blake3, Failure> {
    Ok(Blake3::of(&read_whole(&RealDisk, trust, MAX_TRUST as u64)?))
}
