//! What all recording verbs share: who states it, when, with which documents; and the making of a step from it.
//!
//! A verb makes steps of the batch notation, exactly as a file for `oretrail record` would hold them, and `recorder` plays
//! both. In scope: the notation of the command line. Not in scope: names, references, rules (`interop`, `ledger`).

use super::context::Context;
use super::error::Failure;
use super::notations::DOCUMENT;
use crate::bundle::MAX_DOCUMENT_BYTES;
use crate::envelope::Signed;
use crate::event::{self, DocumentKind, Kind, Payload, ReferenceKind, When};
use crate::interop::batch::{Place, Step};
use crate::ledger::Blob;
use crate::ledger::content::ContentKind;
use crate::ledger::disk::{RealDisk, read_whole};
use crate::value::{Blake3, PartyId, Sha256, Time};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Options of every recording verb.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Recording")]
pub(crate) struct Recording {
    /// Who states it: a party's name or the beginning of its id; by default the only party whose keys are at hand
    #[arg(long, value_name = "PARTY", env = "ORETRAIL_PARTY", hide_env_values = true)]
    pub(crate) by: Option<String>,
    /// The key to sign with: its name or the beginning of its id
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: Option<String>,
    /// When it happened, as 2026-11-03T08:00:00Z; by default now
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// A document to attach: a file, or 'file=F kind=K number=N issuer=I date=D'; may be repeated
    #[arg(long, value_name = "DOC")]
    doc: Vec<String>,
    /// A business reference, as purchase-order=4711; may be repeated
    #[arg(long = "ref", value_name = "KIND=NUMBER")]
    reference: Vec<String>,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    remark: Option<String>,
    /// Record nothing: write a draft to this file, to be signed on another machine with `oretrail cosign`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "doc"])]
    pub(crate) prepare: Option<PathBuf>,
    /// Show what would be recorded and every finding; write nothing
    ///
    /// Review is that of a verifier who has all that is recorded so far; whom to trust is not asked.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Accept a clock more than 400 days ahead of the last entry
    #[arg(long)]
    pub(crate) allow_clock_leap: bool,
}

/// The period over which something happened, in place of `--at`.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Recording")]
pub(crate) struct Period {
    /// First moment of a period, for continuous plant
    #[arg(long, value_name = "TIME", requires = "to", conflicts_with = "at")]
    from: Option<Time>,
    /// Last moment of a period
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<Time>,
}

/// Steps to be recorded together, with the documents that go with them.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    pub(crate) steps: Vec<Step>,
    pub(crate) documents: Vec<Blob>,
    /// Events that were signed elsewhere, to be recorded before them.
    pub(crate) signed: Vec<Signed>,
    /// Whether keys whose signing memory is lost may sign these.
    pub(crate) memory_lost: bool,
}

/// The members of a body, as far as they are given.
#[derive(Debug, Default, Clone)]
pub(crate) struct Body(Map<String, Value>);

impl Body {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sets a member if there is a value.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Sets a list unless it is empty.
    #[must_use]
    pub(crate) fn list<T: Into<Value>>(self, name: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        let values = (!values.is_empty()).then_some(values);
        self.with(name, values)
    }

    /// Adds members.
    #[must_use]
    pub(crate) fn all(mut self, members: Map<String, Value>) -> Self {
        self.0.extend(members);
        self
    }
}

impl From<Body> for Value {
    fn from(body: Body) -> Self {
        Self::Object(body.0)
    }
}

impl Recording {
    /// Nothing but the key to sign with.
    pub(crate) fn with_key(name: &str) -> Self {
        Self { key: Some(name.to_owned()), ..Self::default() }
    }

    /// One step stated by `--by`.
    pub(crate) fn step(&self, context: &Context, kind: Kind, period: &Period, body: Body) -> Result<Steps, Failure> {
        let by = self.stating_party(context)?;
        self.step_by(context, kind, period, body.with("by", Some(by)))
    }

    /// One step; `body` says who states it, if anybody.
    pub(crate) fn step_by(&self, context: &Context, kind: Kind, period: &Period, body: Body) -> Result<Steps, Failure> {
        let when = match (period.from, period.to) {
            (Some(from), Some(to)) => Some(json!({ "from": from, "to": to })),
            _ => self.at.map(|at| json!(at)),
        };
        let key = self.key.as_ref().map(|key| context.find_key(key)).transpose()?;
        let (docs, documents) = self.documents()?;
        let members = body
            .with("kind", Some(kind.as_str()))
            .with("when", when)
            .with("signed_with", key.map(|key| key.info.kid.to_string()))
            .list("docs", docs)
            .list("refs", self.references()?)
            .with("remark", self.remark.clone());
        let step = Step::from_map(1, Place::default(), members.0)?;
        Ok(Steps { steps: vec![step], documents, ..Steps::default() })
    }

    /// `--by`, or the party of `--key`, or the only party whose keys are at hand.
    pub(crate) fn stating_party(&self, context: &Context) -> Result<String, Failure> {
        if let Some(by) = &self.by {
            return Ok(by.clone());
        }
        let keys = match &self.key {
            Some(key) => vec![context.find_key(key)?],
            None => context.list_keys()?,
        };
        let mut parties: Vec<_> = keys.iter().filter_map(|key| key.info.party).collect();
        parties.sort_unstable();
        parties.dedup();
        match parties.as_slice() {
            [one] => Ok(one.to_string()),
            [] => Err(Failure::usage("expected who states it, found no `--by` and no key of a registered party")
                .hint("register a party with `oretrail party register`, or say `--by PARTY`")),
            several => Err(Failure::usage(format_args!(
                "expected who states it, found no `--by` and keys of {} parties",
                several.len()
            ))
            .hint("say `--by PARTY`, or set ORETRAIL_PARTY")),
        }
    }

    /// A portable draft where no ledger is at hand; documents are held by their digests alone.
    pub(crate) fn draft(&self, by: PartyId, now: Time, body: event::Body) -> Result<Payload, Failure> {
        let (docs, _) = self.documents()?;
        let refs = self.references()?;
        let mut draft = Payload::draft(Some(by), None, When::At(self.at.unwrap_or(now)), body);
        draft.docs = (!docs.is_empty()).then(|| serde_json::from_value(docs.into())).transpose()?;
        draft.refs = (!refs.is_empty()).then(|| serde_json::from_value(refs.into())).transpose()?;
        let remark = self.remark.as_deref().map(str::parse).transpose();
        draft.remark = remark.map_err(|error| Failure::usage(format_args!("--remark: {error}")))?;
        Ok(draft)
    }

    fn references(&self) -> Result<Vec<Value>, Failure> {
        let one = |text: &String| {
            let (kind, number) = text.split_once('=').ok_or_else(|| {
                Failure::usage(format_args!("expected a reference such as `purchase-order=4711`, found `{text}`"))
            })?;
            let kind: ReferenceKind = kind.parse().map_err(|error| Failure::usage(format_args!("--ref: {error}")))?;
            Ok(json!({ "kind": kind, "number": number }))
        };
        self.reference.iter().map(one).collect()
    }

    /// The documents as members of an event, and where their bytes are.
    fn documents(&self) -> Result<(Vec<Value>, Vec<Blob>), Failure> {
        let mut documents = Vec::new();
        let mut files = Vec::new();
        for text in &self.doc {
            let (members, file) = document(text)?;
            documents.push(members);
            files.push(file);
        }
        Ok((documents, files))
    }
}

/// A document from `--doc`: its members with digests, and its file.
fn document(text: &str) -> Result<(Value, Blob), Failure> {
    let members = if text.contains('=') && !Path::new(text).is_file() {
        DOCUMENT.read(text)?
    } else {
        Map::from_iter([("file".to_owned(), Value::from(text))])
    };
    let none = || Failure::usage(format_args!("in a document `{text}`: expected `file=`, found none"));
    read_document(members, Path::new(""))?.ok_or_else(none)
}

/// The members of a document with the digests of its `file`, a path from `folder`, and that file; nothing where it names none.
pub(crate) fn read_document(mut members: Map<String, Value>, folder: &Path) -> Result<Option<(Value, Blob)>, Failure> {
    let Some(Value::String(file)) = members.remove("file") else { return Ok(None) };
    let file = folder.join(file);
    let bytes = read_whole(&RealDisk, &file, MAX_DOCUMENT_BYTES as u64)?;
    let mut put = |name: &str, value: Value| {
        members.entry(name).or_insert(value);
    };
    put("kind", DocumentKind::Other.as_str().into());
    put("bytes", bytes.len().into());
    let digest = Blake3::of(&bytes);
    put("blake3", digest.to_string().into());
    put("sha256", Sha256::of(&bytes).to_string().into());
    if let Some(media_type) = media_type(&file) {
        put("media_type", media_type.into());
    }
    Ok(Some((Value::Object(members), Blob { kind: ContentKind::Blob, path: file, digest })))
}

/// Endings of file names, with the media types that they suggest.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
];

/// The media type that a file's name suggests.
fn media_type(file: &Path) -> Option<&'static str> {
    let ending = file.extension()?.to_str()?.to_ascii_lowercase();
    MEDIA_TYPES.iter().find(|(known, _)| *known == ending).map(|(_, media_type)| *media_type)
}

/// The ending of a file of this media type; none where it is not a known one.
pub(crate) fn ending(media_type: Option<&str>) -> Option<&'static str> {
    MEDIA_TYPES.iter().find(|(_, known)| Some(*known) == media_type).map(|(ending, _)| *ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_held_by_its_digests() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cert.pdf");
        std::fs::write(&file, b"abc").unwrap();
        let plain = document(file.to_str().unwrap()).unwrap().0;
        assert_eq!(plain["kind"], "other");
        assert_eq!(plain["media_type"], "application/pdf");
        assert_eq!(plain["bytes"], 3);
        assert_eq!(plain["sha256"], Sha256::of(b"abc").to_string());
        let text = format!("file={} kind=certificate-of-analysis number=7", file.display());
        let (full, blob) = document(&text).unwrap();
        assert_eq!((&full["kind"], &full["number"]), (&json!("certificate-of-analysis"), &json!("7")));
        assert_eq!(blob.path, file);
        assert!(document("kind=invoice").unwrap_err().message.contains("expected `file=`"));
    }
}
