//! The stage of a scenario: a folder with keys, a ledger, and the two files that a stranger gets.

use super::answers::Answers;
use super::told::{Verified, shown};
use crate::bundle::{Asked, Export as Exported, Withhold, write};
use crate::cli::clock::patience;
use crate::cli::context::Context;
use crate::cli::error::{Done, Failure, Kind};
use crate::cli::export::{self, write_file};
use crate::cli::verify::{ended, read_bundle, read_trust, say};
use crate::event::Body;
use crate::interop::batch::{Header, NoNames, Step};
use crate::interop::play::{LOG_KEY, Planning, Played, Player, Seed, key_names, simulated_key, trust_of};
use crate::interop::scenarios;
use crate::keys::{Cost, KeyRole, KeyStore, KeysAtHand, NewKey, PassphraseSource};
use crate::ledger::disk::RealDisk;
use crate::ledger::{Batch, LineageSource, Planned, Signers as _, Snapshot, Writer, stated_leaves};
use crate::lineage::trace::{Limits, rows};
use crate::report::names::Names;
use crate::report::tree;
use crate::report::verdict::Detail;
use crate::rules::trust::TrustedLedger;
use crate::state::Find;
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::{EventId, KeyId, LotId, PartyId, PublicKey, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seed of the simulated keys and salts: public, so that everybody gets the same ids.
const SEED: Seed = *b"oretrail demo, worthless outside";

/// The folder in which a scenario is played.
pub(super) struct Stage {
    pub(super) folder: PathBuf,
}

/// What was played.
pub(super) struct PlayedScenario {
    pub(super) header: Header,
    pub(super) steps: Vec<Played>,
    pub(super) events: Vec<Planned>,
    pub(super) subject: Option<LotId>,
    pub(super) recipient: Option<PartyId>,
    /// Events by the names of their steps.
    pub(super) names: BTreeMap<String, EventId>,
    pub(super) end: Time,
}

/// The two files that a stranger gets.
#[derive(serde::Serialize)]
pub(super) struct Files {
    pub(super) lineage: PathBuf,
    pub(super) trust: PathBuf,
}

impl Stage {
    pub(super) fn new(folder: Option<&Path>) -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| Failure::usage(format_args!("cannot make a folder to play in: {error}"));
        let Some(folder) = folder else {
            let folder = tempfile::Builder::new().prefix("oretrail-demo-").tempdir().map_err(cannot)?;
            return Ok(Self { folder: folder.keep() });
        };
        if folder.exists() {
            return Err(Failure::usage(format_args!(
                "expected a folder that does not exist yet, found {}",
                folder.display()
            ))
            .hint("name another one with `--dir`, or remove it"));
        }
        std::fs::create_dir_all(folder).map_err(cannot)?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn ledger(&self) -> PathBuf {
        self.folder.join("ledger")
    }

    fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    pub(super) fn play(&self, context: &mut Context, name: &str, text: &str) -> Result<PlayedScenario, Failure> {
        let (header, steps) = scenarios::read(text)?;
        let new = header.ledger.as_ref();
        let new =
            new.ok_or_else(|| Failure::usage(format_args!("expected `ledger` in scenario `{name}`, found none")))?;
        let vkey = self.make_keys(&steps, new.origin.as_str())?;
        let disk = RealDisk;
        let mut keys = open_keys(&disk, &self.keys())?;
        let mut writer = Writer::create(Arc::new(RealDisk), &self.ledger(), vkey.clone(), &mut patience())?;
        let find = writer.state().find();
        let batch = Batch::new(&*find, writer.tail()).allowing_leap(true);
        let mut planning =
            Planning::new(batch, writer.identity().ledger(), &NoNames, &mut keys, Time::MAX).of_new_ledger(vkey);
        let mut player = Player::new(header.clone(), &mut planning, Some(SEED), None)?;
        let mut progress = context.output.progress("recording events");
        let mut played = Vec::new();
        for step in steps {
            played.extend(player.play(step)?);
            progress.counted(played.len() as u64);
        }
        progress.finish();
        let (subject, recipient) = (player.subject(), player.recipient());
        let plan = planning.finish()?;
        drop(find);
        writer.commit(&plan, &[], &mut keys)?;
        drop(keys);
        let events = plan.events().to_vec();
        self.set_parties(&events)?;
        let steps = played;
        let end = events.last().map(|planned| planned.at.recorded_at);
        let end = end.ok_or_else(|| Failure::usage(format_args!("expected steps in scenario `{name}`, found none")))?;
        let recorded = steps.iter().filter(|step| step.refused.is_none());
        let names = recorded.filter_map(|step| Some((step.name.clone()?, step.event))).collect();
        Ok(PlayedScenario { header, steps, events, subject, recipient, names, end })
    }

    /// Makes the keys of all parties and of the log; gives the log's.
    fn make_keys(&self, steps: &[Step], origin: &str) -> Result<VerifierKey, Failure> {
        let make = |name: &str, role| -> Result<PublicKey, Failure> {
            let key = simulated_key(&SEED, name);
            let new = NewKey { name, role, created: Time::MIN, comment: None, cost: Cost::default() };
            KeyStore::new(&RealDisk, &self.keys()).create(&new, &key.to_bytes().into(), &PassphraseSource::None)?;
            Ok(PublicKey::from(&key))
        };
        for name in key_names(steps) {
            make(&name, KeyRole::Party)?;
        }
        let name = origin.parse().map_err(|error| Failure::usage(format_args!("the scenario's origin: {error}")))?;
        Ok(VerifierKey::new(name, KeyKind::Note, make(LOG_KEY, KeyRole::Log)?))
    }

    /// Writes down which party each key signs for.
    fn set_parties(&self, events: &[Planned]) -> Result<(), Failure> {
        let store = KeyStore::new(&RealDisk, &self.keys());
        let keys = store.list()?;
        for planned in events {
            let kid = match &planned.event().payload.body {
                Body::Party(party) => Some(party.key.id()),
                Body::Key(body) => body.key.map(|key| key.id()),
                _ => None,
            };
            if let Some(entry) = keys.iter().find(|entry| Some(entry.info.kid) == kid) {
                store.set_party(entry, planned.event().issuer())?;
            }
        }
        Ok(())
    }

    /// Writes the lineage file, signed by the party that holds the lot, and the trust file.
    pub(super) fn export(&self, played: &PlayedScenario) -> Result<Files, Failure> {
        let subject = played.subject.ok_or_else(|| Failure::new(Kind::Internal, "the scenario has no subject"))?;
        let snapshot = Snapshot::open(Arc::new(RealDisk), &self.ledger(), &mut || false, &mut |_, _| {})?;
        let disk = RealDisk;
        let mut keys = open_keys(&disk, &self.keys())?;
        let find = snapshot.find();
        let holder = find.lot(&subject)?.map(|lot| lot.holder);
        let holder = holder.ok_or_else(|| Failure::new(Kind::Internal, "the subject is not recorded"))?;
        let kid = key_of(&keys, &*find, holder)?;
        let vkey = snapshot.reader().identity().vkeys().last().cloned();
        let vkey = vkey.ok_or_else(|| Failure::new(Kind::Internal, "the ledger has no log key"))?;
        let key =
            |keys: &mut KeysAtHand<'_>, kid: &KeyId| keys.key(kid).map_err(|error| Failure::new(Kind::Internal, error));
        let log_key = key(&mut keys, &vkey.public_key().id())?;
        let ledger = snapshot.reader().identity().ledger();
        let statement = stated_leaves(&disk, &snapshot, &*find, Some((&vkey, &*log_key)), &mut |_, _| {})?;
        let withhold = Withhold::parse(played.header.withhold.iter().map(String::as_str)).map_err(Failure::usage)?;
        let export = Exported {
            subject,
            by: holder,
            recipient: played.recipient,
            created: played.end,
            withhold: &withhold,
            foreign: &[],
            since: Vec::new(),
            holes: BTreeSet::new(),
            statement: statement.as_ref().map(|(leaves, note)| (&**leaves, note)),
            documents: None,
        };
        let signer = key(&mut keys, &kid)?;
        let text = write(&LineageSource::new(&snapshot), &export, &signer).map_err(export::not_written)?;
        let name = played.header.subject.clone().unwrap_or_else(|| "lot".to_owned());
        let files =
            Files { lineage: self.folder.join(format!("{name}.lineage.json")), trust: self.folder.join("trust.toml") };
        write_file(&files.lineage, text.as_bytes())?;
        let ledger = TrustedLedger { id: ledger, vkey: vkey.to_string().parse().ok(), name: None };
        let party = |name: &str| played.names.get(name).map(|event| PartyId::from(*event));
        let trust = trust_of(played.all(), ledger, &played.header.trust, &party).map_err(Failure::usage)?;
        let trust = trust.to_toml().map_err(|error| Failure::new(Kind::Internal, error))?;
        write_file(&files.trust, trust.as_bytes())?;
        Ok(files)
    }

    /// Verifies as a stranger would: from the two files, and nothing else.
    pub(super) fn verify(
        &self,
        context: &mut Context,
        played: &PlayedScenario,
        files: &Files,
    ) -> Result<Done, Failure> {
        let trust = read_trust(&files.trust)?;
        let asked = Asked { trust: &trust, as_of: played.end.date().end(), recipient: played.recipient };
        let verification = read_bundle(&files.lineage)?.verify(&asked)?;
        let names: Names = verification.mentioned().collect();
        let answers = Answers::of(played, &verification)?;
        played.tell(context, self, Some(&Verified { files, report: &verification.report, answers: &answers }))?;
        if context.output.is_json() {
            return Ok(answers.done(ended(&verification.report)));
        }
        if let Some(verified) = &verification.bundle {
            let rows = rows(verified.lineage(), Limits::default());
            context.output.text(&tree::text(&rows, &names))?;
            context.output.text("\n")?;
        }
        let done = say(context, &verification, &names, Detail::Brief)?;
        answers.tell(context, &names)?;
        self.further(context, played, files, &names)?;
        Ok(answers.done(done))
    }

    /// Commands to look further; they work as printed.
    fn further(
        &self,
        context: &mut Context,
        played: &PlayedScenario,
        files: &Files,
        names: &Names,
    ) -> Result<(), Failure> {
        let Some(subject) = played.subject else { return Ok(()) };
        let ledger = format!("--ledger {}", shown(&self.ledger()));
        let recipient = played.recipient.map(|id| format!(" --recipient '{}'", names.party(&id))).unwrap_or_default();
        // Whatever the clock of this machine says, the scenario has come to its end.
        let as_of = format!(" --as-of {}", played.end.date());
        let verify = format!("  oretrail verify {} --trust {}{recipient}", shown(&files.lineage), shown(&files.trust));
        let mut lines = vec![
            "\nLook further:".to_owned(),
            format!("  oretrail show {ledger} {}", subject.short()),
            format!("  oretrail trace {ledger} {}", subject.short()),
            format!("  oretrail lots {ledger}"),
            format!("  oretrail audit {ledger} --trust {}", shown(&files.trust)),
            format!("  oretrail provenance {} --trust {}{as_of}", shown(&files.lineage), shown(&files.trust)),
            verify.clone(),
        ];
        lines.extend(
            played
                .header
                .last_delivery()
                .map(|(policy, delivery)| format!("{verify}{as_of} --policy {policy} --delivery {delivery}")),
        );
        context.output.text(&lines.join("\n"))
    }
}

/// The keys of a scenario; salts follow from the seed, so that every run gives the same ids.
fn open_keys<'a>(disk: &'a RealDisk, folder: &Path) -> Result<KeysAtHand<'a>, Failure> {
    let mut count = 0u64;
    let salts = move |salt: &mut [u8; 16]| {
        count += 1;
        let mut hasher = blake3::Hasher::new_derive_key("oretrail 2026-11 simulated salt v1");
        hasher.update(&SEED).update(&count.to_be_bytes()).finalize_xof().fill(salt);
        Ok(())
    };
    Ok(KeysAtHand::open(disk, folder, PassphraseSource::None, Box::new(salts), &mut patience())?)
}

/// A key in force of a party.
fn key_of(keys: &KeysAtHand<'_>, find: &dyn Find, party: PartyId) -> Result<KeyId, Failure> {
    for kid in keys.keys() {
        if find.key(&kid)?.is_some_and(|key| key.party == party && key.revoked.is_none()) {
            return Ok(kid);
        }
    }
    Err(Failure::usage(format_args!("expected a key of party {party} in the scenario, found none")))
}
