//! Large ledgers and bundles, each measured once from outside: `cargo bench --bench scale -- NAME [COUNT]`.
//!
//! Prints elapsed seconds, processor seconds (user and system, all threads) and the most memory so far. What is printed
//! is for one run; README.md beside it says how figures are taken.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark, where a panic is the failure")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]

mod ledgers;
mod policies;
mod provenance;

use ed25519_dalek::{Signer as _, SigningKey};
use ledgers::{Chain, LENGTH, World, at};
use oretrail::bundle::{Asked, BundleFile, LedgerFile, Roots, UnverifiedBundle};
use oretrail::envelope::{Compact, Jws, Signed, Typ};
use oretrail::keyring::{Item, Keyring};
use oretrail::ledger::audit::{Auditing, audit};
use oretrail::ledger::disk::{Disk, RealDisk};
use oretrail::ledger::private::DisclosureReader;
use oretrail::ledger::read::Reader;
use oretrail::ledger::state_store::StateStore;
use oretrail::ledger::{Batch, PlanError, SignedAhead, Writer};
use oretrail::lineage::{ViewGraph, downstream, trace, upstream};
use oretrail::rules::trust::Trust;
use oretrail::tlog::entry::{EntryRef, write_text};
use oretrail::value::{KeyId, LotId, PublicKey, Signature};
use oretrail::verify::subset::Subset;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::ControlFlow;
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
        Some("make") => make(count(100_000)),
        Some("lineage") => lineage(count(10_000)),
        Some("ingest") => ingest(count(100_000)),
        Some("audit") => audits(count(100_000)),
        Some("verify") => verifies(count(10_000)),
        Some("export") => exports(count(100_000)),
        Some("policies") => policies::measure(count(10_000)),
        Some("whole") => whole(count(100)),
        Some("provenance") => provenance::measure(count(100_000)),
        _ => println!(
            "expected audit, bundle, chain, diamond, export, large, lineage, make, policies, process, provenance, record, verify \
             or whole, and perhaps a count"
        ),
    }
}

/// Processor seconds of this process and of the children that it waited for.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks: f64 = behind.split_whitespace().skip(11).take(4).filter_map(|word| word.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// A line of what the system knows of this process, in bytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix("kB"));
    line.and_then(|kb| kb.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn peak() -> String {
    format!("{} MB", memory("VmHWM:") >> 20)
}

/// What the work needs at its peak above what was in use before it, in bytes.
fn memory_of<T>(work: impl FnOnce() -> T) -> (T, u64) {
    // From here on the peak is counted anew (proc(5), clear_refs).
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS:");
    let made = work();
    (made, memory("VmHWM:").saturating_sub(before))
}

fn measured<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> T {
    timed(what, count, work).0
}

/// As [`measured`]; gives the elapsed seconds too.
fn timed<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> (T, f64) {
    let (made, spent) = spent(what, count, work);
    (made, spent.elapsed)
}

/// Seconds that something took.
#[derive(Clone, Copy)]
struct Spent {
    elapsed: f64,
    cpu: f64,
}

/// As [`measured`]; gives what it took too.
fn spent<T>(what: &str, count: usize, work: impl FnOnce() -> T) -> (T, Spent) {
    let (start, before) = (Instant::now(), cpu());
    let made = work();
    let (elapsed, used) = (start.elapsed().as_secs_f64(), cpu() - before);
    let (rate, each) = (count as f64 / elapsed, used * 1e6 / count as f64);
    println!("{what:<36} {elapsed:>9.3} s  {used:>8.2} s cpu  {each:>6.1} µs each  {rate:>9.0} /s  peak {}", peak());
    (made, Spent { elapsed, cpu: used })
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
    let mut chain = Chain::new(&world, LENGTH);
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
    audited.counts.iter().for_each(|of| println!("finding {}: {}", of.code, of.count));
}

/// What was signed in a ledger: key, message, signature of each event.
struct SignedBytes {
    key: PublicKey,
    message: Vec<u8>,
    signature: Signature,
}

fn signed_bytes(reader: &Reader, keys: &HashMap<KeyId, PublicKey>) -> Vec<SignedBytes> {
    let read = |entry: Vec<u8>| signed_in(EntryRef::parse(&entry).unwrap().jwt, keys);
    reader.entries(0..reader.size()).map(|entry| read(entry.unwrap().1)).collect()
}

fn signed_in(jwt: &str, keys: &HashMap<KeyId, PublicKey>) -> SignedBytes {
    let jws = Jws::parse(jwt, Typ::Event).unwrap();
    SignedBytes { key: keys[&jws.kid()], message: jws.signing_input().to_vec(), signature: *jws.signature() }
}

/// The bare verification of these signatures, by tables, on all processors; the least of three runs.
fn bare_tables(signed: &[SignedBytes]) -> Spent {
    let once = || {
        let items: Vec<Item<'_>> =
            signed.iter().map(|one| Item { key: &one.key, message: &one.message, signature: &one.signature }).collect();
        let check = || Keyring::default().verify_many(&items);
        let (verdicts, spent) = spent("bare verification by tables", items.len(), check);
        assert!(verdicts.into_iter().all(|good| good));
        spent
    };
    let runs = [once(), once(), once()];
    let least = |of: fn(&Spent) -> f64| runs.iter().map(of).fold(f64::INFINITY, f64::min);
    Spent { elapsed: least(|spent| spent.elapsed), cpu: least(|spent| spent.cpu) }
}

/// Audit beside the bare verification of the same signatures in the same run, with disclosures and without.
fn audits(count: usize) {
    let mut world = World::new();
    world.grow(count, LENGTH, 20_000);
    world.close();
    load();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let reader = Reader::open(Arc::clone(&disk), &world.root()).unwrap();
    let values = DisclosureReader::new(Arc::clone(&disk), reader.layout());
    let keys: HashMap<KeyId, PublicKey> =
        world.snapshot().find().keys().unwrap().into_iter().map(|(kid, record)| (kid, record.public)).collect();
    let signed = signed_bytes(&reader, &keys);
    let alone = bare_tables(&signed);
    drop(signed);
    let trust = Trust::nobody();
    let auditing = Auditing { trust: &trust, as_of: at(2_000_000), index: None };
    for (what, hidden) in [("audit", false), ("audit without disclosures", true)] {
        let path = reader.layout().disclosures();
        if hidden {
            std::fs::remove_file(&path).unwrap();
        }
        let work = || audit(&disk, &reader, &values, &auditing, &mut |_, _| {}).unwrap();
        let ((audited, spent), memory) = memory_of(|| spent(what, count, work));
        println!(
            "{:.2} of bare verification, {:.2} by processor time; {} MB, {} bytes an event",
            alone.elapsed / spent.elapsed,
            alone.cpu / spent.cpu,
            memory >> 20,
            memory / count as u64
        );
        assert!(!audited.is_broken());
        audited.counts.iter().for_each(|of| println!("finding {}: {}", of.code, of.count));
    }
}

/// Verification of a bundle beside the bare verification of its signatures in the same run.
fn verifies(count: usize) {
    let mut world = World::new();
    let lot = world.grow(count, usize::MAX, 20_000);
    load();
    let text = exported(&mut world, lot, count);
    let reader = Reader::open(Arc::new(RealDisk), &world.root()).unwrap();
    let keys: HashMap<KeyId, PublicKey> =
        world.snapshot().find().keys().unwrap().into_iter().map(|(kid, record)| (kid, record.public)).collect();
    let alone = bare_tables(&signed_bytes(&reader, &keys));
    let least = (0..3).map(|_| spent("parse, hash and decode alone", count, || read_alone(&text)).1);
    let least = least.min_by(|a, b| a.elapsed.total_cmp(&b.elapsed)).unwrap();
    println!(
        "with bare verification {:.2} times bare verification, {:.2} by processor time",
        least.elapsed / alone.elapsed + 1.0,
        least.cpu / alone.cpu + 1.0
    );
    for _ in 0..3 {
        let (((), spent), memory) = memory_of(|| spent("read and verify", count, || verify(&text, count)));
        println!(
            "{:.2} times bare verification, {:.2} by processor time; {:.1} bytes of memory a byte of the file",
            spent.elapsed / alone.elapsed,
            spent.cpu / alone.cpu,
            memory as f64 / text.len() as f64
        );
    }
    let file = BundleFile::parse(text.as_bytes()).unwrap();
    let entries = file.ledgers[0].entries.iter();
    let content: usize =
        entries.map(|entry| entry.jwt.len() + entry.disclosures.iter().map(String::len).sum::<usize>()).sum();
    let nodes = |nodes: &[oretrail::bundle::NodeFile]| {
        nodes.len() * serde_json::to_string(&nodes[..nodes.len().min(1)]).unwrap().len()
    };
    let nodes = nodes(&file.ledgers[0].nodes) + file.ledgers[0].statement.as_ref().map_or(0, |s| nodes(&s.nodes));
    println!(
        "events and disclosures {content} bytes, nodes {nodes}; file {:.2} times",
        (text.len() - nodes) as f64 / content as f64
    );
}

/// Export of a lot with 1,000 ancestors from ledgers of several sizes.
fn exports(count: usize) {
    for count in [count / 100, count / 10, count] {
        let mut world = World::new();
        world.grow(count.saturating_sub(1000).max(1), LENGTH, 20_000);
        let lot = world.grow(1000, usize::MAX, 1000);
        println!("{count} events");
        load();
        world.close();
        let snapshot = measured("open", 1, || world.snapshot());
        for _ in 0..3 {
            measured("export", 1000, || world.export_from(&snapshot, lot));
        }
    }
}

/// What the format asks of whoever reads a bundle, before any rule and any signature: the file parsed; of each entry its
/// link, leaf, event id and disclosures hashed, what is in base64 decoded, what is JSON scanned and read; the roots of the
/// manifest.
fn read_alone(text: &str) {
    let file = BundleFile::parse(text.as_bytes()).unwrap();
    let read = |ledger: &LedgerFile| {
        let subset = Subset::read(ledger.ledger, &ledger.entries, |entry, bytes| {
            write_text(bytes, entry.prev, entry.recorded_at, &entry.jwt);
            (entry.index, &entry.jwt, &entry.disclosures)
        });
        assert!(subset.check_entries().is_empty());
    };
    rayon::join(|| file.ledgers.iter().for_each(read), || Roots::of(&file));
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
        world.grow(count, LENGTH, 20_000);
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

/// Events that were signed elsewhere, as lines: read, checked, planned and appended, beside bare `verify_strict` of the same.
fn ingest(count: usize) {
    let mut world = World::new();
    let mut chain = Chain::new(&world, LENGTH);
    let mut left = count;
    let plan = world.plan(|last| {
        chain.made(last);
        left = left.checked_sub(1)?;
        Some(chain.next())
    });
    let lines: Vec<String> = plan.events().iter().map(|planned| planned.signed.sd_jwt()).collect();
    drop(plan);
    load();
    let keys: HashMap<KeyId, PublicKey> = world
        .writer
        .as_ref()
        .unwrap()
        .state()
        .find()
        .keys()
        .unwrap()
        .into_iter()
        .map(|(kid, record)| (kid, record.public))
        .collect();
    let signed: Vec<SignedBytes> = lines.iter().map(|line| signed_in(line.split('~').next().unwrap(), &keys)).collect();
    let is_good = |one: &SignedBytes| one.key.verify(&one.message, &one.signature);
    let (good, bare) = timed("bare verify_strict", count, || signed.par_iter().all(is_good));
    assert!(good);
    drop(signed);
    let (mut writer, mut at_hand) = (world.writer.take().unwrap(), world.keys.take().unwrap());
    let read = |line: &String| {
        let compact = Compact::parse(line.trim()).unwrap();
        Signed::read(compact.jws, compact.disclosures).unwrap()
    };
    let find = writer.state().find();
    let (plan, planning) = timed("read, check and plan", count, || {
        let mut batch = Batch::new(&*find, writer.tail());
        let signed: Vec<Signed> = lines.par_iter().with_min_len(64).map(read).collect();
        let ahead = SignedAhead::of(batch.view(), signed).unwrap();
        let took = &mut |checked| {
            assert!(!batch.add_signed(checked, at(i64::try_from(count).unwrap() + 100))?.is_refused());
            Ok::<_, PlanError>(ControlFlow::Continue(()))
        };
        ahead.each(took).unwrap();
        batch.finish().unwrap()
    });
    drop(find);
    let (_appended, appending) =
        timed("append, to acknowledgement", count, || writer.append(&plan, &[], &mut at_hand).unwrap());
    let all = planning + appending;
    println!("to acknowledgement {:.0} /s, {:.2} of bare verify_strict", count as f64 / all, bare / all);
}

/// A ledger, and a bundle of it with so many ancestor events.
fn bundled(count: usize) -> (World, String) {
    let mut world = World::new();
    let lot = world.grow(count, usize::MAX, 20_000);
    let text = exported(&mut world, lot, count);
    (world, text)
}

/// Makes a bundle with so many ancestor events and leaves it, to be looked into with a profiler.
fn lineage(count: usize) {
    let (world, text) = bundled(count);
    let path = world.keep().with_extension("lineage.json");
    std::fs::write(&path, text).unwrap();
    println!("kept in {}", path.display());
}

/// Makes a ledger and leaves it, to be looked into with a profiler.
fn make(count: usize) {
    let mut world = World::new();
    measured("record", count, || world.grow(count, LENGTH, 20_000));
    println!("kept in {}", world.keep().display());
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

/// Whole processes that verify a bundle of so many events.
fn whole(count: usize) {
    let (world, text) = bundled(count);
    let file = world.root().with_file_name("lot.lineage.json");
    std::fs::write(&file, text).unwrap();
    load();
    spread("--version", 60, &mut |_| run(&world, &["--version"]));
    let verify = |_| {
        let file = file.to_str().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_oretrail")).args(["verify", file]).output().unwrap();
        // Nobody is trusted, so that nothing is confirmed.
        assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    };
    spread("verify a bundle", 60, &mut { verify });
}

/// Whole processes on a small ledger.
fn process(runs: usize) {
    let mut world = World::new();
    world.grow(60, LENGTH, 60);
    world.close();
    load();
    spread("--version", runs, &mut |_| run(&world, &["--version"]));
    spread("append one event", runs, &mut |number| append(&world, number));
    spread("show a lot", runs, &mut |_| run(&world, &["show", "lot 7"]));
    spread("lots", runs, &mut |_| run(&world, &["lots"]));
}
