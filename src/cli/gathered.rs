//! The evidence on a lot of the ledger at hand, for whoever judges it there: nobody exports it, and no key is needed.

use super::context::Context;
use super::error::Failure;
use super::export::{imported, last_time, not_written};
use crate::bundle::{BundleFile, Gather, UnverifiedBundle, Vouched, WriteError, gather};
use crate::ledger::disk::RealDisk;
use crate::ledger::{LineageSource, Snapshot, stated_leaves, statement_leaves};
use crate::value::LotId;

/// Gathers the evidence on a lot: with the statement that is kept beside the log where it is up to date, or else with every
/// entry read.
pub(crate) fn gathered(context: &Context, snapshot: &Snapshot, lot: LotId) -> Result<UnverifiedBundle, Failure> {
    let size = snapshot.reader().size();
    let foreign = imported(snapshot, lot, size)?;
    let find = snapshot.find();
    if let Some((leaves, note)) = stated_leaves(&RealDisk, snapshot, &*find, None, &mut |_, _| {})? {
        match with(snapshot, lot, &foreign, Vouched::Signed(&*leaves, &note))? {
            // The leaves that are kept do not follow from the log.
            Err(WriteError::Uncovered(_)) => {}
            gathered => return gathered.map_err(not_written),
        }
    }
    let mut progress = context.output.progress("reading entries");
    let leaves = statement_leaves(snapshot, size, &mut |done, all| progress.at(done, all))?;
    progress.finish();
    with(snapshot, lot, &foreign, Vouched::Read(&leaves))?.map_err(not_written)
}

fn with(
    snapshot: &Snapshot,
    subject: LotId,
    foreign: &[BundleFile],
    vouched: Vouched<'_>,
) -> Result<Result<UnverifiedBundle, WriteError>, Failure> {
    let until = last_time(snapshot, snapshot.reader().size())?;
    Ok(gather(&LineageSource::new(snapshot), &Gather { subject, until, foreign, vouched }))
}
