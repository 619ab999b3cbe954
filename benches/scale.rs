//! Large ledgers and bundles, each measured once from outside: `cargo bench --bench scale -- NAME [COUNT]`.
//!
//! Prints elapsed seconds, processor seconds (user and system, all threads) and the most memory so far. What is printed
//! is for one run; README.md beside it says how figures are taken.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark, where a panic is the failure")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]

mod ledgers;

use ed25519_dalek::{Signer as _, SigningKey};
use ledgers::{Chain, World, at};
use oretrail::bundle::{Asked, UnverifiedBundle};
use oretrail::finding::Code;
use oretrail::ledger::Writer;
use oretrail::ledger::audit::{Auditing, audit};
use oretrail::ledger::disk::{Disk, RealDisk};
use oretrail::ledger::private::DisclosureReader;
use oretrail::ledger::read::Reader;
use oretrail::ledger::state_store::StateStore;
use oretrail::lineage::{ViewGraph, downstream, trace, upstream};
use oretrail::rules::trust::Trust;
use oretrail::value::{LotId, PublicKey, Signature};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let count = |usual| words.get(1).map_or(usual, |word| word.parse().unwrap());
    match words.first().map(String::as_str) {
        Some("record") => record(count(100_000)),
        Some("bundle") => bundle(count(10_000)),
        Some("chain") => chain(count(100_000)),
        Some("diamond") => diamond(count(60)),
        Some("large") => large(count(200_000)),
        Some("process") => process(count(100)),
        _ => println!("expected record, bundle, chain, diamond, large or process, and perhaps a count"),
    }
}

/// Processor seconds of this process and of the children that it waited for.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks: f64 = behind.split_whitespace().skip(11).take(4).filter_map(|word| word.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("?", str::trim).to_owned()
}

fn measured<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> T {
    timed(what, count, work).0
}

/// As [`measured`]; gives the elapsed seconds too.
fn timed<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> (T, f64) {
    let (start, before) = (Instant::now(), cpu());
    let made = work();
    let (elapsed, used) = (start.elapsed().as_secs_f64(), cpu() - before);
    let rate = count as f64 / elapsed;
    println!("{what:<36} {elapsed:>9.3} s  {used:>8.2} s cpu  {rate:>9.0} /s  peak {}", peak());
    (made, elapsed)
}

/// Nothing but signing and `verify_strict` of so many messages of 900 bytes, on all processors: what a batch is held against.
fn bare(count: usize) -> f64 {
    let key = SigningKey::from_bytes(&[2; 32]);
    let public = PublicKey::from(&key);
    let one = |number: usize| {
        let mut message = [0; 900];
        message[..8].copy_from_slice(&number.to_be_bytes());
        public.verify(&message, &Signature(key.sign(&message).to_bytes()))
    };
    let (all, seconds) = timed("bare sign and verify_strict", count, || (0..count).into_par_iter().all(one));
    assert!(all);
    seconds
}

fn load() {
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
}

/// One batch: planning, the durable append, and then the index.
fn record(count: usize) {
    let mut world = World::new();
    let mut chain = Chain::new(&world, 30);
    let mut left = count;
    load();
    let bare = bare(count);
    let (plan, planning) = timed("plan and sign", count, || {
        world.plan(|last| {
            chain.made(last);
            left = left.checked_sub(1)?;
            Some(chain.next())
        })
    });
    let (mut writer, mut keys) = (world.writer.take().unwrap(), world.keys.take().unwrap());
    let (appended, appending) =
        timed("append, to acknowledgement", count, || writer.append(&plan, &[], &mut keys).unwrap());
    let all = planning + appending;
    println!("to acknowledgement {:.0} /s, {:.2} of bare sign and verify", count as f64 / all, bare / all);
    let committed = measured("index follows", count, || writer.follow(&plan, appended));
    assert_eq!(committed.index, None);
    drop((writer, keys, plan));
    read_again(&world, count);
}

/// Opening, building the index anew, and auditing.
fn read_again(world: &World, count: usize) {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let reader = Reader::open(Arc::clone(&disk), &world.root()).unwrap();
    let values = DisclosureReader::new(Arc::clone(&disk), reader.layout());
    let state = measured("open", 1, || StateStore::open(&reader, &values, &mut || false, &mut |_, _| {}).unwrap());
    println!("index {} bytes", state.index_bytes().unwrap_or(0));
    drop(state);
    let state = measured("build the index anew", count, || {
        StateStore::rebuild(&reader, &values, &mut || false, &mut |_, _| {}).unwrap()
    });
    println!("index {} bytes", state.index_bytes().unwrap_or(0));
    let trust = Trust::nobody();
    let auditing = Auditing { trust: &trust, as_of: at(400 * 86_400), index: Some(&state) };
    let audited = measured("audit", count, || audit(&disk, &reader, &values, &auditing, &mut |_, _| {}).unwrap());
    let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
    audited.findings.iter().for_each(|finding| *codes.entry(finding.code).or_default() += 1);
    codes.iter().for_each(|(code, times)| println!("finding {code}: {times}"));
}

fn verify(text: &str, count: usize) {
    let trust = Trust::nobody();
    let asked = Asked { trust: &trust, as_of: at(400 * 86_400), recipient: None };
    let bundle = measured("read the bundle", count, || UnverifiedBundle::read(text.as_bytes()).unwrap());
    let verification = measured("verify the bundle", count, || bundle.verify(&asked).unwrap());
    assert!(verification.bundle.is_some(), "its integrity holds");
    println!(
        "{} entries, {} signatures",
        verification.report.integrity.entries, verification.report.integrity.signatures
    );
}

fn exported(world: &mut World, lot: LotId, count: usize) -> String {
    let text = measured("export", count, || world.export(lot));
    println!("bundle {} bytes, {} per event", text.len(), text.len() / count);
    text
}

/// A bundle with so many ancestor events, verified three times.
fn bundle(count: usize) {
    let mut world = World::new();
    let lot = world.grow(count, usize::MAX, 10_000);
    load();
    let text = exported(&mut world, lot, count);
    (0..3).for_each(|_| verify(&text, count));
}

/// One lineage of so many events: traced, exported, verified.
fn chain(count: usize) {
    let mut world = World::new();
    let first = world.grow(1, 1, 1);
    load();
    let lot = measured("record", count, || world.grow(count, usize::MAX, 20_000));
    walk(&world, first, lot, count);
    let text = exported(&mut world, lot, count);
    verify(&text, count);
}

fn walk(world: &World, first: LotId, last: LotId, count: usize) {
    let find = world.writer.as_ref().unwrap().state().find();
    let lineage = measured("upstream", count, || upstream(&ViewGraph(&*find), last).unwrap());
    println!("{} lots, {} events", lineage.lots.len(), lineage.events.len());
    let limits = trace::Limits { depth: usize::MAX, rows: usize::MAX };
    let rows = measured("lay out as a tree", count, || trace::rows(&lineage, limits));
    println!("{} rows", rows.len());
    measured("downstream", count, || downstream(&ViewGraph(&*find), first).unwrap());
}

/// So many levels of a split and a joining: 2^levels paths.
fn diamond(levels: usize) {
    let mut world = World::new();
    load();
    let lot = measured("record, one commit an event", 2 * levels + 1, || world.diamond(levels));
    walk(&world, lot, lot, 2 * levels + 1);
    let text = exported(&mut world, lot, 2 * levels + 1);
    verify(&text, 2 * levels + 1);
}

/// A large ledger beside a small one: opening, reading one event, appending one.
fn large(count: usize) {
    for count in [count / 100, count] {
        let mut world = World::new();
        world.grow(count, 30, 20_000);
        world.close();
        println!("{count} events");
        load();
        read_again(&world, count);
        let root = world.root();
        let runs = |name: &str, words: &[&str]| spread(name, 20, &mut |_| run(&world, words));
        runs("show a lot, whole process", &["show", "lot 7"]);
        spread("append one event, whole process", 20, &mut |number| append(&world, number));
        let _ = Writer::open(Arc::new(RealDisk), &root, &world.open_keys(), &mut || false, &mut |_, _| {}).unwrap();
    }
}

fn run(world: &World, words: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_oretrail"))
        .env("ORETRAIL_LEDGER", world.root())
        .env("ORETRAIL_KEYS", world.keys_folder())
        .args(words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
}

fn append(world: &World, number: usize) {
    let output = format!("name=appended-{number} form=ore mass=12.5 TREO=0.55");
    run(world, &["source", "mined", "--by", "Party A", "--facility", "pit", "--output", &output]);
}

fn spread(what: &str, runs: usize, work: &mut dyn FnMut(usize)) {
    work(0);
    let before = cpu();
    let mut elapsed: Vec<f64> = (1..=runs)
        .map(|number| {
            let start = Instant::now();
            work(number);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    let used = (cpu() - before) * 1e3 / runs as f64;
    elapsed.sort_by(f64::total_cmp);
    let (median, high) = (elapsed[runs / 2], elapsed[(runs * 99).div_ceil(100).saturating_sub(1).min(runs - 1)]);
    println!("{what:<36} p50 {median:>8.1} ms  p99 {high:>8.1} ms  cpu {used:>8.1} ms");
}

/// Whole processes on a small ledger.
fn process(runs: usize) {
    let mut world = World::new();
    world.grow(60, 30, 60);
    world.close();
    load();
    spread("--version", runs, &mut |_| run(&world, &["--version"]));
    spread("append one event", runs, &mut |number| append(&world, number));
    spread("show a lot", runs, &mut |_| run(&world, &["show", "lot 7"]));
    spread("lots", runs, &mut |_| run(&world, &["lots"]));
}
