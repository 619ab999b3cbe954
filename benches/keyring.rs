//! Checking signatures: plain `verify_strict`, a keyring with tables, and a keyring on all processors; and reading an event.

#![expect(clippy::unwrap_used, reason = "a benchmark, where a panic is the failure")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ed25519_dalek::{Signer as _, SigningKey};
use oretrail::envelope::{Jws, Typ, json, open, sign};
use oretrail::event::{Body, Kind, Payload, When};
use oretrail::keyring::{Item, Keyring};
use oretrail::value::{LedgerId, PartyId, PublicKey, Signature, Time};
use std::hint::black_box;

/// Signatures per measurement, over messages of 900 bytes, by 16 keys.
const COUNT: u16 = 4096;

fn signatures(c: &mut Criterion) {
    let keys: Vec<SigningKey> = (0..16).map(|n| SigningKey::from_bytes(&[n; 32])).collect();
    let made: Vec<(PublicKey, Vec<u8>, Signature)> = (0..COUNT)
        .zip(keys.iter().cycle())
        .map(|(n, key)| {
            let message = n.to_be_bytes().repeat(450);
            let signature = Signature(key.sign(&message).to_bytes());
            (PublicKey::from(key), message, signature)
        })
        .collect();
    let items: Vec<Item<'_>> = made.iter().map(|(key, message, signature)| Item { key, message, signature }).collect();
    let keyring = Keyring::default();
    assert!(keyring.verify_many(&items).iter().all(|valid| *valid));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();

    let mut group = c.benchmark_group("signatures");
    group.throughput(Throughput::Elements(u64::from(COUNT))).sample_size(10);
    group.bench_function("verify_strict", |b| {
        b.iter(|| made.iter().filter(|(key, message, signature)| key.verify(message, signature)).count());
    });
    group.bench_function("keyring, one by one", |b| {
        b.iter(|| made.iter().filter(|(key, message, signature)| keyring.verify(key, message, signature)).count());
    });
    group.bench_function("keyring, one thread", |b| b.iter(|| one.install(|| keyring.verify_many(black_box(&items)))));
    group.bench_function("keyring, all threads", |b| b.iter(|| keyring.verify_many(black_box(&items))));
    group.finish();
    c.bench_function("a key's first table", |b| {
        let many = vec![*items.first().unwrap(); Keyring::USES_BEFORE_TABLE as usize];
        b.iter(|| Keyring::default().verify_many(black_box(&many)));
    });
}

fn events(c: &mut Criterion) {
    let body = serde_json::json!({
        "facility": "11".repeat(32), "source": "mined",
        "outputs": [{ "role": "product", "form": "concentrate", "elements": ["Nd", "Pr"],
            "quantity": { "net_dry": "1500.25" }, "labels": ["C-1"],
            "composition": [{ "analyte": "TREO", "value": "0.55", "basis": "absolute" }] }],
    });
    let body = Body::from_value(Kind::Source, body).unwrap();
    let when = When::At(Time::from_unix(1_800_000_000).unwrap());
    let draft = Payload::draft(Some(PartyId([1; 32])), Some(LedgerId([2; 32])), when, body);
    let key = SigningKey::from_bytes(&[7; 32]);
    let salt = || Ok([9; 16]);
    let signed = sign(draft.clone(), &key, &mut { salt }).unwrap();
    let mut group = c.benchmark_group("event");
    group.throughput(Throughput::Bytes(signed.jws.len() as u64));
    group.bench_function("sign", |b| b.iter(|| sign(draft.clone(), &key, &mut { salt }).unwrap()));
    group.bench_function("open", |b| {
        b.iter(|| open(&Jws::parse(black_box(&signed.jws), Typ::Event).unwrap(), &signed.disclosures).unwrap());
    });
    let payload = Jws::parse(&signed.jws, Typ::Event).unwrap().payload().unwrap().to_owned();
    group.bench_function("strict JSON", |b| {
        b.iter(|| json::check(black_box(payload.as_bytes()), &json::Rules::SIGNED).unwrap());
    });
    group.finish();
}

criterion_group!(benches, signatures, events);
criterion_main!(benches);
