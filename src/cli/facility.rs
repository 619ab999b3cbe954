//! `facility`: registers facilities and lists them.

use super::archive::Archive;
use super::choice::one_of;
use super::context::Context;
use super::error::{Done, Failure};
use super::output::Rows;
use super::recorder;
use super::recording::{Body, Period, Recording};
use super::show;
use super::show_registered::facility_json;
use crate::event::{FacilityType, Kind};
use crate::value::Time;
use clap::Subcommand;
use serde_json::{Value, json};

/// Register a facility, list facilities, show one, replace a registration.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail facility list")]
pub(crate) struct Facility {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Register(Register),
    List(List),
    Show(Show),
    Supersede(Supersede),
}

impl Facility {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        match self.action {
            Action::Register(verb) => verb.registration.run(context, None),
            Action::List(verb) => verb.run(context),
            Action::Show(verb) => show::show_facility(context, &verb.facility),
            Action::Supersede(verb) => verb.registration.run(context, Some(verb.old)),
        }
    }
}

/// What a registration says.
#[derive(Debug, clap::Args)]
struct Registration {
    /// The operator's own code for it
    code: String,
    /// Name
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// What it is
    #[arg(long = "type", value_parser = one_of!(FacilityType))]
    facility_type: String,
    /// Country (ISO 3166-1, two letters)
    #[arg(long, value_name = "CC")]
    country: String,
    /// Its middle in decimal degrees (WGS 84), south and west negative
    #[arg(
        long,
        value_name = "LAT,LON",
        requires = "radius",
        allow_hyphen_values = true,
        required_unless_present = "polygon"
    )]
    point: Option<String>,
    /// Radius of its area in metres
    #[arg(long, value_name = "METRES", requires = "point")]
    radius: Option<u32>,
    /// Corners of its area, as 'LAT,LON LAT,LON LAT,LON', at most 128
    #[arg(long, value_name = "POINTS", conflicts_with = "point", allow_hyphen_values = true)]
    polygon: Option<String>,
    /// Processes that may take place there; may be repeated
    #[arg(long, value_delimiter = ',', value_name = "PROCESS")]
    process: Vec<String>,
    /// Product mass in a year, as separate=1300000 (every year) or separate=1300000@2026; may be repeated
    #[arg(long, value_name = "PROCESS=KG[@YEAR]")]
    capacity: Vec<String>,
    /// Name of a site shared with other operators
    #[arg(long, value_name = "TEXT")]
    site: Option<String>,
    /// GS1 Global Location Number
    #[arg(long, value_name = "GLN")]
    gln: Option<String>,
    /// From when it is in operation
    #[arg(long, value_name = "TIME")]
    valid_from: Option<Time>,
    /// Until when
    #[arg(long, value_name = "TIME")]
    valid_to: Option<Time>,
    #[command(flatten)]
    recording: Recording,
}

impl Registration {
    fn run(self, context: &mut Context, supersedes: Option<String>) -> Result<Done, Failure> {
        let body = Body::new()
            .with("code", Some(self.code.clone()))
            .with("name", Some(self.name.clone()))
            .with("site", self.site.clone())
            .with("type", Some(self.facility_type.clone()))
            .with("country", Some(self.country.clone()))
            .with("geometry", Some(self.geometry()?))
            .with("gln", self.gln.clone())
            .with("processes", Some(self.process.clone()))
            .list("capacity", self.capacity.iter().map(|text| capacity(text)).collect::<Result<Vec<_>, _>>()?)
            .with("valid_from", self.valid_from.map(|time| time.to_string()))
            .with("valid_to", self.valid_to.map(|time| time.to_string()))
            .with("supersedes", supersedes);
        let steps = self.recording.step(context, Kind::Facility, &Period::default(), body)?;
        recorder::record(context, &self.recording, steps)
    }

    fn geometry(&self) -> Result<Value, Failure> {
        if let Some(polygon) = &self.polygon {
            let points = polygon.split_whitespace().map(point).collect::<Result<Vec<_>, _>>()?;
            return Ok(json!({ "polygon": points }));
        }
        let middle = point(self.point.as_deref().unwrap_or_default())?;
        Ok(json!({ "point": middle, "radius_m": self.radius }))
    }
}

fn point(text: &str) -> Result<Value, Failure> {
    let (lat, lon) = text.split_once(',').ok_or_else(|| {
        Failure::usage(format_args!("expected a point such as `35.48,-115.53`, found `{text}`"))
            .hint("latitude comes first, in decimal degrees, south and west negative")
    })?;
    Ok(json!({ "lat": lat.trim(), "lon": lon.trim() }))
}

fn capacity(text: &str) -> Result<Value, Failure> {
    let expected =
        || Failure::usage(format_args!("expected a capacity such as `separate=1300000@2026`, found `{text}`"));
    let (process, rest) = text.split_once('=').ok_or_else(expected)?;
    let (mass, year) = rest.split_once('@').map_or((rest, None), |(mass, year)| (mass, Some(year)));
    let year: Option<u16> = year.map(|year| year.parse().map_err(|_| expected())).transpose()?;
    Ok(Body::new().with("process", Some(process)).with("mass", Some(mass)).with("year", year).into())
}

/// Register a facility: where it is and what may take place there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail facility register PIT --name 'Sundown pit' --type mine \\
      --country US --point 35.48,-115.53 --radius 3000 \\
      --process mine,crush,beneficiate")]
struct Register {
    #[command(flatten)]
    registration: Registration,
}

/// Replace a registration by a new one, also after a sale (cosigned by the former operator's key).
///
/// Lots that are at the replaced one stay there: a dispatch by their holder (to oneself, where the operator is the same) and a
/// receipt at the new one bring them over.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  oretrail facility supersede --old PIT PIT --name 'Sundown pit' --type mine \\
      --country US --point 35.48,-115.53 --radius 4000 \\
      --process mine,crush,beneficiate")]
struct Supersede {
    /// The registration that is replaced: its code, name or the beginning of its id
    #[arg(long, value_name = "FACILITY")]
    old: String,
    #[command(flatten)]
    registration: Registration,
}

/// List the registered facilities.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail facility list --operator 'Sundown Carbonate LLC'")]
struct List {
    /// Only those of this operator
    #[arg(long, value_name = "PARTY")]
    operator: Option<String>,
    /// Also those that were replaced
    #[arg(long)]
    all: bool,
}

impl List {
    fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let archive = Archive::open(context)?;
        let operator = self.operator.as_ref().map(|operator| archive.party(operator)).transpose()?;
        let mut facilities = archive.find().facilities()?;
        facilities.retain(|(_, record)| {
            (self.all || record.superseded.is_none()) && operator.is_none_or(|operator| record.operator == operator)
        });
        facilities.sort_by(|(_, one), (_, other)| one.facility.code.cmp(&other.facility.code));
        if context.output.is_json() {
            let all: Vec<Value> = facilities.iter().map(|(id, record)| facility_json(id, record)).collect();
            context.output.json(&all)?;
            return Ok(Done::Ok);
        }
        let head = ["id", "code", "name", "type", "country", "where", "operator", "replaced by"];
        let shown = if self.all { head.len() } else { head.len() - 1 };
        let mut table = Rows::new(head.get(..shown).unwrap_or_default());
        for (id, record) in facilities {
            let facility = &record.facility;
            let mut row = vec![
                id.short(),
                facility.code.to_string(),
                facility.name.to_string(),
                facility.facility_type.to_string(),
                facility.country.to_string(),
                show::place(&facility.geometry),
                archive.party_name(&record.operator)?,
                record.superseded.map_or_else(String::new, |(by, _)| by.short()),
            ];
            row.truncate(shown);
            table.push(row);
        }
        context.output.table(&table, "no facilities are registered")?;
        Ok(Done::Ok)
    }
}

/// Show a facility: registration, accreditations, lots there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail facility show PIT")]
struct Show {
    /// The facility: its code, name or the beginning of its id
    facility: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_capacities_are_read() {
        assert_eq!(point("35.48,-115.53").unwrap(), json!({ "lat": "35.48", "lon": "-115.53" }));
        assert!(point("35.48").is_err());
        assert_eq!(
            capacity("separate=1300000@2026").unwrap(),
            json!({ "process": "separate", "mass": "1300000", "year": 2026 })
        );
        assert_eq!(capacity("mine=5").unwrap(), json!({ "process": "mine", "mass": "5" }));
        assert!(capacity("mine=5@soon").is_err() && capacity("mine").is_err());
    }
}
