//! `show FILE`: a signed event that came as a file, such as a decision: who signed it, and which files its digests are of.
//!
//! Does not establish that the event is recorded anywhere, nor that its issuer may sign such an event: that is for the ledger
//! that records it.

use super::archive::Archive;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::event_json;
use super::names::Naming;
use super::output::Tone;
use super::record::read_one;
use super::show::{Lines, all_members, when};
use crate::bundle::{MAX_BUNDLE_BYTES, UnverifiedBundle};
use crate::envelope::{Jws, Signed, Typ, cosig};
use crate::event::{Body, Event};
use crate::ledger::disk::{RealDisk, read_whole};
use crate::policy::pack::find_built_in;
use crate::rules::trust::Trust;
use crate::value::{Blake3, KeyId, PartyId, PublicKey};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The largest file with one signed event, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A signature: what for, by which key of whom, and whether it holds; `None` where that key is not at hand.
struct Checked {
    what: String,
    kid: KeyId,
    party: PartyId,
    holds: Option<bool>,
}

/// A file, and which digest of the event is its.
struct Compared {
    name: String,
    is: Option<String>,
}

/// Shows and checks a file.
pub(super) fn show(context: &mut Context, file: &Path, against: &[PathBuf]) -> Result<Done, Failure> {
    let signed = read(file)?;
    let event = &signed.event;
    let others: Vec<(&PathBuf, Vec<u8>)> =
        against.iter().map(|path| Ok((path, read_other(path)?))).collect::<Result<_, Failure>>()?;
    let keys = Keys::of(context, event, &others)?;
    let signatures = signatures(&signed, &keys)?;
    let mut compared: Vec<Compared> = others
        .iter()
        .map(|(path, bytes)| Compared { name: path.display().to_string(), is: digest_of(event, bytes) })
        .collect();
    compared.extend(built_in(event));
    if context.output.is_json() {
        let signatures: Vec<_> = signatures
            .iter()
            .map(|one| json!({ "what": one.what, "kid": one.kid, "party": one.party, "holds": one.holds }))
            .collect();
        let compared: Vec<_> = compared.iter().map(|one| json!({ "file": one.name, "is": one.is })).collect();
        let event = event_json::event(event)?;
        context.output.json(&json!({ "event": event, "signatures": signatures, "compared": compared }))?;
    } else {
        context.output.text(&text(event, &keys, &signatures, &compared)?)?;
    }
    if signatures.iter().any(|one| one.holds.is_none()) {
        context.output.hint(
            "a trust file that names the buyer, or a lineage file that registers it, holds the key: `--against FILE`",
        );
    }
    let is_wrong = signatures.iter().any(|one| one.holds == Some(false)) || compared.iter().any(|one| one.is.is_none());
    Ok(match is_wrong {
        true => Done::Broken,
        false if signatures.iter().any(|one| one.holds.is_none()) => Done::Undecided,
        false => Done::Ok,
    })
}

fn read(file: &Path) -> Result<Signed, Failure> {
    let wrong = |problem: &dyn std::fmt::Display| {
        Failure::new(Kind::Broken, format_args!("{} is no signed event: {problem}", file.display()))
            .hint("expected an SD-JWT, as `oretrail decide -o` and `oretrail show --signed` write it")
    };
    let text = String::from_utf8(read_whole(&RealDisk, file, MAX_FILE)?).map_err(|error| wrong(&error.utf8_error()))?;
    read_one(&text).map_err(|problem| wrong(&problem))
}

fn read_other(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(read_whole(&RealDisk, path, MAX_BUNDLE_BYTES as u64)?)
}

/// Keys at hand: of whom, and where they come from.
struct Keys {
    found: Vec<(PartyId, PublicKey)>,
    names: crate::report::names::Names,
}

impl Keys {
    /// Those of the files given, of the key folder, and of the ledger where one is at hand.
    fn of(context: &Context, event: &Event, others: &[(&PathBuf, Vec<u8>)]) -> Result<Self, Failure> {
        let mut found: Vec<(PartyId, PublicKey)> = Vec::new();
        let mut names = crate::report::names::Names::default();
        for (_, bytes) in others {
            if let Some(trust) = std::str::from_utf8(bytes).ok().and_then(|text| Trust::parse(text).ok()) {
                let buyers = trust.buyers.iter();
                found.extend(buyers.flat_map(|buyer| buyer.keys.iter().map(|key| (buyer.party, *key))));
            }
            for event in UnverifiedBundle::read(bytes).map_or_else(|_| Vec::new(), |bundle| bundle.events()) {
                names.add(&event);
                // Nothing in the file is verified; but the id of a party is a digest of its registration, which has the key.
                if let Body::Party(party) = &event.payload.body {
                    found.push((event.id.into(), party.key.x));
                }
            }
        }
        let own = context.list_keys().unwrap_or_default();
        found.extend(own.iter().filter_map(|key| Some((key.info.party?, key.info.key.x))));
        if context.has_ledger()
            && let Ok(archive) = Archive::open(context)
        {
            for kid in event.payload.cosig.iter().map(|one| one.key.id()).chain([event.kid]) {
                found.extend(archive.find().key(&kid)?.map(|record| (record.party, record.public)));
            }
        }
        Ok(Self { found, names })
    }

    fn key(&self, party: PartyId, kid: KeyId) -> Option<&PublicKey> {
        self.found.iter().find(|(of, key)| *of == party && key.id() == kid).map(|(_, key)| key)
    }
}

fn signatures(signed: &Signed, keys: &Keys) -> Result<Vec<Checked>, Failure> {
    let event = &signed.event;
    let by = event.issuer();
    let jws = Jws::parse(&signed.jws, Typ::Event).map_err(Failure::usage)?;
    let holds = keys.key(by, event.kid).map(|key| jws.verify(key));
    let mut all = vec![Checked { what: "signature".to_owned(), kid: event.kid, party: by, holds }];
    let Body::Decision(decision) = &event.payload.body else { return Ok(all) };
    let Some(approver) = decision.second_approver else { return Ok(all) };
    let what = "second approver".to_owned();
    let theirs = event.payload.cosig.iter().find(|one| keys.key(approver, one.key.id()).is_some());
    let Some(one) = theirs.or(event.payload.cosig.first()) else {
        all.push(Checked { what, kid: event.kid, party: approver, holds: Some(false) });
        return Ok(all);
    };
    let is_valid =
        event.payload.body_digest.is_some_and(|body| cosig::verify(&one.key.x, &one.purpose, &body, &one.sig));
    let holds = if is_valid { keys.key(approver, one.key.id()).map(|_| true) } else { Some(false) };
    all.push(Checked { what, kid: one.key.id(), party: approver, holds });
    Ok(all)
}

/// What of a decision has the digest of these bytes.
fn digest_of(event: &Event, bytes: &[u8]) -> Option<String> {
    let Body::Decision(decision) = &event.payload.body else { return None };
    let digest = Blake3::of(bytes);
    // An exception file is named by its one line.
    let line = std::str::from_utf8(bytes).map_or(digest, |text| Blake3::of(text.trim().as_bytes()));
    let policies = decision.policies.iter().map(|one| &one.policy);
    let policy =
        policies.into_iter().find(|policy| policy.blake3 == digest).map(|policy| format!("policy {}", policy.id));
    let exceptions = decision.exceptions.iter().flatten();
    let exception =
        exceptions.into_iter().find(|one| one.blake3 == Some(line)).map(|one| format!("exception {}", one.kind));
    let fixed = [(decision.bundle, "lineage file"), (decision.trust, "trust file")];
    let fixed = fixed.into_iter().find(|(of, _)| *of == digest).map(|(_, what)| what.to_owned());
    fixed.or(policy).or(exception)
}

/// Policies of a decision that come with this program.
fn built_in(event: &Event) -> Vec<Compared> {
    let Body::Decision(decision) = &event.payload.body else { return Vec::new() };
    let policies = decision.policies.iter().map(|one| &one.policy);
    let here = policies.filter(|policy| {
        find_built_in(policy.id.as_str()).and_then(Result::ok).is_some_and(|pack| pack.blake3 == policy.blake3)
    });
    let one = |policy: &crate::event::PolicyRef| Compared {
        name: "built in".to_owned(),
        is: Some(format!("policy {}", policy.id)),
    };
    here.map(one).collect()
}

fn text(event: &Event, keys: &Keys, signatures: &[Checked], compared: &[Compared]) -> Result<String, Failure> {
    let payload = event_json::payload(event)?;
    let mut lines = Lines::new(format!("{} {}", Tone::Bold.paint(event.payload.kind()), Tone::Dim.paint(event.id)));
    lines.add("by", keys.names.party(&event.issuer()));
    lines.add("when", when(event.payload.when));
    all_members(&payload, &Naming::default(), &mut lines);
    for one in signatures {
        let (party, kid) = (keys.names.party(&one.party), one.kid.short());
        lines.add(
            &one.what,
            match one.holds {
                Some(true) => Tone::Good.paint(format_args!("holds, by key {kid} of {party}")).to_string(),
                Some(false) => Tone::Bad.paint(format_args!("missing or wrong: key {kid}, {party}")).to_string(),
                None => {
                    Tone::Doubtful.paint(format_args!("not checked: key {kid} of {party} is not at hand")).to_string()
                }
            },
        );
    }
    for one in compared {
        let is = one.is.as_ref().map_or_else(
            || Tone::Bad.paint("none of its digests is of this file").to_string(),
            |what| Tone::Good.paint(format_args!("the {what} decided upon")).to_string(),
        );
        lines.add("compared", format_args!("{}: {is}", one.name));
    }
    Ok(lines.text)
}
