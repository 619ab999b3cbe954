//! `assay`: what a laboratory or scale found in a lot.

use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::notations::{MAGNETIC, REPORT, RESULTS, SAMPLE};
use super::pairs::Notation;
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::{AssayStatus, Kind, Method};
use crate::value::Date;
use serde_json::Value;

/// State what was found in a lot.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail assay ndpr-oxide --method ICP-MS --facility LAB --issued 2026-03-04 \\
      --result 'TREO=0.99+-0.004 Nd2O3/TREO=0.75+-0.01 Th=<0.0001' \\
      --sample 'id=S-114 mass=0.25 seal=774' \\
      --report 'title=\"Test report\" number=R-2026-114'")]
pub(crate) struct Assay {
    /// The lot: its label or the beginning of its id
    lot: String,
    /// How it was determined
    #[arg(long, value_parser = one_of!(Method))]
    method: String,
    /// How final it is
    #[arg(long, default_value = "final", value_parser = one_of!(AssayStatus))]
    status: String,
    /// Results as mass fractions, as 'TREO=0.55 Nd2O3/TREO=0.12+-0.01 U=<0.0001'; may be repeated
    #[arg(long, value_name = "RESULTS")]
    result: Vec<String>,
    /// Magnetic properties, as 'grade=N42SH br=1.30 hcj=1650 bhmax=325 temperature=20' (T, kA/m, kJ/m³, °C)
    #[arg(long, value_name = "PROPERTIES")]
    magnetic: Option<String>,
    /// The sample, as 'id=S-1 mass=0.25 seal=774 sampler="…" plan="…"'
    #[arg(long, value_name = "SAMPLE")]
    sample: Option<String>,
    /// The certificate, as 'title="Test report" number=R-1 authorized-by="…"'
    #[arg(long, value_name = "REPORT")]
    report: Option<String>,
    /// The laboratory's facility
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// Day of sampling
    #[arg(long, value_name = "DATE")]
    sampled: Option<Date>,
    /// Day the sample was received
    #[arg(long, value_name = "DATE")]
    received: Option<Date>,
    /// Day the work was done
    #[arg(long, value_name = "DATE")]
    performed: Option<Date>,
    /// Day of issue
    #[arg(long, value_name = "DATE")]
    issued: Option<Date>,
    /// The assay that this one replaces
    #[arg(long, value_name = "EVENT")]
    supersedes: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Assay {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let one = |notation: &Notation, text: &Option<String>| {
            text.as_ref().map(|text| notation.read(text).map(Value::Object)).transpose()
        };
        let results = (!self.result.is_empty()).then(|| self.result.join(" "));
        let results = results.map(|text| RESULTS.read(&text)).transpose()?.unwrap_or_default();
        let day = |date: Option<Date>| date.map(|date| date.to_string());
        let body = Body::new()
            .with("lot", Some(self.lot))
            .with("method", Some(self.method))
            .with("status", Some(self.status))
            .all(results)
            .with("magnetic", one(&MAGNETIC, &self.magnetic)?)
            .with("sample", one(&SAMPLE, &self.sample)?)
            .with("report", one(&REPORT, &self.report)?)
            .with("facility", self.facility)
            .with("sampled", day(self.sampled))
            .with("received", day(self.received))
            .with("performed", day(self.performed))
            .with("issued", day(self.issued))
            .with("supersedes", self.supersedes);
        let steps = self.recording.step(context, Kind::Assay, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}
