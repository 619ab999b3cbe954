//! Verification of a bundle with three policies beside the same without, in pairs: what a policy costs on top.
//!
//! The lineage is of magnet material, so that every step of it counts for the policies; once with an authority that is
//! trusted, and once with nobody, where every step is listed with what would prove it.

use crate::ledgers::{World, at};
use crate::{cpu, load, peak};
use oretrail::bundle::{Asked, PoliciesAsked, UnverifiedBundle};
use oretrail::event::Verdict;
use oretrail::policy::pack::{Pack, Settings, find_built_in};
use oretrail::rules::trust::Trust;
use oretrail::value::PartyId;
use serde_json::json;
use std::time::Instant;

const POLICIES: [&str; 3] = ["us-dfars-252.225-7052", "us-10usc4872", "us-s857-disclosure"];

/// Pairs of verifications.
const PAIRS: usize = 15;

/// Seconds that passed, and of the processor.
type Cost = [f64; 2];

fn trust(world: &World, authority: Option<PartyId>) -> Trust {
    let authority = authority.map(|party| json!({ "party": party, "schemes": ["site-location", "party-identity"] }));
    let trust = json!({
        "version": 0, "ledgers": [{ "id": world.ledger }], "authorities": authority.into_iter().collect::<Vec<_>>(),
    });
    Trust::parse(&trust.to_string()).unwrap()
}

/// From bytes to report; gives what it cost and the verdicts of the policies.
fn verified(text: &str, trust: &Trust, packs: &[(Pack, Settings)]) -> (Cost, Vec<Verdict>) {
    let (start, before) = (Instant::now(), cpu());
    let asked = Asked { trust, as_of: at(400 * 86_400), recipient: None };
    let mut verification = UnverifiedBundle::read(text.as_bytes()).unwrap().verify(&asked).unwrap();
    if !packs.is_empty() {
        let delivery = "2027-01-15".parse().ok();
        verification.judge(&PoliciesAsked { packs, delivery, exceptions: &[] }).unwrap();
    }
    let cost = [start.elapsed().as_secs_f64(), cpu() - before];
    assert!(verification.bundle.is_some(), "its integrity holds");
    (cost, verification.report.policies.iter().map(|policy| policy.verdict).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn measure(count: usize) {
    let mut world = World::new();
    let (lot, operator) = world.grow_magnets(count, 20_000);
    let text = world.export(lot);
    let with = |id: &str| {
        let pack = find_built_in(id).unwrap().unwrap();
        let settings = Settings::of(&pack.file, &[]).unwrap();
        (pack, settings)
    };
    let packs = POLICIES.map(with);
    for (who, authority) in [("an authority is trusted", Some(operator)), ("nobody is trusted", None)] {
        let trust = trust(&world, authority);
        println!("{count} ancestor events, {who}");
        load();
        let mut verdicts = Vec::new();
        let pairs: Vec<[Cost; 2]> = (0..PAIRS)
            .map(|_| {
                let (without, _) = verified(&text, &trust, &[]);
                let (with, found) = verified(&text, &trust, &packs);
                verdicts = found;
                [without, with]
            })
            .collect();
        for (policy, verdict) in POLICIES.iter().zip(verdicts) {
            println!("  {policy}: {verdict}");
        }
        for (what, at) in [("elapsed", 0), ("processor", 1)] {
            let of = |which: usize| median(pairs.iter().map(|pair| pair[which][at]).collect());
            let ratio = median(pairs.iter().map(|[without, with]| with[at] / without[at]).collect());
            println!(
                "  {what:<10} {:.3} s without, {:.3} s with, median ratio of {PAIRS} pairs {ratio:.2}",
                of(0),
                of(1)
            );
        }
        println!("  peak {}", peak());
    }
}
