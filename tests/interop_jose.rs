//! Signed events as independent implementations see them: `jsonwebtoken` (JOSE) and `sd-jwt-payload` (RFC 9901).

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the failure")]

use ed25519_dalek::SigningKey;
use jsonwebtoken::jwk::{Jwk as OtherJwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use oretrail::envelope::{Compact, Disclosure, Signed, Typ, sign, sign_jws};
use oretrail::event::{Body, Kind, Payload, When};
use oretrail::value::{Jwk, LedgerId, PartyId, PublicKey, Time};
use sd_jwt_payload::{SdJwt, Sha256Hasher};
use serde_json::{Value, json};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x17; 32])
}

/// The body of an event with every leaf in clear, and its payload's own leaf.
fn clear() -> (Value, &'static str) {
    let body = json!({
        "facility": "11".repeat(32),
        "source": "mined",
        "outputs": [
            { "role": "product", "form": "concentrate", "elements": ["Nd", "Pr"],
              "quantity": { "net_dry": "1500.25", "pieces": 3 }, "labels": ["C-1", "Säcke \"grün\" ~ 2"],
              "composition": [{ "analyte": "TREO", "value": "0.55", "basis": "absolute" }] },
            { "role": "residue", "form": "residue", "quantity": { "net_dry": "8000" } },
        ],
    });
    (body, "first shift")
}

fn signed() -> Signed {
    let (body, remark) = clear();
    let body = Body::from_value(Kind::Source, body).unwrap();
    let when = When::At(Time::from_unix(1_800_000_000).unwrap());
    let mut draft = Payload::draft(Some(PartyId([1; 32])), Some(LedgerId([2; 32])), when, body);
    draft.remark = Some(remark.parse().unwrap());
    let mut n = 0;
    let mut salt = || {
        n += 1;
        Ok([n; 16])
    };
    sign(draft, &key(), &mut salt).unwrap()
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation
}

/// The other implementation's key, from our JWK as text.
fn decoding_key() -> DecodingKey {
    let jwk = Jwk::from(PublicKey::from(&key()));
    let other: OtherJwk = serde_json::from_str(&serde_json::to_string(&jwk).unwrap()).unwrap();
    assert_eq!(other.thumbprint(ThumbprintHash::SHA256).unwrap(), jwk.id().to_string());
    DecodingKey::from_jwk(&other).unwrap()
}

#[test]
fn an_independent_jose_implementation_verifies_events_and_manifests() {
    let signed = signed();
    let token = jsonwebtoken::decode::<Value>(&signed.jws, &decoding_key(), &validation()).unwrap();
    assert_eq!(token.header.typ.as_deref(), Some("oretrail-event+sd-jwt"));
    assert_eq!(token.header.kid, Some(PublicKey::from(&key()).id().to_string()));
    assert_eq!(token.claims["kind"], "source");
    assert_eq!(token.claims["iss"], "01".repeat(32));
    let manifest = sign_jws(Typ::Manifest, &key(), r#"{"v":1}"#).unwrap();
    let token = jsonwebtoken::decode::<Value>(&manifest, &decoding_key(), &validation()).unwrap();
    assert_eq!(token.header.typ.as_deref(), Some("oretrail-manifest+jws"));

    let foreign = DecodingKey::from_ed_components(&PublicKey::from(&SigningKey::from_bytes(&[1; 32])).to_string());
    assert!(jsonwebtoken::decode::<Value>(&signed.jws, &foreign.unwrap(), &validation()).is_err());
}

fn decoded(jws: &str, disclosures: Vec<Disclosure>) -> Value {
    let text = Compact { jws, disclosures }.to_string();
    let parsed = SdJwt::parse(&text).unwrap();
    assert_eq!(parsed.presentation(), text);
    Value::Object(parsed.into_disclosed_object(&Sha256Hasher::new()).unwrap())
}

#[test]
fn an_independent_sd_jwt_implementation_puts_every_disclosure_in_place() {
    let signed = signed();
    let seen = decoded(&signed.jws, signed.disclosures.clone());
    let (body, remark) = clear();
    assert_eq!(seen["body"], body);
    assert_eq!(seen["remark"], remark);
}

#[test]
fn an_independent_sd_jwt_implementation_sees_what_is_withheld_as_absent() {
    let signed = signed();
    for withheld in ["quantity", "composition", "labels", "remark"] {
        let shown = signed.disclosures.iter().filter(|d| d.name() != withheld).cloned().collect();
        let seen = decoded(&signed.jws, shown);
        let (mut body, remark) = clear();
        for output in body["outputs"].as_array_mut().unwrap() {
            output.as_object_mut().unwrap().remove(withheld);
        }
        assert_eq!(seen["body"], body, "{withheld}");
        assert_eq!(seen.get("remark").is_some_and(|r| r == remark), withheld != "remark");
    }
}

#[test]
fn both_implementations_refuse_a_disclosure_of_another_event() {
    let signed = signed();
    let foreign = Disclosure::new(&[99; 16], "quantity", r#"{"net_dry":"1"}"#).unwrap();
    let text = Compact { jws: &signed.jws, disclosures: vec![foreign.clone()] }.to_string();
    assert!(SdJwt::parse(&text).unwrap().into_disclosed_object(&Sha256Hasher::new()).is_err());
    let jws = oretrail::envelope::Jws::parse(&signed.jws, Typ::Event).unwrap();
    assert!(oretrail::envelope::open(&jws, &[foreign]).is_err());
}
