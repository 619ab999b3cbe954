//! `summary`: an auditor's signed verdicts on a lot, on evidence that the lot's buyer need not see.

use super::attested::Auditor;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::event_json;
use super::export::write_file;
use super::recorder::{self, Ready, open_keys};
use super::verify::{Asking, party_of};
use crate::bundle::VerifiedBundle;
use crate::envelope::Signed;
use crate::event::{Event, Payload, RuleVerdict, Summary, When};
use crate::ledger::disk::RealDisk;
use crate::policy::evaluate::answer::PolicyAnswer;
use crate::policy::summary::upstream_root;
use crate::report::verdict::{self, Detail};
use crate::value::Text;
use crate::verify::report::Report;
use std::path::PathBuf;

/// Verify a lot by one policy, and sign what came of it, for buyers from whom the supplier withholds values
///
/// The summary names the policy, the day of delivery, each rule with its verdict and the checks that were done, and is bound to
/// the events upstream of the lot that were seen. The supplier records it (`oretrail record --signed FILE`); for whoever trusts
/// the auditor it then settles the rules that it confirms, while nothing seen is added to, withdrawn, suspended or revoked.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail summary magnets.lineage.json --trust trust.toml \\
      --policy us-dfars-252.225-7052 --delivery 2027-01-15 \\
      --by 'Plumb Line Audit' -o magnets.summary.sd-jwt
  oretrail record --signed magnets.summary.sd-jwt")]
pub(crate) struct Summarise {
    #[command(flatten)]
    asking: Asking,
    /// Write the signed summary to this file (SD-JWT, RFC 9901)
    #[arg(short, long, value_name = "FILE", required_unless_present = "record")]
    output: Option<PathBuf>,
    /// Record it in the ledger at hand as well
    #[arg(long)]
    record: bool,
    /// The auditor: a name in the lineage file or a full id; by default the only party whose keys are at hand
    #[arg(long, value_name = "PARTY")]
    by: Option<String>,
    /// The key to sign with: its name or the beginning of its id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<String>,
    /// The person responsible
    #[arg(long, value_name = "NAME")]
    person: Option<Text>,
}

impl Summarise {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        self.check()?;
        let (verification, names) = self.asking.verify(context)?;
        let report = &verification.report;
        let bundle = verification.bundle.as_ref().ok_or_else(|| {
            Failure::new(
                Kind::Broken,
                "expected evidence whose integrity holds, found some that does not; nothing was signed",
            )
            .hint("`oretrail verify` says what is wrong with it")
        })?;
        let answer = report.policies.first().filter(|answer| !answer.rules.is_empty()).ok_or_else(|| {
            Failure::new(Kind::Undecided, "expected a policy that applies to the lot, found none; nothing was signed")
        })?;
        let parties: Vec<&Event> = bundle.events().collect();
        let by = self.by.as_deref().map(|by| party_of(parties.iter().copied(), by, "auditor")).transpose()?;
        let auditor = Auditor::find(context, None, by, self.key.as_deref())?;
        let body = self.body(bundle, report, answer)?;
        let when = When::At(context.now()?);
        let signed = {
            let (disk, folder) = (RealDisk, context.keys_folder()?);
            let mut keys = open_keys(context, &disk, &folder)?;
            let draft = Payload::draft(Some(auditor.party), None, when, body.into());
            keys.sign_portable(draft, &auditor.kid, &[]).map_err(|error| super::failures::from_any(error, ""))?
        };
        if let Some(out) = &self.output {
            write_file(out, signed.sd_jwt().as_bytes())?;
        }
        let hidden = report.completeness.withheld.len();
        if hidden > 0 {
            context.output.warning(&format!(
                "values of {hidden} objects are withheld from this file too: the summary says no more than could be seen"
            ));
        }
        if context.output.is_json() && !self.record {
            context.output.json(&event_json::event(&signed.event)?)?;
        } else if !context.output.is_json() {
            context.output.text(&verdict::text(report, &names, Detail::Brief))?;
        }
        context.output.remark(&format!("signed summary {} on lot {}", signed.event.id, report.subject.lot.short()));
        if self.record { record(context, signed) } else { Ok(Done::Ok) }
    }

    fn check(&self) -> Result<(), Failure> {
        match self.asking.policies.count() {
            1 if self.asking.policies.is_as_it_stands() => Ok(()),
            1 => Err(Failure::usage("expected a policy as it stands, found `--param` or `--exception`")
                .hint("a summary settles the rules of a pack, for everybody who asks by it")),
            count => Err(Failure::usage(format_args!("expected one `--policy`, found {count}"))
                .hint("a summary is about one policy; sign one for each")),
        }
    }

    fn body(&self, bundle: &VerifiedBundle, report: &Report, answer: &PolicyAnswer) -> Result<Summary, Failure> {
        let lot = report.subject.lot;
        let (root, count) = upstream_root(&bundle.upstream_ids(lot));
        let rule = |rule: &crate::policy::evaluate::answer::RuleAnswer| {
            Ok(RuleVerdict { rule: text(&rule.rule)?, verdict: rule.verdict })
        };
        let done = report.checks.iter().filter(|check| check.done);
        Ok(Summary {
            lot,
            policy: answer.policy.clone(),
            delivery: answer.delivery,
            verdicts: answer.rules.iter().map(rule).collect::<Result<_, Failure>>()?,
            checks: done.map(|check| text(&format!("{}: {}", check.name, check.note))).collect::<Result<_, _>>()?,
            upstream_count: count,
            upstream_root: root,
            person: self.person.clone(),
            hidden: Vec::new(),
        })
    }
}

fn text(words: &str) -> Result<Text, Failure> {
    words.parse().map_err(|error| Failure::new(Kind::Internal, format_args!("`{words}`: {error}")))
}

/// Records the summary like any event that was signed elsewhere.
fn record(context: &mut Context, signed: Signed) -> Result<Done, Failure> {
    let ready = Ready { signed: vec![signed], ..Ready::default() };
    recorder::record_ready(context, ready)
}
