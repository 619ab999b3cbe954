//! Drafts of every kind of event with every member filled in, for tests that need something of everything.
//!
//! The ids in them are made up: these events are well-formed, not admissible.
#![allow(dead_code, reason = "each test program uses a part")]

use ed25519_dalek::SigningKey;
use oretrail::envelope::{Prepared, Salt, Signed};
use oretrail::event::{Body, Kind, Payload, Purpose, When};
use oretrail::value::{LedgerId, PartyId, PublicKey, Time};
use serde_json::{Value, json};

/// A draft: its kind and body in clear, leaves included.
pub struct Sample {
    pub kind: Kind,
    pub body: Value,
}

/// A signing key that is the same every time.
pub fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// Salts that count up.
pub fn salts() -> impl FnMut() -> Result<Salt, String> {
    let mut n = 0u128;
    move || {
        n += 1;
        Ok(n.to_be_bytes())
    }
}

fn id(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

fn lot(number: u8, output: u8) -> String {
    format!("{}.{output}", id(number))
}

fn head(number: u8) -> Value {
    json!({ "lot": lot(number, 0), "after": id(number + 100) })
}

fn jwk(number: u8) -> Value {
    json!({ "crv": "Ed25519", "kty": "OKP", "x": PublicKey::from(&key(number)).to_string() })
}

fn kid(number: u8) -> String {
    PublicKey::from(&key(number)).id().to_string()
}

fn packages() -> Value {
    json!([{ "kind": "drum", "number": "D-17", "seals": ["S-1", "S-2"], "gross": "412.5", "net": "400" }])
}

fn quantity() -> Value {
    json!({
        "net_dry": "1500.25", "gross": "1600", "tare": "60", "net_wet": "1540", "moisture": "0.025811688",
        "uncertainty": "1.5", "pieces": 30, "unit_mass": "50.008333"
    })
}

fn composition() -> Value {
    json!([
        { "analyte": "TREO", "value": "0.55", "basis": "absolute", "uncertainty": "0.004", "k": "2" },
        { "analyte": "Nd2O3", "value": "0.1649", "basis": "REO/TREO" },
        { "analyte": "Th", "value": "<0.0001", "basis": "absolute" },
    ])
}

fn output() -> Value {
    json!({
        "role": "product", "form": "concentrate", "elements": ["Nd", "Pr", "Th"], "owner": id(7),
        "custody_model": "segregated", "characteristic": "bastnaesite of one mine",
        "quantity": quantity(), "composition": composition(), "labels": ["C-1", "Säcke \"grün\""], "packages": packages()
    })
}

/// An output with nothing but what must be there.
fn bare() -> Value {
    json!({ "role": "by-product", "form": "oxide", "quantity": { "net_dry": "0.000001" } })
}

/// Every kind with every member and every variant at least once.
pub fn all() -> Vec<Sample> {
    let mut all = identities();
    all.extend(keys());
    all.extend(judgements());
    all.extend(custody());
    all.extend(handoffs());
    all.extend(statements());
    all
}

fn sample(kind: Kind, body: Value) -> Sample {
    Sample { kind, body }
}

fn identities() -> Vec<Sample> {
    let circle = json!({ "point": { "lat": "35.478", "lon": "-115.532" }, "radius_m": 1500 });
    let fence = json!({ "polygon": [
        { "lat": "35.47", "lon": "-115.54" }, { "lat": "35.47", "lon": "-115.52" }, { "lat": "35.49", "lon": "-115.53" }
    ] });
    vec![
        sample(
            Kind::Party,
            json!({
                "name": "Sundown Carbonate LLC", "country": "US", "address": "1 Mine Road, Nipton, CA",
                "roles": ["mine", "separator"], "lei": "9999EXAMPLEMINE00182", "gln": "9520123456788",
                "cage": "1ABC2", "uei": "Z9EXAMPLE1A2", "registry": { "authority": "Nevada SOS", "number": "E-1" },
                "key": jwk(1), "recovery": kid(2), "contact": "a person"
            }),
        ),
        sample(
            Kind::Facility,
            json!({
                "code": "PIT", "name": "Pit", "site": "Mountain park", "type": "mine", "country": "US",
                "geometry": circle, "gln": "9520123456788", "processes": ["mine", "crush"],
                "capacity": [{ "process": "mine", "year": 2026, "mass": "45000000" }],
                "valid_from": "2020-01-01T00:00:00Z", "valid_to": "2040-01-01T00:00:00Z", "supersedes": id(9)
            }),
        ),
        sample(
            Kind::Facility,
            json!({ "code": "P2", "name": "Plant", "type": "plant", "country": "US", "geometry": fence, "processes": [] }),
        ),
        sample(
            Kind::Ledger,
            json!({ "origin": "mine.example/log", "vkey": "mine.example/log+48e5f9ef+AfX", "rotates": id(3) }),
        ),
        sample(
            Kind::Accredit,
            json!({
                "action": "grant", "scheme": "ISO/IEC 17025", "subject": { "facility": id(4) },
                "scope": { "processes": ["test"], "methods": ["ICP-MS"], "matrices": ["oxide"], "analytes": ["Nd2O3"] },
                "valid_from": "2025-01-01T00:00:00Z", "valid_to": "2029-01-01T00:00:00Z", "certificate": "A-77"
            }),
        ),
        sample(
            Kind::Accredit,
            json!({
                "action": "suspend", "subject": { "party": id(4) }, "grant": id(5), "valid_from": "2026-01-01T00:00:00Z"
            }),
        ),
        sample(
            Kind::Accredit,
            json!({
                "action": "grant", "scheme": "lot-conformity", "subject": { "lot": lot(4, 31) },
                "valid_from": "2026-01-01T00:00:00Z"
            }),
        ),
    ]
}

fn keys() -> Vec<Sample> {
    let scope = json!({
        "kinds": ["dispatch", "receive"], "facilities": [id(4)],
        "valid_from": "2026-01-01T00:00:00Z", "valid_to": "2027-01-01T00:00:00Z"
    });
    vec![
        sample(Kind::Key, json!({ "action": "add", "prev_key": id(1), "key": jwk(3), "scope": scope })),
        sample(
            Kind::Key,
            json!({ "action": "scope", "prev_key": id(1), "kid": kid(3), "scope": { "kinds": ["assay"] } }),
        ),
        sample(Kind::Key, json!({ "action": "rotate", "prev_key": id(1), "kid": kid(3), "key": jwk(4) })),
        sample(
            Kind::Key,
            json!({
                "action": "revoke", "prev_key": id(1), "kid": kid(4), "reason": "compromised",
                "compromised_since": "2026-02-01T00:00:00Z", "recovery": { "key": jwk(2), "replace": kid(5) }
            }),
        ),
    ]
}

fn judgements() -> Vec<Sample> {
    let policy = json!({ "id": "dfars-252.225-7052/2027", "blake3": id(6) });
    vec![
        sample(
            Kind::Summary,
            json!({
                "lot": lot(8, 0), "policy": policy, "delivery": "2027-02-01",
                "verdicts": [{ "rule": "melted", "verdict": "CONFIRMED" }, { "rule": "mined", "verdict": "NOT APPLICABLE" }],
                "checks": ["all signatures"], "upstream_count": 41, "upstream_root": id(2), "person": "an auditor"
            }),
        ),
        sample(
            Kind::Decision,
            json!({
                "lot": lot(8, 0), "decided": "accept", "verdict": "EXEMPT", "as_of": "2026-11-03T08:00:00Z",
                "policies": [{ "policy": policy, "verdict": "EXEMPT", "parameters": ["elements=named-only"] }],
                "delivery": "2027-02-01", "bundle": id(3), "trust": id(4), "second_approver": id(5), "contract": "W-1",
                "clause": "252.225-7052 (MAY 2024)", "reason": "small",
                "exceptions": [{ "policy": "us-dfars-252.225-7052", "kind": "threshold", "blake3": id(6) }], "person": "a buyer"
            }),
        ),
    ]
}

fn custody() -> Vec<Sample> {
    vec![
        sample(Kind::Source, json!({ "facility": id(4), "source": "mined", "outputs": [output(), bare()] })),
        sample(
            Kind::Source,
            json!({
                "facility": id(4), "source": "purchased", "outputs": [output()], "dispatch": id(5),
                "prior": [
                    { "stage": "mined", "country": "AU", "elements": ["Nd"], "site": "a mine", "supplier": "a trader" },
                    { "stage": "separated", "country": "MY" },
                ]
            }),
        ),
        sample(
            Kind::Transform,
            json!({
                "facility": id(4), "processes": ["crack", "leach"], "inputs": [head(1), head(2)],
                "outputs": [output(), bare()], "targets": ["Nd", "Pr"], "gain_reason": "old assay",
                "losses": [{ "kind": "off-gas", "mass": "12.5" }, { "kind": "stocktake", "mass": "-0.5" },
                           { "kind": "difference" }],
                "batch": "K-7"
            }),
        ),
        sample(
            Kind::Split,
            json!({
                "facility": id(4), "input": head(1), "outputs": [output(), bare()],
                "difference": { "kind": "weighing", "mass": "-0.25" }
            }),
        ),
        sample(Kind::Blend, json!({ "facility": id(4), "inputs": [head(1), head(2)], "outputs": [output()] })),
        sample(
            Kind::Retire,
            json!({ "lots": [head(1)], "reason": "built-in", "facility": id(4), "product": "motor M-1" }),
        ),
        sample(Kind::Retire, json!({ "reason": "unanswered", "dispatch": id(5) })),
    ]
}

fn handoffs() -> Vec<Sample> {
    let partial = json!({
        "lot": lot(1, 0), "after": id(5), "outcome": "partial", "reason": "two drums wet", "accepted": 0, "returned": 1,
        "quantity": quantity(), "packages": packages()
    });
    let taken = |kind: &str, more: Value| {
        let mut taken = json!({
            "kind": kind, "event": id(5), "ledger": id(12), "index": 40, "from": id(7), "to": id(8), "to_ledger": id(13)
        });
        taken.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        taken
    };
    let taken_lot = json!({ "lot": lot(1, 0), "form": "oxide", "elements": ["Dy"] });
    let answered = json!({ "lot": lot(1, 0), "form": "oxide", "outcome": "rejected" });
    vec![
        sample(
            Kind::Dispatch,
            json!({
                "lots": [head(1), head(2)], "from": id(4), "to": id(7), "to_facility": id(6), "to_ledger": id(12),
                "reason": "toll", "returns": id(9), "shipment": "SHP-1",
                "legs": [{
                    "mode": "sea", "from": "MYKUA", "to": "JPTYO", "carrier": "a line", "conveyance": "a ship",
                    "document": "BL-1", "departed": "2026-02-01", "arrived": "2026-02-20"
                }],
                "packages": packages(),
                "customs": {
                    "code": "2846.90", "jurisdiction": "JP", "edition": "HS 2022", "regime": "import", "declaration": "D-1"
                },
                "licence": { "number": "L-1", "country": "MY", "expires": "2027-01-01" }
            }),
        ),
        sample(
            Kind::Receive,
            json!({
                "dispatch": id(5), "facility": id(6), "taken_over_at": id(4),
                "lots": [partial, { "lot": lot(2, 0), "after": id(5), "outcome": "accepted" }], "outputs": [output(), bare()]
            }),
        ),
        sample(
            Kind::Import,
            json!({
                "ledgers": [{ "ledger": id(12), "size": 41, "root": id(13), "consistent": true }],
                "taken": [taken("dispatch", json!({ "lots": [taken_lot] })),
                          taken("receive", json!({ "dispatch": id(3), "lots": [answered] }))],
                "bundle": id(14)
            }),
        ),
    ]
}

fn statements() -> Vec<Sample> {
    let claims = [
        json!({ "type": "origin", "element": "Nd", "countries": ["US"], "min_share": "1" }),
        json!({ "type": "processed-in", "stage": "separated", "countries": ["US", "MY"] }),
        json!({ "type": "not-processed-in", "process": "melt", "countries": ["CN"] }),
        json!({ "type": "facility", "facility": id(4), "process": "sinter" }),
        json!({ "type": "recycled-content", "element": "Dy", "kind": "post-consumer", "min_share": "0.25" }),
        json!({ "type": "custody-model", "at_least": "segregated" }),
        json!({ "type": "accredited-chain" }),
        json!({ "type": "spec", "spec": "N42SH", "digest": id(6) }),
        json!({ "type": "complies", "policy": "dfars", "digest": id(6), "delivery": "2027-02-01" }),
    ];
    let mut all: Vec<Sample> =
        claims.into_iter().map(|claim| sample(Kind::Claim, json!({ "lot": lot(1, 0), "claim": claim }))).collect();
    all.push(assay());
    all.push(sample(Kind::Title, json!({ "lots": [lot(1, 0), lot(2, 3)], "owner": id(7), "price": "USD 1" })));
    all.push(sample(Kind::Attach, json!({ "to": { "event": id(5) } })));
    all.push(sample(Kind::Attach, json!({ "to": { "lot": lot(1, 0) } })));
    all.push(sample(
        Kind::Correct,
        json!({
            "target": id(5), "action": "overlay", "reason": "remeasured", "found_by": "counterparty",
            "changes": [{ "object": "/body/outputs/0", "leaf": "quantity", "value": { "net_dry": "1499" } }],
            "at": "2026-01-02T00:00:00Z"
        }),
    ));
    all.push(sample(
        Kind::Correct,
        json!({ "target": id(5), "action": "withdraw", "reason": "did-not-occur", "found_by": "issuer" }),
    ));
    all
}

fn assay() -> Sample {
    let measured = json!({ "value": "1.32", "uncertainty": "0.01" });
    sample(
        Kind::Assay,
        json!({
            "lot": lot(1, 0), "status": "umpire", "method": "ICP-MS", "facility": id(6), "sampled": "2026-01-02",
            "received": "2026-01-03", "performed": "2026-01-04", "issued": "2026-01-05", "supersedes": id(5),
            "sample": {
                "id": "S-1", "mass": "0.5", "seal": "X-1", "sampler": "a person", "plan": "ISO 23597", "description": "powder"
            },
            "results": composition(),
            "magnetic": {
                "grade": "N42SH", "br": measured, "hcb": { "value": "995" }, "hcj": { "value": "1592" },
                "bhmax": { "value": "334.2" }, "temperature": "20", "density": "7.55"
            },
            "report": {
                "title": "Test report", "number": "R-1", "customer": "the mine", "relates_only_to_items": true,
                "deviations": "none", "authorized_by": "a chemist", "external": "none", "decision_rule": "simple"
            }
        }),
    )
}

impl Sample {
    /// The body with its leaves.
    pub fn body(&self) -> Body {
        Body::from_value(self.kind, self.body.clone()).unwrap_or_else(|error| panic!("{}: {error}", self.kind))
    }

    /// The whole draft, with the payload's own leaves and everything an envelope can have.
    pub fn draft(&self) -> Payload {
        let when = match self.kind {
            Kind::Transform => When::Period { from: time(1_790_000_000), to: time(1_790_500_000) },
            _ => When::At(time(1_790_000_000)),
        };
        let iss = (self.kind != Kind::Party).then_some(PartyId([1; 32]));
        let aud = (!self.kind.is_portable()).then_some(LedgerId([12; 32]));
        let mut payload = Payload::draft(iss, aud, when, self.body());
        if self.kind != Kind::Party {
            (payload.seq, payload.prev) = (7, Some(oretrail::value::EventId([6; 32])));
        }
        payload.voids = vec![oretrail::value::EventId([3; 32])];
        payload.remark = Some("first shift".parse().unwrap());
        payload.refs = serde_json::from_value(json!([{ "kind": "purchase-order", "number": "PO-1" }])).unwrap();
        payload.docs = serde_json::from_value(json!([{
            "kind": "invoice", "issuer": "the mine", "issuer_party": id(7), "number": "I-1", "date": "2026-01-02",
            "media_type": "application/pdf", "bytes": 4711, "blake3": id(1), "sha256": id(2)
        }]))
        .unwrap();
        payload
    }

    /// Signs the draft with key 1, cosigned by key 9.
    pub fn sign(&self) -> Signed {
        let mut prepared = Prepared::new(self.draft(), &mut salts()).unwrap();
        prepared.cosign(Purpose::SecondApprover, &key(9)).unwrap();
        prepared.sign(&key(1)).unwrap_or_else(|error| panic!("{}: {error}", self.kind))
    }
}

fn time(unix: i64) -> Time {
    Time::from_unix(unix).unwrap()
}
