//! One small notation for objects on the command line: `key=value` words, as in
//! `'name=ndpr-oxide form=oxide mass=6443.28 Nd2O3/TREO=0.75'`.
//!
//! A value with spaces stands in double quotes: `label="MREC 26-001"`. Lists have commas: `elements=Nd,Pr`. Where a
//! composition may stand, every other key is an analyte, with `/TREO` or `/TREM` for a share of the rare earths.
//!
//! In scope: which keys an object has and where they belong in the step. Not in scope: what the values mean; the batch
//! resolver reads steps from the command line and from files alike.

use super::error::Failure;
use crate::value::Analyte;
use serde_json::{Map, Value};

/// Where a value belongs, as a path of members, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Text, as it is.
    Text(&'static [&'static str]),
    /// A list of texts, separated by commas.
    List(&'static [&'static str]),
    /// A whole number.
    Count(&'static [&'static str]),
    /// `true` or `false`; `true` where the key stands alone.
    Flag(&'static [&'static str]),
    /// Packages: `drum:D-17:SEAL-9`, kind, number and seals; several separated by commas.
    Packages(&'static [&'static str]),
}

/// The keys of one kind of object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notation {
    /// What the object is.
    pub(crate) what: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [(&'static str, Slot)],
    /// The member that other keys belong to, as analytes.
    pub(crate) analytes: Option<&'static str>,
}

impl Notation {
    /// Reads an object.
    pub(crate) fn read(&self, text: &str) -> Result<Map<String, Value>, Failure> {
        let wrong = |message: String| {
            let hint = self.hint();
            Failure::usage(format_args!("in {} `{}`: {message}", self.what, shorten(text))).hint(hint)
        };
        let mut object = Map::new();
        for (key, value) in words(text).map_err(wrong)? {
            self.put(&mut object, &key, value).map_err(wrong)?;
        }
        if object.is_empty() {
            return Err(wrong("expected `key=value` words, found none".to_owned()));
        }
        Ok(object)
    }

    /// Reads several objects of one kind.
    pub(crate) fn read_all(&self, texts: &[String]) -> Result<Vec<Value>, Failure> {
        texts.iter().map(|text| self.read(text).map(Value::Object)).collect()
    }

    fn hint(&self) -> String {
        let mut keys: Vec<&str> = self.keys.iter().map(|(key, _)| *key).collect();
        if self.analytes.is_some() {
            keys.push("and analytes such as Nd2O3/TREO");
        }
        format!("{} has the keys {}", self.what, keys.join(", "))
    }

    fn put(&self, object: &mut Map<String, Value>, key: &str, value: Option<String>) -> Result<(), String> {
        let plain = key.replace('_', "-");
        match self.keys.iter().find(|(name, _)| *name == plain) {
            Some((_, slot)) => place(object, slot, key, value),
            None => self.analyte(object, key, value),
        }
    }

    fn analyte(&self, object: &mut Map<String, Value>, key: &str, value: Option<String>) -> Result<(), String> {
        let name = key.split('/').next().unwrap_or_default();
        match (self.analytes, name.parse::<Analyte>(), value) {
            (Some(member), Ok(_), Some(value)) => {
                let table = object.entry(member).or_insert_with(|| Value::Object(Map::new()));
                let reading = value.replacen("+-", "±", 1);
                let before = table.as_object_mut().and_then(|table| table.insert(key.to_owned(), reading.into()));
                if before.is_some() { Err(format!("expected each key once, found `{key}` again")) } else { Ok(()) }
            }
            (Some(_), Ok(_), None) => Err(format!("expected a value behind `{key}=`, found none")),
            (analytes, ..) => Err(self.unknown(key, analytes.is_some())),
        }
    }

    fn unknown(&self, key: &str, analytes: bool) -> String {
        let near = self.keys.iter().map(|(name, _)| (strsim::damerau_levenshtein(name, key), *name)).min();
        let near = near.filter(|(distance, name)| *distance <= (name.len() / 3).max(1));
        let near = near.map_or_else(String::new, |(_, name)| format!(" (did you mean `{name}`?)"));
        let or = if analytes { " or an analyte" } else { "" };
        format!("expected a key{or}, found `{key}`{near}")
    }
}

fn place(object: &mut Map<String, Value>, slot: &Slot, key: &str, value: Option<String>) -> Result<(), String> {
    let needed = |value: Option<String>| {
        let value = value.filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("expected a value behind `{key}=`, found none"))
    };
    let (path, value) = match slot {
        Slot::Text(path) => (path, Value::String(needed(value)?)),
        Slot::List(path) => (path, needed(value)?.split(',').map(str::trim).collect()),
        Slot::Count(path) => {
            let text = needed(value)?;
            let number: u64 =
                text.parse().map_err(|_| format!("expected a whole number behind `{key}=`, found `{text}`"))?;
            (path, number.into())
        }
        Slot::Flag(path) => match value.as_deref() {
            None | Some("true") => (path, true.into()),
            Some("false") => (path, false.into()),
            Some(other) => return Err(format!("expected `true` or `false` behind `{key}=`, found `{other}`")),
        },
        Slot::Packages(path) => (path, needed(value)?.split(',').map(package).collect::<Result<_, _>>()?),
    };
    if set(object, path, value) { Ok(()) } else { Err(format!("expected each key once, found `{key}` again")) }
}

/// A package: `kind:number:seal:…`.
fn package(text: &str) -> Result<Value, String> {
    let mut parts = text.split(':').map(str::trim);
    let kind = parts.next().filter(|kind| !kind.is_empty());
    let kind = kind.ok_or_else(|| "expected a package such as `drum:D-17:SEAL-9`, found none".to_owned())?;
    let mut package = Map::from_iter([("kind".to_owned(), Value::from(kind))]);
    if let Some(number) = parts.next().filter(|number| !number.is_empty()) {
        package.insert("number".to_owned(), number.into());
    }
    let seals: Vec<&str> = parts.collect();
    if !seals.is_empty() {
        package.insert("seals".to_owned(), seals.into());
    }
    Ok(Value::Object(package))
}

/// Sets the member at a path; whether it was not set before.
fn set(object: &mut Map<String, Value>, path: &[&str], value: Value) -> bool {
    let Some((last, outer)) = path.split_last() else { return false };
    let mut object = object;
    for name in outer {
        let member = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
        let Some(inner) = member.as_object_mut() else { return false };
        object = inner;
    }
    object.insert((*last).to_owned(), value).is_none()
}

/// Words with their values; spaces in double quotes do not separate.
pub(crate) fn words(text: &str) -> Result<Vec<(String, Option<String>)>, String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut started) = (String::new(), false, false);
    for character in text.chars().chain([' ']) {
        match character {
            '"' => (quoted, started) = (!quoted, true),
            space if space.is_whitespace() && !quoted => {
                if started {
                    words.push(std::mem::take(&mut word));
                    started = false;
                }
            }
            other => {
                word.push(other);
                started = true;
            }
        }
    }
    if quoted {
        return Err("expected a closing double quote, found the end".to_owned());
    }
    Ok(words.iter().map(|word| pair(word)).collect())
}

/// A word at its first `=`.
fn pair(word: &str) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (word.to_owned(), None),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::notations::{DISPATCH_LEG, OUTPUT};
    use super::*;
    use serde_json::json;

    #[test]
    fn an_output_is_read() {
        let text = r#"name=ndpr-oxide form=oxide mass=6443.28 elements=Nd,Pr Nd2O3/TREO=0.75+-0.01 Th=<0.0001
            owner="Sundown Carbonate LLC" pieces=12 rest package=drum:D-1:S-9,drum:D-2"#;
        let read = Value::Object(OUTPUT.read(text).unwrap());
        assert_eq!(
            read,
            json!({
                "name": "ndpr-oxide",
                "form": "oxide",
                "quantity": { "net_dry": "6443.28", "pieces": 12 },
                "elements": ["Nd", "Pr"],
                "composition": { "Nd2O3/TREO": "0.75±0.01", "Th": "<0.0001" },
                "owner": "Sundown Carbonate LLC",
                "rest": true,
                "packages": [
                    { "kind": "drum", "number": "D-1", "seals": ["S-9"] }, { "kind": "drum", "number": "D-2" }
                ],
            })
        );
    }

    #[test]
    fn keys_have_dashes_or_underscores() {
        let read = |text| Value::Object(OUTPUT.read(text).unwrap());
        assert_eq!(read("net-wet=5"), read("net_wet=5"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let message = |text: &str| OUTPUT.read(text).unwrap_err().message;
        for (text, part) in [
            ("", "expected `key=value` words, found none"),
            ("mas=5", "found `mas` (did you mean `mass`?)"),
            ("Xy=0.5", "expected a key or an analyte, found `Xy`"),
            ("mass=", "expected a value behind `mass=`, found none"),
            ("mass=1 mass=2", "found `mass` again"),
            ("Nd=1 Nd=2", "found `Nd` again"),
            ("pieces=many", "expected a whole number behind `pieces=`, found `many`"),
            ("label=\"open", "expected a closing double quote"),
            ("rest=perhaps", "expected `true` or `false`"),
        ] {
            assert!(message(text).contains(part), "{}", message(text));
        }
        let failure = DISPATCH_LEG.read("mass=5").unwrap_err();
        assert!(failure.hints.iter().any(|hint| hint.contains("conveyance")), "{failure:?}");
    }
}
