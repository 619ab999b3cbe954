use super::*;
use crate::event::{
    Body, Cosignature, Event, Kind, LeafError, LeafStatus, Leaves as _, Payload, PayloadError, Purpose, When,
};
use crate::value::{Blake3, LedgerId, PartyId, PublicKey, Time};
use ed25519_dalek::SigningKey;
use serde_json::json;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Salts that count up, so that a test repeats.
fn salts() -> impl FnMut() -> Result<Salt, String> {
    let mut n = 0;
    move || {
        n += 1;
        Ok([n; 16])
    }
}

/// A mine's lot with leaves in every place: payload, output.
fn draft() -> Payload {
    let body = json!({
        "facility": "11".repeat(32),
        "source": "mined",
        "outputs": [
            { "role": "product", "form": "concentrate", "elements": ["Nd", "Pr"],
              "quantity": { "net_dry": "1500.25", "pieces": 3 }, "labels": ["C-1", "Säcke \"grün\""],
              "composition": [{ "analyte": "TREO", "value": "0.55", "basis": "absolute" }] },
            { "role": "residue", "form": "residue", "quantity": { "net_dry": "8000" } },
        ],
    });
    let body = Body::from_value(Kind::Source, body).unwrap();
    let when = When::At(Time::from_unix(1_800_000_000).unwrap());
    let mut payload = Payload::draft(Some(PartyId([1; 32])), Some(LedgerId([2; 32])), when, body);
    payload.remark = Some("first shift".parse().unwrap());
    payload
}

fn signed() -> Signed {
    sign(draft(), &key(), &mut salts()).unwrap()
}

fn opened(signed: &Signed, disclosures: &[Disclosure]) -> Result<Event, OpenError> {
    open(&Jws::parse(&signed.jws, Typ::Event).unwrap(), disclosures)
}

#[test]
fn a_draft_without_a_leaf_that_every_such_object_has_is_not_signed() {
    let mut draft = draft();
    let Body::Source(source) = &mut draft.body else { unreachable!() };
    source.outputs[1].quantity = None;
    let error = sign(draft, &key(), &mut salts()).unwrap_err();
    assert_eq!(error.to_string(), "expected `quantity` in `/body/outputs/1`, found none");
}

#[test]
fn what_was_signed_is_what_is_opened() {
    let signed = signed();
    let names: Vec<&str> = signed.disclosures.iter().map(Disclosure::name).collect();
    assert_eq!(names, ["remark", "quantity", "composition", "labels", "quantity"]);
    let opened = opened(&signed, &signed.disclosures).unwrap();
    assert_eq!(opened.payload, draft());
    assert_eq!((opened.id, opened.kid), (signed.event.id, PublicKey::from(&key()).id()));
    let jws = Jws::parse(&signed.jws, Typ::Event).unwrap();
    assert!(jws.verify(&PublicKey::from(&key())));
    let payload = jws.payload().unwrap();
    for secret in ["1500.25", "C-1", "TREO", "first shift"] {
        assert!(!payload.contains(secret), "{payload}");
    }
}

#[test]
fn whatever_is_withheld_stays_withheld_and_the_rest_is_shown() {
    let signed = signed();
    for mask in 0_u32..32 {
        let shown: Vec<Disclosure> =
            signed.disclosures.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1).map(|(_, d)| d.clone()).collect();
        let mut opened = opened(&signed, &shown).unwrap();
        assert_eq!(opened.id, signed.event.id);
        let mut withheld = 0;
        opened.payload.visit_leaves(&mut |_, object| withheld += object.hidden().len());
        assert_eq!(withheld, 5 - shown.len());
    }
    let Body::Source(source) = opened(&signed, &[]).unwrap().payload.body else { panic!() };
    assert_eq!(source.outputs[0].leaf_status("quantity"), Some(LeafStatus::Withheld));
    assert_eq!(source.outputs[0].leaf_status("packages"), Some(LeafStatus::WithheldOrAbsent));
}

#[test]
fn disclosures_in_any_order_do() {
    let signed = signed();
    let mut reversed = signed.disclosures.clone();
    reversed.reverse();
    assert_eq!(opened(&signed, &reversed).unwrap().payload, draft());
}

#[test]
fn forged_foreign_and_repeated_disclosures_are_refused() {
    let signed = signed();
    let with = |extra: Disclosure| {
        let mut disclosures = signed.disclosures.clone();
        disclosures.push(extra);
        opened(&signed, &disclosures).unwrap_err()
    };
    let forged = Disclosure::new(&[1; 16], "quantity", r#"{"net_dry":"9999"}"#).unwrap();
    assert!(matches!(with(forged), OpenError::Unmatched { .. }));
    let mut n = 100;
    let other = sign(draft(), &key(), &mut || {
        n += 1;
        Ok([n; 16])
    });
    assert!(matches!(with(other.unwrap().disclosures[1].clone()), OpenError::Unmatched { .. }));
    assert!(matches!(with(signed.disclosures[0].clone()), OpenError::Repeated(_)));
}

/// Signs a payload as it stands, as a careless or hostile issuer could.
fn sign_text(payload: &str) -> String {
    sign_jws(Typ::Event, &key(), payload).unwrap()
}

fn open_text(jws: &str, disclosures: &[Disclosure]) -> OpenError {
    open(&Jws::parse(jws, Typ::Event).unwrap(), disclosures).unwrap_err()
}

#[test]
fn a_disclosure_outside_the_table_of_its_object_is_refused() {
    let signed = signed();
    let payload = Jws::parse(&signed.jws, Typ::Event).unwrap().payload().unwrap().to_owned();
    let label = &signed.disclosures[3];
    for (name, value) in [("owner", "\"x\""), ("form", "\"oxide\""), ("_sd", "[]"), ("remark", "\"r\"")] {
        let odd = Disclosure::new(&[200; 16], name, value).unwrap();
        let text = payload.replace(&label.digest().to_string(), &odd.digest().to_string());
        let text = sorted(&text);
        let error = open_text(&sign_text(&text), &[odd]);
        assert!(matches!(&error, OpenError::Leaf { error: LeafError::Name { .. }, .. }), "{error}");
    }
    let nested = r#"{"net_dry":"1","_sd":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}"#;
    for (name, value) in [("labels", "7"), ("quantity", nested)] {
        let odd = Disclosure::new(&[201; 16], name, value).unwrap();
        let text = sorted(&payload.replace(&label.digest().to_string(), &odd.digest().to_string()));
        let error = open_text(&sign_text(&text), &[odd]);
        assert!(matches!(&error, OpenError::Leaf { error: LeafError::Value { .. }, .. }), "{error}");
    }
}

/// The payload with every `_sd` sorted.
fn sorted(payload: &str) -> String {
    fn walk(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                if let Some(serde_json::Value::Array(digests)) = members.get_mut("_sd") {
                    digests.sort_by_key(|digest| digest.as_str().unwrap().parse::<crate::event::SdDigest>().unwrap());
                }
                members.values_mut().for_each(walk);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(payload).unwrap();
    walk(&mut value);
    value.to_string()
}

#[test]
fn two_values_for_one_leaf_and_one_digest_in_two_places_are_refused() {
    let signed = signed();
    let payload = Jws::parse(&signed.jws, Typ::Event).unwrap().payload().unwrap().to_owned();
    let second = Disclosure::new(&[202; 16], "quantity", r#"{"net_dry":"1"}"#).unwrap();
    let label = signed.disclosures[3].digest().to_string();
    let text = sorted(&payload.replace(&label, &second.digest().to_string()));
    let error = open_text(&sign_text(&text), &[signed.disclosures[1].clone(), second]);
    assert!(matches!(&error, OpenError::Leaf { error: LeafError::Twice("quantity"), .. }), "{error}");
    let remark = signed.disclosures[0].digest().to_string();
    let text = sorted(&payload.replace(&label, &remark));
    assert!(matches!(open_text(&sign_text(&text), &[]), OpenError::RepeatedDigest { .. }));
}

#[test]
fn a_leaf_in_clear_and_an_unknown_or_null_member_are_refused() {
    let signed = signed();
    let payload = Jws::parse(&signed.jws, Typ::Event).unwrap().payload().unwrap().to_owned();
    let clear = payload.replace(r#""role":"residue""#, r#""role":"residue","labels":["x"]"#);
    assert!(matches!(open_text(&sign_text(&clear), &[]), OpenError::Payload(PayloadError::LeafInClear { .. })));
    let unknown = payload.replace(r#""role":"residue""#, r#""role":"residue","colour":"red""#);
    let error = open_text(&sign_text(&unknown), &[]).to_string();
    assert!(error.contains("/body/outputs/1") && error.contains("colour"), "{error}");
    let null = payload.replace(r#""role":"residue""#, r#""role":"residue","owner":null"#);
    assert!(matches!(sign_jws(Typ::Event, &key(), &null), Err(SignError::Refused(JwsError::Payload(_)))));
}

#[test]
fn lists_that_are_there_without_need_are_refused() {
    let signed = signed();
    let payload = Jws::parse(&signed.jws, Typ::Event).unwrap().payload().unwrap().to_owned();
    for empty in [r#""cosig":[]"#, r#""voids":[]"#] {
        let error = open_text(&sign_text(&payload.replacen('{', &format!("{{{empty},"), 1)), &[]).to_string();
        assert!(error.contains("empty list"), "{error}");
    }
}

#[test]
fn cosignatures_come_with_the_event_and_cover_its_body() {
    let other = SigningKey::from_bytes(&[8; 32]);
    let mut prepared = Prepared::new(draft(), &mut salts()).unwrap();
    prepared.cosign(Purpose::SecondApprover, &other).unwrap();
    let body = prepared.body().to_owned();
    let elsewhere = cosig::sign(&other, &Purpose::OldOperator, &body).unwrap();
    let cosignature =
        Cosignature { purpose: Purpose::OldOperator, key: PublicKey::from(&other).into(), sig: elsewhere };
    prepared.add(cosignature).unwrap();
    let wrong = Cosignature { purpose: Purpose::NewKey, ..cosignature };
    assert!(matches!(prepared.add(wrong), Err(SignEventError::Cosignature { .. })));
    let signed = prepared.sign(&key()).unwrap();
    assert_eq!(signed.event.payload.cosig.len(), 2);
    assert_eq!(signed.event.payload.body_digest, Some(Blake3::of(body.as_bytes())));
    for cosignature in &signed.event.payload.cosig {
        let digest = signed.event.payload.body_digest.unwrap();
        assert!(cosig::verify(&cosignature.key.x, &cosignature.purpose, &digest, &cosignature.sig));
    }
}

#[test]
fn an_opened_event_is_no_draft_and_a_draft_no_reader_takes_is_not_signed() {
    let opened = opened(&signed(), &[]).unwrap();
    assert!(matches!(sign(opened.payload, &key(), &mut salts()), Err(SignEventError::NotADraft(_))));
    let mut numbered = draft();
    numbered.seq = 3;
    assert!(matches!(sign(numbered, &key(), &mut salts()), Err(SignEventError::Unreadable(_))));
    let no_salt = sign(draft(), &key(), &mut || Err("empty".to_owned()));
    assert!(matches!(no_salt, Err(SignEventError::NoRandomness(_))));
}
