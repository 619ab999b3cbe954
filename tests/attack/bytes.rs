//! Every byte of a bundle changed, dropped, doubled, swapped with the next, or the file cut there.

use super::attested::{attested, is_confirmed, judge, trust};
use super::changes::{changed, places};
use oretrail::bundle::BundleFile;
use oretrail::finding::Code;

#[test]
fn a_bundle_changed_in_any_byte_is_never_confirmed() {
    let world = attested(None).world;
    let trust = trust(&world, 9);
    let text = world.bundle(&[]).into_bytes();
    let same = BundleFile::parse(&text).unwrap();
    let (mut refused, mut broken) = (0, 0);
    for (at, way) in places(text.len(), 1_500) {
        let Some(bent) = changed(&text, at, way) else { continue };
        match judge(&bent, &trust) {
            Err(_) => refused += 1,
            Ok(report) => {
                // Other bytes of the same content do not exist: the reader is strict.
                assert!(
                    BundleFile::parse(&bent).unwrap() != same,
                    "byte {at}, way {way}: read as if nothing had changed"
                );
                assert!(!is_confirmed(&report), "byte {at}, way {way}: confirmed");
                assert!(!report.is_sound(), "byte {at}, way {way}: no rule is broken");
                broken += 1;
            }
        }
    }
    assert!(refused > 100 && broken > 100, "{refused} refused, {broken} broken");
}

#[test]
fn a_changed_byte_of_a_payload_is_a_finding_on_the_event() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    let world = attested(None).world;
    let trust = trust(&world, 9);
    let file = BundleFile::parse(world.bundle(&[]).as_bytes()).unwrap();
    let mut named = 0;
    for number in 0..file.ledgers[0].entries.len() {
        let jwt = file.ledgers[0].entries[number].jwt.clone();
        let parts: Vec<&str> = jwt.split('.').collect();
        let payload = BASE64.decode(parts[1]).unwrap();
        for (at, way) in places(payload.len(), 12) {
            let Some(bent) = changed(&payload, at, way) else { continue };
            let mut other = file.clone();
            let signing_input = format!("{}.{}", parts[0], BASE64.encode(&bent));
            other.ledgers[0].entries[number].jwt = format!("{signing_input}.{}", parts[2]);
            let Ok(report) = judge(other.to_json().unwrap().as_bytes(), &trust) else { continue };
            assert!(!is_confirmed(&report));
            let id = oretrail::value::EventId::of_signing_input(signing_input.as_bytes());
            let index = format!("entry {} of ledger", file.ledgers[0].entries[number].index);
            let is_on_it = |place: &Option<String>| place.as_ref().is_some_and(|place| place.starts_with(&index));
            let found: Vec<_> = report.findings().collect();
            let on_event: Vec<Code> =
                found.iter().filter(|one| one.event == Some(id)).map(|finding| finding.code).collect();
            // What is no event any more has no id; then the entry is named.
            let named_entry = found.iter().any(|one| is_on_it(&one.place));
            let place = format!("entry {number}, byte {at}, way {way}");
            assert!(!on_event.is_empty() || named_entry, "{place}: {found:#?}");
            named += usize::from(on_event.contains(&Code::BadSignature));
        }
    }
    assert!(named > 10, "{named} were read as events");
}
