//! `schema`: JSON Schemas of what is signed and passed on.

use super::context::Context;
use super::error::{Done, Failure};
use crate::interop::schema;

/// Print a JSON Schema, of an event kind or of a file that is passed on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  oretrail schema event-transform > event-transform.schema.json")]
pub(crate) struct Schema {
    /// The schema
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// List the names of all schemas
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

impl Schema {
    pub(crate) fn run(self, context: &mut Context) -> Result<Done, Failure> {
        let Some(name) = &self.name else {
            let names: Vec<String> = schema::names().collect();
            if context.output.is_json() {
                context.output.json(&names)?;
            } else {
                context.output.text(&names.join("\n"))?;
            }
            return Ok(Done::Ok);
        };
        let text = schema::get(name).ok_or_else(|| {
            let near = schema::names().map(|known| (strsim::damerau_levenshtein(&known, name), known)).min();
            let near = near
                .filter(|(distance, _)| *distance <= 4)
                .map_or_else(String::new, |(_, known)| format!(" (did you mean `{known}`?)"));
            Failure::usage(format_args!("expected the name of a schema, found `{name}`{near}"))
                .hint("`oretrail schema --list` lists them")
        })?;
        context.output.text(&text)?;
        Ok(Done::Ok)
    }
}
