//! The batch format: events in clear, with names where signed events have ids.
//!
//! One notation for `oretrail record --file`, for the verbs of the command line (each makes a batch of one step) and for
//! scenarios. A batch is TOML (`oretrail = "batch/1"`, then one `[[step]]` each) or JSON Lines (one step a line; a first
//! line with `oretrail` is the header). A step holds [`Members`] (`kind`, `as`, `by`, `signed_with`, `when`,
//! `recorded_at`, `docs`, `refs`, `remark`, `expect_refused`, `expect`) and, beside them, the members of the event's
//! body with its leaves in clear.
//!
//! ```toml
//! oretrail = "batch/1"
//!
//! [[step]]
//! kind = "transform"
//! as = "leach-1"
//! by = "Sundown Carbonate LLC"
//! when = { from = 2026-01-05T06:00:00Z, to = 2026-01-09T18:00:00Z }
//! facility = "LEACH"
//! processes = ["crack", "leach", "precipitate"]
//! inputs = ["concentrate 4711"]
//! targets = ["Nd", "Pr"]
//! outputs = [
//!   { name = "mrec", form = "mrec", label = "MREC-26-001", quantity = "43061.76",
//!     composition = { TREO = "0.55", "Nd2O3/TREO" = "0.212627" } },
//! ]
//! ```
//!
//! **References.** Wherever the body of a kind has an id ([`positions`]), a step may write the id, a prefix of at least
//! six digits, or a name: names given earlier in the file first (`as` of a step, `name` of an output, a party's name, a
//! facility's code or name, a lot's labels), then those of the ledger ([`Names`]). What several things are called is
//! refused with the candidates.
//!
//! **Short forms**, besides: a head is given by its lot alone, `after` being the lot's head; `label` is `labels` of one;
//! `quantity` as a text is its `net_dry`; `role` is `product` where absent; `composition` and `results` may be tables
//! from analyte to reading, with `X/TREO` and `X/TREM` for the relative bases and `"0.6 ± 0.01"` for an expanded
//! uncertainty (k = 2); `elements` are those of the composition where absent; outputs of a `split` and of a `receive`
//! have form, elements and composition of the lot they are part of; one output of a split may have `rest = true`;
//! `facility` (`from` of a dispatch) is where the first lot is; `to_ledger` is this ledger; a `receive` without `lots`
//! accepts all of them; a lot of a dispatch with `mass` or `pieces` is split first; `prev_key` is the party's last key
//! event.
//!
//! **Header**: `oretrail` (`batch/1`), `title`, `description`; in a file with `simulated = true` also `ledger` (`origin`,
//! `operator`: the ledger it creates and the party of its first step), `subject` and `recipient` (local names of the lot it
//! is about and of whom it is sent to). `recorded_at` is for simulated files only.
//!
//! **Limits**: JSON Lines 1 GiB and 1 MiB a line, read as a stream; TOML 16 MiB; 24 levels of nesting; no `null`, no
//! floating-point number, no repeated member, integers to 2^53-1. A fault is reported with step, line, column and JSON
//! pointer.
//!
//! In scope: notation, names, references. Not in scope: signing and admission (whoever records), files and their
//! names, keys (`play` makes those of simulated scenarios).

mod complete;
mod error;
mod header;
mod names;
mod parts;
mod positions;
mod read;
mod resolve;
mod schema;
mod short;
mod step;
mod toml_values;
mod variant;

pub use error::{At, BatchError, Candidate, Problem};
pub use header::{Earlier, ExpectedVerdict, FORMAT, Header, NewLedger, RelatedParties, TrustHints};
pub use names::{FindNames, LookupError, Names, NoNames, Wanted};
pub use parts::expand;
pub use positions::{Position, positions};
pub use read::{BatchReader, Format, MAX_BATCH_BYTES, MAX_LINE_BYTES, MAX_TOML_BYTES};
pub use resolve::{Context, Resolver};
pub use schema::schema;
pub use step::{MEMBERS, Members, Place, Step};
pub use variant::scenario;

#[cfg(test)]
mod tests;
