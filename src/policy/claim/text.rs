//! The one-line form of a claim, for people: `origin Nd US,AU >= 0.9`.
//!
//! | type | words |
//! |---|---|
//! | origin | `origin ELEMENT COUNTRIES >= SHARE` |
//! | processed-in | `processed-in STAGE-OR-PROCESS COUNTRIES` |
//! | not-processed-in | `not-processed-in [STAGE-OR-PROCESS] COUNTRIES` |
//! | facility | `facility FACILITY [PROCESS]` |
//! | recycled-content | `recycled-content [ELEMENT] KIND >= SHARE` |
//! | custody-model | `custody-model >= MODEL` |
//! | accredited-chain | `accredited-chain` |
//! | spec | `spec NAME [DIGEST]` |
//! | complies | `complies POLICY [DIGEST] DATE` |
//!
//! Words are separated by spaces; one with spaces stands in double quotes, in which `\"` and `\\` stand for themselves.
//! Countries are ISO 3166-1 alpha-2 codes with commas between, each once; a share is a decimal from 0 to 1. A facility is a
//! full id, or whatever the reader's [`Known`] takes for one; digests may be left out where [`Known`] has them.
//! [`parse`] and [`format()`] are a pair: what one writes the other reads.

use crate::event::{CustodyModel, Process, RecycledKind, Stage, Statement};
use crate::value::closed_enum::closed_enum;
use crate::value::{Blake3, Country, Date, Element, FacilityId, Fraction, NameError, Text};
use std::fmt::Display;
use std::str::FromStr;

closed_enum!(
    #[allow(rustdoc::broken_intra_doc_links, reason = "brackets mark words that may be left out")]
    /// The type of a claim, with the words that follow it.
    ClaimType, "a type of claim", {
        Origin = "origin", "ELEMENT COUNTRIES >= SHARE";
        ProcessedIn = "processed-in", "STAGE-OR-PROCESS COUNTRIES";
        NotProcessedIn = "not-processed-in", "[STAGE-OR-PROCESS] COUNTRIES";
        Facility = "facility", "FACILITY [PROCESS]";
        RecycledContent = "recycled-content", "[ELEMENT] KIND >= SHARE";
        CustodyModel = "custody-model", ">= MODEL";
        AccreditedChain = "accredited-chain", "";
        Spec = "spec", "NAME [DIGEST]";
        Complies = "complies", "POLICY [DIGEST] DATE";
    }
);

/// The longest claim, in bytes.
const MOST_BYTES: usize = 8192;

/// What names in a claim stand for, where the reader knows more than their full form.
pub trait Known {
    /// The facility that a text means, where it is not a full id.
    ///
    /// # Errors
    /// No facility, or several; in words, as what was expected.
    fn facility(&self, text: &str) -> Result<FacilityId, String>;

    /// The digest of the specification of this name.
    fn spec(&self, name: &str) -> Option<Blake3>;

    /// The digest of the policy pack of this id.
    fn policy(&self, id: &str) -> Option<Blake3>;
}

/// Nothing but full ids and digests.
#[derive(Debug, Clone, Copy, Default)]
pub struct FullIdsOnly;

impl Known for FullIdsOnly {
    fn facility(&self, _: &str) -> Result<FacilityId, String> {
        Err("the full id of a facility, 64 hex digits".to_owned())
    }

    fn spec(&self, _: &str) -> Option<Blake3> {
        None
    }

    fn policy(&self, _: &str) -> Option<Blake3> {
        None
    }
}

/// Why a text is no claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}, found {found}")]
pub struct ClaimError {
    /// The character at which it goes wrong, from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: String,
    /// What was found there.
    pub found: String,
    /// What may help.
    pub hint: String,
}

/// Reads a claim.
///
/// # Errors
/// The first word that does not fit.
pub fn parse(text: &str, known: &dyn Known) -> Result<Statement, ClaimError> {
    let mut reader = Reader::new(text)?;
    let kind: ClaimType = reader.name("a type of claim", |word| word.parse().map_err(named))?;
    reader.hint = hint(kind);
    let claim = match kind {
        ClaimType::Origin => {
            let (element, countries) = (reader.name("an element", element)?, reader.countries()?);
            Statement::Origin { element, countries, min_share: reader.share()? }
        }
        ClaimType::ProcessedIn => {
            let (stage, process) = reader.name("a stage or process", stage_or_process)?;
            Statement::ProcessedIn { stage, process, countries: reader.countries()? }
        }
        ClaimType::NotProcessedIn => {
            let named = reader.left() > 1;
            let what = if named { reader.name("a stage or process", stage_or_process)? } else { (None, None) };
            Statement::NotProcessedIn { stage: what.0, process: what.1, countries: reader.countries()? }
        }
        ClaimType::Facility => {
            let facility = reader.name("a facility", |word| word.parse().or_else(|_| known.facility(word)))?;
            let process = reader.left() > 0;
            let process = process.then(|| reader.name("a process", |word| word.parse().map_err(named))).transpose()?;
            Statement::Facility { facility, process }
        }
        ClaimType::RecycledContent => {
            let with_element = reader.left() > 3;
            let element = with_element.then(|| reader.name("an element", element)).transpose()?;
            let kind: RecycledKind = reader.name("a recycled kind", |word| word.parse().map_err(named))?;
            Statement::RecycledContent { element, kind, min_share: reader.share()? }
        }
        ClaimType::CustodyModel => {
            reader.at_least()?;
            let at_least: CustodyModel = reader.name("a custody model", |word| word.parse().map_err(named))?;
            Statement::CustodyModel { at_least }
        }
        ClaimType::AccreditedChain => Statement::AccreditedChain {},
        ClaimType::Spec => {
            let spec = reader.name("the name of a specification", written::<Text>)?;
            let digest = reader.digest(0, known.spec(spec.as_str()), "specification")?;
            Statement::Spec { spec, digest }
        }
        ClaimType::Complies => {
            let policy = reader.name("the id of a policy", written::<Text>)?;
            let digest = reader.digest(1, known.policy(policy.as_str()), "policy")?;
            let delivery = reader.name("a delivery date such as 2026-12-31", written::<Date>)?;
            Statement::Complies { policy, digest, delivery }
        }
    };
    reader.end()?;
    Ok(claim)
}

/// Writes a claim.
#[must_use]
pub fn format(claim: &Statement) -> String {
    let kind = claim_type(claim);
    let mut words = vec![kind.to_string()];
    match claim {
        Statement::Origin { element, countries, min_share } => {
            words.extend([element.to_string(), list(countries), at_least(min_share)]);
        }
        Statement::ProcessedIn { stage, process, countries }
        | Statement::NotProcessedIn { stage, process, countries } => {
            words.extend(stage.map(|stage| stage.to_string()));
            words.extend(process.map(|process| process.to_string()));
            words.push(list(countries));
        }
        Statement::Facility { facility, process } => {
            words.push(facility.to_string());
            words.extend(process.map(|process| process.to_string()));
        }
        Statement::RecycledContent { element, kind, min_share } => {
            words.extend(element.map(|element| element.to_string()));
            words.extend([kind.to_string(), at_least(min_share)]);
        }
        Statement::CustodyModel { at_least: model } => words.push(at_least(model)),
        Statement::AccreditedChain {} => {}
        Statement::Spec { spec, digest } => words.extend([quoted(spec.as_str()), digest.to_string()]),
        Statement::Complies { policy, digest, delivery } => {
            words.extend([quoted(policy.as_str()), digest.to_string(), delivery.to_string()]);
        }
    }
    words.join(" ")
}

/// The type of a claim.
#[must_use]
pub const fn claim_type(claim: &Statement) -> ClaimType {
    match claim {
        Statement::Origin { .. } => ClaimType::Origin,
        Statement::ProcessedIn { .. } => ClaimType::ProcessedIn,
        Statement::NotProcessedIn { .. } => ClaimType::NotProcessedIn,
        Statement::Facility { .. } => ClaimType::Facility,
        Statement::RecycledContent { .. } => ClaimType::RecycledContent,
        Statement::CustodyModel { .. } => ClaimType::CustodyModel,
        Statement::AccreditedChain {} => ClaimType::AccreditedChain,
        Statement::Spec { .. } => ClaimType::Spec,
        Statement::Complies { .. } => ClaimType::Complies,
    }
}

fn hint(kind: ClaimType) -> String {
    let example = match kind {
        ClaimType::Origin => "origin Nd US,AU >= 0.9",
        ClaimType::ProcessedIn => "processed-in separated MY,EE",
        ClaimType::NotProcessedIn => "not-processed-in CN,RU,IR,KP",
        ClaimType::Facility => "facility 6f1b…(64 hex digits) sinter",
        ClaimType::RecycledContent => "recycled-content Nd post-consumer >= 0.25",
        ClaimType::CustodyModel => "custody-model >= segregated",
        ClaimType::AccreditedChain => "accredited-chain",
        ClaimType::Spec => "spec dy-oxide-995",
        ClaimType::Complies => "complies us-10usc4872 2026-12-31",
    };
    let form = format!("{kind} {}", kind.words());
    format!("write `{}`, as in `{example}`", form.trim_end())
}

fn list(countries: &[Country]) -> String {
    countries.iter().map(Country::code).collect::<Vec<_>>().join(",")
}

fn at_least(what: &dyn Display) -> String {
    format!(">= {what}")
}

/// A word as it is, or in quotes where it would not be read back as one.
fn quoted(word: &str) -> String {
    let is_plain = !word.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\');
    if is_plain { word.to_owned() } else { format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// What a closed list expected, and the names near to what was found.
fn named(error: NameError) -> String {
    let near = error.nearest.join("` or `");
    if near.is_empty() { error.expected.to_owned() } else { format!("{} (did you mean `{near}`?)", error.expected) }
}

fn written<T: FromStr<Err: Display>>(word: &str) -> Result<T, String> {
    word.parse().map_err(|error: T::Err| {
        let all = error.to_string();
        let expected = all.strip_prefix("expected ").unwrap_or(&all);
        expected.split(", found ").next().unwrap_or(expected).to_owned()
    })
}

fn element(word: &str) -> Result<Element, String> {
    word.parse().map_err(named)
}

fn stage_or_process(word: &str) -> Result<(Option<Stage>, Option<Process>), String> {
    if let Ok(stage) = word.parse() {
        return Ok((Some(stage), None));
    }
    match word.parse() {
        Ok(process) => Ok((None, Some(process))),
        Err(error) => {
            let names = Stage::ALL.iter().map(|stage| (stage.as_str(), stage.words()));
            let names = names.chain(Process::ALL.iter().map(|process| (process.as_str(), process.words())));
            let NameError { found, .. } = error;
            Err(named(NameError::new("a stage such as `separated` or a process such as `sinter`", &found, names)))
        }
    }
}

struct Word {
    column: usize,
    text: String,
}

struct Reader {
    words: std::collections::VecDeque<Word>,
    end: usize,
    hint: String,
}

impl Reader {
    fn new(text: &str) -> Result<Self, ClaimError> {
        let types: Vec<&str> = ClaimType::ALL.iter().map(|kind| kind.as_str()).collect();
        let hint = format!("the types of claims are {}", types.join(", "));
        let wrong = |column, expected: &str, found: String| ClaimError {
            column,
            expected: expected.to_owned(),
            found,
            hint: hint.clone(),
        };
        if text.len() > MOST_BYTES {
            return Err(wrong(1, "at most 8,192 bytes", format!("{} bytes", text.len())));
        }
        let mut words = std::collections::VecDeque::new();
        let mut characters = text.chars().zip(1..).peekable();
        let mut end = 1;
        while let Some((character, column)) = characters.next() {
            end = column + 1;
            if character.is_whitespace() {
                continue;
            }
            let mut word = String::new();
            if character == '"' {
                let mut is_closed = false;
                while let Some((character, _)) = characters.next() {
                    match character {
                        '"' => {
                            is_closed = true;
                            break;
                        }
                        '\\' => word.extend(characters.next().map(|(escaped, _)| escaped)),
                        other => word.push(other),
                    }
                }
                if !is_closed {
                    return Err(wrong(column, "a closing double quote", "the end of the claim".to_owned()));
                }
            } else {
                word.push(character);
                while let Some((character, at)) = characters.next_if(|(character, _)| !character.is_whitespace()) {
                    word.push(character);
                    end = at + 1;
                }
            }
            words.push_back(Word { column, text: word });
        }
        Ok(Self { words, end, hint })
    }

    fn left(&self) -> usize {
        self.words.len()
    }

    fn wrong(&self, column: usize, expected: impl Into<String>, found: impl Into<String>) -> ClaimError {
        ClaimError { column, expected: expected.into(), found: found.into(), hint: self.hint.clone() }
    }

    fn next(&mut self, expected: &str) -> Result<Word, ClaimError> {
        match self.words.pop_front() {
            Some(word) => Ok(word),
            None => Err(self.wrong(self.end, expected, "the end of the claim")),
        }
    }

    /// The next word, read by `read`, which says what it expected.
    fn name<T>(&mut self, expected: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ClaimError> {
        let word = self.next(expected)?;
        read(&word.text).map_err(|expected| self.wrong(word.column, expected, shown(&word.text)))
    }

    fn countries(&mut self) -> Result<Vec<Country>, ClaimError> {
        let word = self.next("countries such as `US,AU`")?;
        let mut countries = Vec::new();
        let mut column = word.column;
        for part in word.text.split(',') {
            let country: Country = part.parse().map_err(|error| self.wrong(column, named(error), shown(part)))?;
            if countries.contains(&country) {
                return Err(self.wrong(column, "each country once", format!("`{part}` again")));
            }
            countries.push(country);
            column += part.chars().count() + 1;
        }
        Ok(countries)
    }

    fn at_least(&mut self) -> Result<(), ClaimError> {
        let expected = "`>=`";
        self.name(expected, |word| if word == ">=" { Ok(()) } else { Err(expected.to_owned()) })
    }

    fn share(&mut self) -> Result<Fraction, ClaimError> {
        self.at_least()?;
        self.name("a share from 0 to 1 such as `0.9`", |word| {
            written(word).map_err(|expected| match word.strip_suffix('%') {
                Some(_) => "a share from 0 to 1 such as `0.25` for 25 %".to_owned(),
                None => format!("a share from 0 to 1: {expected}"),
            })
        })
    }

    /// A digest, unless only `after` words are left and the reader knows it.
    fn digest(&mut self, after: usize, known: Option<Blake3>, what: &str) -> Result<Blake3, ClaimError> {
        match known {
            Some(digest) if self.left() <= after => Ok(digest),
            _ if self.left() <= after => {
                let expected = format!("the digest of a {what} that is not known here, 64 hex digits");
                let (column, found) = match self.words.front() {
                    Some(word) => (word.column, shown(&word.text)),
                    None => (self.end, "the end of the claim".to_owned()),
                };
                Err(self.wrong(column, expected, found))
            }
            _ => self.name("a digest", written::<Blake3>),
        }
    }

    fn end(&self) -> Result<(), ClaimError> {
        match self.words.front() {
            None => Ok(()),
            Some(word) => Err(self.wrong(word.column, "the end of the claim", shown(&word.text))),
        }
    }
}

fn shown(word: &str) -> String {
    format!("`{}`", word.chars().take(40).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    struct Some1;

    impl Known for Some1 {
        fn facility(&self, text: &str) -> Result<FacilityId, String> {
            if text == "GEBENG" { Ok(FacilityId::from(id())) } else { Err("a facility of the lineage".to_owned()) }
        }

        fn spec(&self, name: &str) -> Option<Blake3> {
            (name == "dy-oxide-995").then(|| Blake3::of(b"spec"))
        }

        fn policy(&self, id: &str) -> Option<Blake3> {
            (id == "us-10usc4872").then(|| Blake3::of(b"pack"))
        }
    }

    fn id() -> crate::value::EventId {
        crate::value::EventId::of_signing_input(b"site")
    }

    #[test]
    fn names_stand_for_ids_and_digests_where_the_reader_knows_them() {
        let read = |text: &str| parse(text, &Some1).unwrap();
        assert_eq!(read("facility GEBENG separate"), read(&format!("facility {} separate", id())));
        assert_eq!(read("spec dy-oxide-995"), read(&format!("spec dy-oxide-995 {}", Blake3::of(b"spec"))));
        let digest = Blake3::of(b"pack");
        let short = read("complies us-10usc4872 2026-12-31");
        assert_eq!(short, read(&format!("complies us-10usc4872 {digest} 2026-12-31")));
        assert_eq!(read("  custody-model   >=  segregated "), read("custody-model >= segregated"));
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place_and_a_hint() {
        for (text, expected) in [
            ("", "column 1: expected a type of claim, found the end of the claim"),
            ("orgin Nd", "column 1: expected a type of claim (did you mean `origin`?), found `orgin`"),
            ("origin", "column 7: expected an element, found the end of the claim"),
            ("origin Neodym US >= 1", "column 8: expected the symbol of a tracked element such as `Nd`"),
            ("origin Nd US,UK >= 1", "column 14: expected"),
            ("origin Nd US,US >= 1", "column 14: expected each country once, found `US` again"),
            ("origin Nd US, AU >= 1", "column 14: expected"),
            ("origin Nd US > 1", "column 14: expected `>=`, found `>`"),
            ("origin Nd US >= 90%", "column 17: expected a share from 0 to 1 such as `0.25` for 25 %, found `90%`"),
            ("origin Nd US >= 1.5", "column 17: expected a share from 0 to 1: at most 1, found `1.5`"),
            ("origin Nd US >= 0.9 0.8", "column 21: expected the end of the claim, found `0.8`"),
            (
                "processed-in sintr EE",
                "column 14: expected a stage such as `separated` or a process such as `sinter` (did you mean `sinter`",
            ),
            ("facility NOWHERE", "column 10: expected a facility of the lineage, found `NOWHERE`"),
            ("recycled-content old >= 1", "column 18: expected a recycled kind, found `old`"),
            ("custody-model segregated", "column 15: expected `>=`, found `segregated`"),
            ("accredited-chain always", "column 18: expected the end of the claim, found `always`"),
            ("spec unknown", "column 13: expected the digest of a specification that is not known here"),
            ("spec \"open", "column 6: expected a closing double quote, found the end of the claim"),
            ("complies us-10usc4872 2026-02-30", "column 23: expected"),
            ("complies other 2026-12-31", "column 16: expected the digest of a policy that is not known here"),
        ] {
            let error = parse(text, &Some1).unwrap_err();
            assert!(error.to_string().starts_with(expected), "`{text}`: {error}");
            assert!(error.hint.contains("claims are") || error.hint.contains("as in"), "{error:?}");
        }
        let long = format!("spec {}", "a".repeat(MOST_BYTES));
        assert!(parse(&long, &Some1).unwrap_err().to_string().contains("found 8197 bytes"));
    }

    fn claims() -> impl Strategy<Value = Statement> {
        let countries = || {
            let all: Vec<Country> = ["US", "AU", "MY", "CN", "EE"].iter().map(|c| c.parse().unwrap()).collect();
            subsequence(all, 1..=5)
        };
        let share = || (0..=1_000_000_000u32).prop_map(|ppb| Fraction::new(ppb).unwrap());
        let what = || {
            prop_oneof![
                select(Stage::ALL).prop_map(|stage| (Some(stage), None)),
                select(Process::ALL).prop_map(|process| (None, Some(process)))
            ]
        };
        let text = || "[a-z\"\\\\ ]{0,8}[a-z]".prop_map(|text| Text::from_typed(&text).unwrap());
        let digest = || any::<u64>().prop_map(|seed| Blake3::of(&seed.to_le_bytes()));
        let day =
            || (2020..2060i32, 1..=12u8, 1..=28u8).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}").parse().unwrap());
        prop_oneof![
            (select(Element::ALL), countries(), share())
                .prop_map(|(element, countries, min_share)| Statement::Origin { element, countries, min_share }),
            (what(), countries()).prop_map(|((stage, process), countries)| Statement::ProcessedIn {
                stage,
                process,
                countries
            }),
            (proptest::option::of(what()), countries()).prop_map(|(what, countries)| {
                let (stage, process) = what.unwrap_or((None, None));
                Statement::NotProcessedIn { stage, process, countries }
            }),
            proptest::option::of(select(Process::ALL))
                .prop_map(|process| Statement::Facility { facility: FacilityId::from(id()), process }),
            (proptest::option::of(select(Element::ALL)), select(RecycledKind::ALL), share())
                .prop_map(|(element, kind, min_share)| Statement::RecycledContent { element, kind, min_share }),
            select(CustodyModel::ALL).prop_map(|at_least| Statement::CustodyModel { at_least }),
            Just(Statement::AccreditedChain {}),
            (text(), digest()).prop_map(|(spec, digest)| Statement::Spec { spec, digest }),
            (text(), digest(), day()).prop_map(|(policy, digest, delivery)| Statement::Complies {
                policy,
                digest,
                delivery
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(claim in claims()) {
            prop_assert_eq!(parse(&format(&claim), &FullIdsOnly), Ok(claim));
        }

        #[test]
        fn no_text_panics(text in "(origin|spec|complies|facility|recycled-content|processed-in)?[ a-zA-Z0-9,>=\"\\\\.é-]{0,40}") {
            if let Err(error) = parse(&text, &Some1) {
                prop_assert!(error.column <= text.chars().count() + 1);
            }
        }
    }
}
