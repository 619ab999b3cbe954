//! `title`: who owns lots, apart from who holds them.

use super::context::Context;
use super::error::{Done, Failure};
use super::recorder;
use super::recording::{Body, Period, Recording};
use crate::event::Kind;

/// State who owns lots from now on; who holds them stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail title ndpr-oxide --owner 'Mersey Alloys Ltd' --price '41.20 USD/kg'")]
pub(crate) struct Title {
    /// The lots: labels or the beginnings of their ids
    #[arg(required = true)]
    lot: Vec<String>,
    /// The new owner
    #[arg(long, value_name = "PARTY")]
    owner: String,
    /// Price and currency, in words
    #[arg(long, value_name = "TEXT")]
    price: Option<String>,
    #[command(flatten)]
    recording: Recording,
}

impl Title {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let body = Body::new().list("lots", self.lot).with("owner", Some(self.owner)).with("price", self.price);
        let steps = self.recording.step(context, Kind::Title, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }
}
