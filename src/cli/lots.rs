//! `lots`: stock; who holds and who owns what, where, and what is under way.

use super::archive::Archive;
use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::format::{count, mass};
use super::output::Rows;
use super::show_things::{lot_json, status};
use crate::event::Form;
use crate::state::{LotRecord, LotStatus};
use crate::value::{Element, FacilityId, LotId, PartyId};
use std::collections::BTreeMap;

/// List lots: who holds and owns what, where, and what is under way.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oretrail lots --holder 'Sundown Carbonate LLC' --form oxide
  oretrail lots --open")]
pub(crate) struct Lots {
    /// Only lots that this party holds or has sent off
    #[arg(long, value_name = "PARTY")]
    holder: Option<String>,
    /// Only lots that this party owns
    #[arg(long, value_name = "PARTY")]
    owner: Option<String>,
    /// Only lots that are at this facility, or left it last
    #[arg(long, value_name = "FACILITY")]
    facility: Option<String>,
    /// Only lots of this material form
    #[arg(long, value_parser = one_of!(Form), hide_possible_values = true)]
    form: Option<String>,
    /// Only lots with this element
    #[arg(long, value_name = "ELEMENT")]
    element: Option<Element>,
    /// Only lots in transit: dispatches that nobody has answered
    #[arg(long, visible_alias = "in-transit")]
    open: bool,
    /// Only lots under way to this party
    #[arg(long, value_name = "PARTY")]
    to: Option<String>,
    /// Also lots that are used up, split, retired or in another ledger
    #[arg(long, conflicts_with = "open")]
    all: bool,
}

/// The filters with their names resolved.
struct Filter {
    holder: Option<PartyId>,
    owner: Option<PartyId>,
    facility: Option<FacilityId>,
    to: Option<PartyId>,
}

impl Lots {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let archive = Archive::open(context)?;
        let found = self.select(&archive)?;
        if context.output.is_json() {
            let lots: Result<Vec<_>, _> = found.iter().map(|(id, record)| lot_json(&archive, *id, record)).collect();
            context.output.json(&lots?)?;
            return Ok(Done::Ok);
        }
        let mut table =
            Rows::new(&["lot", "id", ">mass", ">pieces", "form", "elements", "holder", "owner", "at", "status"]);
        for (id, record) in &found {
            table.push(row(&archive, *id, record)?);
        }
        context.output.table(&table, "no such lots")?;
        Ok(Done::Ok)
    }

    fn select(&self, archive: &Archive) -> Result<Vec<(LotId, LotRecord)>, Failure> {
        let party = |text: &Option<String>| text.as_ref().map(|text| archive.party(text)).transpose();
        let filter = Filter {
            holder: party(&self.holder)?,
            owner: party(&self.owner)?,
            facility: self.facility.as_ref().map(|text| archive.facility(text)).transpose()?,
            to: party(&self.to)?,
        };
        let mut found = BTreeMap::new();
        for (id, record) in archive.find().lots()? {
            if self.fits(archive, &filter, &record)? {
                found.insert(id, record);
            }
        }
        let order = archive.in_order(found.keys().copied())?;
        Ok(order.into_iter().filter_map(|id| found.remove(&id).map(|record| (id, record))).collect())
    }

    fn fits(&self, archive: &Archive, filter: &Filter, record: &LotRecord) -> Result<bool, Failure> {
        let status = match record.status {
            LotStatus::Held => !self.open && filter.to.is_none(),
            LotStatus::InTransit => true,
            LotStatus::Spent | LotStatus::Elsewhere(_) => self.all,
        };
        let plain = status
            && filter.holder.is_none_or(|holder| record.holder == holder)
            && filter.owner.is_none_or(|owner| record.owner == owner)
            && filter.facility.is_none_or(|facility| record.facility == Some(facility))
            && self.form.as_ref().is_none_or(|form| record.form.as_str() == form)
            && self.element.is_none_or(|element| record.elements.contains(&element));
        let Some(to) = filter.to.filter(|_| plain) else { return Ok(plain) };
        Ok(archive.find().dispatch(&record.head)?.is_some_and(|dispatch| dispatch.to == to))
    }
}

fn row(archive: &Archive, id: LotId, record: &LotRecord) -> Result<Vec<String>, Failure> {
    let label = archive.lot(id)?.and_then(|lot| lot.label().map(ToString::to_string));
    let elements: Vec<&str> = record.elements.iter().copied().map(Element::symbol).collect();
    let owner = if record.owner == record.holder { "same".to_owned() } else { archive.party_name(&record.owner)? };
    Ok(vec![
        label.unwrap_or_default(),
        id.short(),
        record.net_dry.map_or_else(|| "withheld".to_owned(), mass),
        record.pieces.map_or_else(String::new, count),
        record.form.to_string(),
        elements.join(" "),
        archive.party_name(&record.holder)?,
        owner,
        record.facility.map(|facility| archive.facility_code(&facility)).transpose()?.unwrap_or_default(),
        status(archive, record)?,
    ])
}
