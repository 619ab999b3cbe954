//! The example ledger with an authority that vouches for its parties and sites, so that there is something to confirm.

use super::world::{Builder, MINE, SEPARATOR, World, builder, key, party};
use oretrail::bundle::manifest::Roots;
use oretrail::bundle::{Asked, BundleFile, Manifest, ReadError, UnverifiedBundle};
use oretrail::event::{Kind, Verdict};
use oretrail::finding::{Code, Finding};
use oretrail::rules::trust::Trust;
use oretrail::tlog::nodes::prove_nodes;
use oretrail::value::{EventId, PublicKey, Sha256, Time};
use oretrail::verify::report::Report;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Seed of the authority's key.
pub const AUTHORITY: u8 = 9;

pub fn grant(scheme: &str, subject: Value, from: &str, to: Option<&str>) -> Value {
    let mut body = json!({
        "action": "grant", "scheme": scheme, "subject": subject, "valid_from": from, "certificate": "C-1"
    });
    if let Some(to) = to {
        body["valid_to"] = json!(to);
    }
    body
}

/// The example ledger; entry 9 is the authority, which then grants what is needed, until `to`.
pub fn attested(to: Option<&str>) -> Builder {
    let mut b = builder();
    let id = b.record((AUTHORITY, None), Kind::Party, party("Site Authority", "US", "authority", AUTHORITY), None);
    grants(&mut b, (AUTHORITY, Some(id.into())), to);
    b
}

/// Grants identities and sites of the example ledger.
pub fn grants(b: &mut Builder, by: super::world::By, to: Option<&str>) {
    let ids: Vec<EventId> = b.world.entries.iter().map(|one| one.signed.event.id).collect();
    for subject in [ids[0], ids[3]] {
        let body = grant("party-identity", json!({ "party": subject }), "2020-01-01T00:00:00Z", to);
        b.record(by, Kind::Accredit, body, None);
    }
    for subject in [ids[2], ids[4]] {
        let body = grant("site-location", json!({ "facility": subject }), "2020-01-01T00:00:00Z", to);
        b.record(by, Kind::Accredit, body, None);
    }
}

/// Trust in the example's log and in the party at this index as an authority.
pub fn trust(world: &World, authority: usize) -> Trust {
    let trust = json!({
        "version": 0, "ledgers": [{ "id": world.ledger, "vkey": world.log_key.to_string() }],
        "authorities": [{
            "party": world.entries[authority].signed.event.id, "schemes": ["site-location", "party-identity"]
        }]
    });
    Trust::parse(&trust.to_string()).unwrap()
}

pub fn as_of() -> Time {
    "2026-12-05T00:00:00Z".parse().unwrap()
}

pub fn judge(text: &[u8], trust: &Trust) -> Result<Report, ReadError> {
    let asked = Asked { trust, as_of: as_of(), recipient: None };
    Ok(UnverifiedBundle::read(text)?.verify(&asked).unwrap().report)
}

/// What was found, as codes; nothing where the file is refused.
pub fn codes(report: &Report) -> BTreeSet<Code> {
    report.findings().chain(&report.completeness.undecided).map(|finding: &Finding| finding.code).collect()
}

/// Whether everything asked for is confirmed and no rule broken.
pub fn is_confirmed(report: &Report) -> bool {
    report.is_sound() && matches!(report.overall(), Verdict::Confirmed | Verdict::Exempt)
}

/// The bundle with proofs and manifest made anew by its exporter, as an insider would who changed it.
pub fn resigned(world: &World, mut file: BundleFile, change: impl Fn(&mut Manifest)) -> String {
    let ledger = &mut file.ledgers[0];
    let indexes: BTreeSet<u64> = ledger.entries.iter().map(|entry| entry.index).collect();
    let nodes = prove_nodes(&world.tree, &[world.entries.len() as u64], &indexes).unwrap();
    ledger.nodes = nodes.iter().map(|(node, hash)| oretrail::bundle::NodeFile(node.level, node.index, *hash)).collect();
    let (mut manifest, jws) = Manifest::parse(&file.manifest).unwrap();
    let signer = [MINE, SEPARATOR].into_iter().find(|seed| jws.kid() == PublicKey::from(&key(*seed)).id()).unwrap();
    file.sum_up();
    let roots = Roots::of(&file);
    (manifest.entries, manifest.disclosures) = (roots.entries, roots.disclosures);
    (manifest.nodes, manifest.leaves, manifest.documents) = (roots.nodes, roots.leaves, roots.documents);
    manifest.checkpoints[0].note = Sha256::of(file.ledgers[0].checkpoints[0].as_bytes());
    change(&mut manifest);
    file.manifest = manifest.sign(&key(signer)).unwrap();
    file.to_json().unwrap()
}

#[test]
fn the_untouched_bundle_is_confirmed_and_so_is_one_signed_anew_without_change() {
    let world = attested(None).world;
    let text = world.bundle(&[]);
    let trust = trust(&world, 9);
    let report = judge(text.as_bytes(), &trust).unwrap();
    assert!(is_confirmed(&report), "{:#?}\n{:#?}", report.verdicts, report.findings().collect::<Vec<_>>());
    let again = resigned(&world, BundleFile::parse(text.as_bytes()).unwrap(), |_| {});
    assert!(is_confirmed(&judge(again.as_bytes(), &trust).unwrap()));
}
