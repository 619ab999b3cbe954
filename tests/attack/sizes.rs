//! Hostile sizes: each ends at a stated limit, at once, on a small stack.

use super::attested::{attested, judge, trust};
use oretrail::bundle::{BundleFile, UnverifiedBundle};
use oretrail::envelope::{Compact, Disclosure, Jws, MAX_DISCLOSURES, Typ, open, sign_jws};
use oretrail::interop::batch::{BatchReader, Format};
use oretrail::rules::trust::Trust;
use oretrail::tlog::entry::{Entry, EntryRef, MAX_ENTRY};
use std::time::{Duration, Instant};

/// Runs on a stack of 256 KiB, and panics where it takes longer than any of these may (seconds, not hours).
fn soon(run: impl FnOnce() + Send + 'static) {
    let start = Instant::now();
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "took {:?}", start.elapsed());
}

fn nested(depth: usize) -> Vec<String> {
    let lists = "[".repeat(depth) + &"]".repeat(depth);
    let objects = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    vec![lists, objects, "[".repeat(depth), "{\"a\":".repeat(depth)]
}

#[test]
fn nesting_ten_thousand_deep_is_refused_by_every_reader() {
    soon(|| {
        for text in nested(10_000) {
            assert!(UnverifiedBundle::read(text.as_bytes()).is_err());
            assert!(BundleFile::parse(format!("{{\"v\":1,\"manifest\":{text}}}").as_bytes()).is_err());
            assert!(Trust::parse(&text).is_err());
            assert!(Trust::parse(&format!("x = {text}")).is_err());
            assert!(oretrail::policy::pack::Pack::parse(&format!("x = {text}")).is_err());
            let batch = BatchReader::new(Format::JsonLines, text.as_bytes());
            assert!(batch.map_or(true, |mut steps| steps.all(|step| step.is_err())));
            let toml = format!("oretrail = \"batch/1\"\n[[step]]\nkind = {text}");
            let batch = BatchReader::new(Format::Toml, toml.as_bytes());
            assert!(batch.map_or(true, |mut steps| steps.any(|step| step.is_err())));
            let key = super::world::key(1);
            let jws = sign_jws(Typ::Event, &key, &text);
            assert!(jws.map_or(true, |jws| Jws::parse(&jws, Typ::Event).map_or(true, |jws| open(&jws, &[]).is_err())));
        }
    });
}

#[test]
fn a_hundred_thousand_disclosures_are_refused_before_they_are_read() {
    soon(|| {
        let text = "jws~".to_owned() + &"a~".repeat(100_000);
        let refused = Compact::parse(&text).unwrap_err().to_string();
        assert!(refused.contains(&MAX_DISCLOSURES.to_string()), "{refused}");
        let world = attested(None).world;
        let mut file = BundleFile::parse(world.bundle(&[]).as_bytes()).unwrap();
        let one = Disclosure::new(&[1; 16], "quantity", "{}").unwrap().as_str().to_owned();
        file.ledgers[0].entries[0].disclosures = vec![one; 100_000];
        let trust = trust(&world, 9);
        assert!(
            judge(serde_json::to_string(&file).unwrap().as_bytes(), &trust).map_or(true, |report| !report.is_sound())
        );
    });
}

#[test]
fn numbers_beyond_any_are_refused() {
    soon(|| {
        let world = attested(None).world;
        let good = world.bundle(&[]);
        for huge in ["9007199254740992", "1e400", "-1", "1.0", &"9".repeat(1_000_000)] {
            assert!(
                BundleFile::parse(good.replacen("\"index\":0", &format!("\"index\":{huge}"), 1).as_bytes()).is_err()
            );
        }
        let digits = "9".repeat(60_000);
        assert!(digits.parse::<oretrail::value::Mass>().is_err());
        assert!(format!("0.{digits}").parse::<oretrail::value::Mass>().is_err());
        assert!(digits.parse::<oretrail::value::Fraction>().is_err());
        assert!("9007199254.740993".parse::<oretrail::value::Mass>().is_err());
    });
}

#[test]
fn an_entry_of_the_greatest_length_is_written_and_read_and_one_byte_more_is_not() {
    let world = attested(None).world;
    let first = &world.entries[0];
    let spare = MAX_ENTRY - first.entry.len();
    let entry = |more: usize| Entry {
        prev: oretrail::value::Blake3([1; 32]),
        recorded_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        jwt: format!("{}{}", first.signed.jws, "A".repeat(more)),
    };
    let greatest = entry(spare).format().unwrap();
    assert_eq!(greatest.len(), 65_535);
    assert_eq!(EntryRef::parse(&greatest).unwrap().to_entry(), entry(spare));
    assert!(entry(spare + 1).format().is_err());
    let mut longer = greatest;
    longer.insert(longer.len() - 1, b'A');
    assert!(EntryRef::parse(&longer).is_err());
}
