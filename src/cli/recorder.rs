//! Recording: the one path of every recording verb and of batch files, from steps to a committed batch.
//!
//! Steps are played over a plan; nothing is written until all of them are planned and none is refused. A dry run ends
//! there. In scope: opening ledger and keys, all or nothing, what is said about it. Not in scope: what a step means
//! (`interop::batch`), signing and rules (`ledger`, `rules`), files in several parts (`batch_file`).

use super::archive::Shelf;
use super::clock::patience;
use super::context::Context;
use super::cosign;
use super::error::{Done, Failure, Kind};
use super::failures::from_any;
use super::recorded;
use super::recording::{Recording, Steps};
use super::{passphrase, random};
use crate::envelope::{SealedDraft, Signed};
use crate::event::Lot;
use crate::finding::Finding;
use crate::interop::batch::{FindNames, Header, LookupError, Resolver, Step};
use crate::interop::play::{Planning, PlayError, Player};
use crate::keys::{KeyEntry, KeysAtHand};
use crate::ledger::disk::{Disk, RealDisk};
use crate::ledger::log::MemoryState;
use crate::ledger::{Batch, Blob, Committed, Judgement, Plan, Planned, Writer};
use crate::value::{LotId, Time};
use std::path::PathBuf;
use std::sync::Arc;

/// Where steps come from.
pub(crate) type StepSource<'a> = &'a mut dyn Iterator<Item = Result<Step, Failure>>;

/// What is recorded together, and how.
pub(crate) struct Job<'a> {
    pub(crate) header: Header,
    pub(crate) steps: StepSource<'a>,
    /// Names that an earlier part of the file gave.
    pub(crate) names: Resolver,
    /// Events that were signed elsewhere; they come before the steps.
    pub(crate) signed: Vec<Signed>,
    /// A draft that came back cosigned, in place of steps.
    pub(crate) sealed: Option<SealedDraft>,
    /// Whether drafts are made for cosigners, in place of events.
    pub(crate) seals: bool,
    /// What is said where a step is refused.
    pub(crate) dropped: &'static str,
    pub(crate) allow_clock_leap: bool,
    /// Told of each step that was planned.
    pub(crate) progress: &'a mut dyn FnMut(),
}

/// Said where a step is refused and everything is dropped with it.
pub(crate) const NOTHING: &str = "nothing was recorded";

/// What came of planning a job.
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    pub(crate) sealed: Vec<(SealedDraft, Planned)>,
    /// The names that the file gave so far.
    pub(crate) names: Resolver,
}

/// Records the steps of a verb and says what was recorded.
pub(crate) fn record(context: &mut Context, recording: &Recording, steps: Steps) -> Result<Done, Failure> {
    record_for_key(context, recording, steps, None)
}

/// As [`record`]; afterwards writes down which party a key signs for.
pub(crate) fn record_for_key(
    context: &mut Context,
    recording: &Recording,
    steps: Steps,
    key: Option<&KeyEntry>,
) -> Result<Done, Failure> {
    let plan = play(context, recording, steps)?;
    if let (Some(key), Some(first), false) = (key, plan.events().first(), recording.dry_run) {
        context.set_key_party(key, first.event().issuer())?;
    }
    Ok(Done::Ok)
}

/// As [`record`]; gives what was recorded, or would be.
pub(crate) fn play(context: &mut Context, recording: &Recording, steps: Steps) -> Result<Plan, Failure> {
    let job = Job {
        header: Header::default(),
        steps: &mut steps.steps.into_iter().map(Ok),
        names: Resolver::default(),
        signed: steps.signed,
        sealed: None,
        seals: recording.prepare.is_some(),
        dropped: NOTHING,
        allow_clock_leap: recording.allow_clock_leap,
        progress: &mut || {},
    };
    let disk = RealDisk;
    let mut session = Session::open(context, &disk)?;
    if steps.memory_lost {
        session.keys.vouch_for_lost();
    }
    let Outcome { plan, sealed, .. } = session.plan(context, job)?;
    match &recording.prepare {
        Some(path) => cosign::write_draft(context, path, &sealed)?,
        None => session.conclude(context, &plan, &steps.documents, recording.dry_run)?,
    }
    Ok(plan)
}

/// What needs no steps: it is there already.
#[derive(Default)]
pub(crate) struct Ready {
    /// Events that were signed elsewhere.
    pub(crate) signed: Vec<Signed>,
    /// A draft that came back cosigned.
    pub(crate) sealed: Option<SealedDraft>,
    pub(crate) dry_run: bool,
    pub(crate) allow_clock_leap: bool,
}

/// Records what is there already, and says what was recorded.
pub(crate) fn record_ready(context: &mut Context, ready: Ready) -> Result<Done, Failure> {
    let disk = RealDisk;
    let mut session = Session::open(context, &disk)?;
    let job = Job {
        header: Header::default(),
        steps: &mut std::iter::empty(),
        names: Resolver::default(),
        signed: ready.signed,
        sealed: ready.sealed,
        seals: false,
        dropped: NOTHING,
        allow_clock_leap: ready.allow_clock_leap,
        progress: &mut || {},
    };
    let Outcome { plan, .. } = session.plan(context, job)?;
    session.conclude(context, &plan, &[], ready.dry_run)?;
    Ok(Done::Ok)
}

/// Keys and ledger, open for recording.
pub(crate) struct Session<'a> {
    pub(crate) keys: KeysAtHand<'a>,
    pub(crate) writer: Writer,
    folder: PathBuf,
}

impl<'a> Session<'a> {
    pub(crate) fn open(context: &mut Context, disk: &'a RealDisk) -> Result<Self, Failure> {
        let (folder, keys_folder) = (context.ledger_folder()?, context.keys_folder()?);
        let keys = open_keys(context, disk, &keys_folder)?;
        let writer = open_writer(context, &keys, &folder)?;
        Ok(Self { keys, writer, folder })
    }

    /// Plays the steps over the ledger's state.
    pub(crate) fn plan(&mut self, context: &mut Context, job: Job<'_>) -> Result<Outcome, Failure> {
        let (now, shelf) = (context.now()?, Shelf::open(context, &self.folder)?);
        let (writer, keys) = (&self.writer, &mut self.keys);
        plan(context, writer, &shelf, keys, now, job)
    }

    /// Commits a plan, unless it is a dry run, and says what was recorded.
    pub(crate) fn conclude(
        &mut self,
        context: &mut Context,
        plan: &Plan,
        documents: &[Blob],
        dry_run: bool,
    ) -> Result<(), Failure> {
        if plan.events().is_empty() {
            return Err(Failure::usage("expected at least one step, found none"));
        }
        let committed = if dry_run { None } else { Some(self.writer.commit(plan, documents, &mut self.keys)?) };
        if let Some(Committed { index: Some(problem), .. }) = &committed {
            context.output.warning(&format!("recorded, but the index could not follow: {problem}"));
        }
        let shelf = dry_run.then(|| Shelf::open(context, &self.folder)).transpose()?;
        let now = context.now()?;
        recorded::say(context, plan, committed.as_ref(), &self.writer, shelf.as_ref(), now)
    }
}

/// The keys of a folder, open for signing.
pub(crate) fn open_keys<'a>(
    context: &Context,
    disk: &'a RealDisk,
    folder: &std::path::Path,
) -> Result<KeysAtHand<'a>, Failure> {
    let source = passphrase::source(context)?;
    // Many salts a call to the system; none is used twice.
    let (mut pool, mut left) = ([0; 4096], 0);
    let salts = Box::new(move |salt: &mut [u8; 16]| {
        if left == 0 {
            random::fill(&mut pool).map_err(|failure| failure.message)?;
            left = pool.len() / salt.len();
        }
        left -= 1;
        let fresh = pool.chunks_exact_mut(salt.len()).nth(left).ok_or("no random bytes left")?;
        salt.copy_from_slice(fresh);
        fresh.fill(0);
        Ok(())
    });
    Ok(KeysAtHand::open(disk, folder, source, salts, &mut patience())?)
}

fn open_writer(context: &mut Context, keys: &KeysAtHand<'_>, folder: &std::path::Path) -> Result<Writer, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut progress = context.output.progress("bringing the index up to date");
    let writer = Writer::open(disk, folder, keys, &mut patience(), &mut |done, all| progress.at(done, all))?;
    progress.finish();
    if let Some(found) = writer.recovered() {
        if let MemoryState::Finished { from } = found.memory {
            let text = format!("finished a commit that was interrupted: entries from {from} on are recorded");
            context.output.remark(&text);
        }
        for file in &found.discarded {
            context.output.remark(&format!("put aside what an interrupted append left: {}", file.display()));
        }
    }
    if let Some(file) = writer.torn_values() {
        let text = "put aside the end of the private values, which is no whole record";
        context.output.warning(&format!("{text}: {}", file.display()));
        context
            .output
            .hint("an append that was interrupted leaves such; if none was, the last values kept are damaged");
    }
    context.watch(writer.noticed());
    context.tell_noticed();
    Ok(writer)
}

/// Plans a job; a refusal says what is dropped with it.
fn plan(
    context: &mut Context,
    writer: &Writer,
    shelf: &Shelf,
    keys: &mut KeysAtHand<'_>,
    now: Time,
    job: Job<'_>,
) -> Result<Outcome, Failure> {
    let dropped = job.dropped;
    plan_steps(context, writer, shelf, keys, now, job).map_err(|mut failure| {
        if failure.kind == Kind::Refused {
            failure.message = format!("{}; {dropped}", failure.message);
        }
        failure
    })
}

fn plan_steps(
    context: &mut Context,
    writer: &Writer,
    shelf: &Shelf,
    keys: &mut KeysAtHand<'_>,
    now: Time,
    job: Job<'_>,
) -> Result<Outcome, Failure> {
    let state = writer.state().find();
    let describe = |id: LotId| -> Result<Option<Lot>, LookupError> {
        shelf.lot(writer.state(), id).map_err(|failure| LookupError(failure.message))
    };
    let names = FindNames { state: &*state, describe: Some(&describe) };
    let batch = Batch::new(&*state, writer.tail()).allowing_leap(job.allow_clock_leap);
    let mut recorder = Planning::new(batch, writer.identity().ledger(), &names, keys, now).sealing(job.seals);
    let mut finished = recorder.record_signed(job.signed).map_err(|error| from_any(error, ""))?;
    if let Some(sealed) = job.sealed {
        finished.push((1, recorder.record_sealed(sealed).map_err(|error| from_any(error, ""))?));
    }
    if let Some((number, Judgement { event, findings })) = finished.into_iter().find(|(_, one)| one.is_refused()) {
        let error = PlayError::Refused { at: format!("step {number}"), event, findings };
        return Err(refusal(context, error, shelf, writer)?);
    }
    let mut player = Player::new(job.header, &mut recorder, None, Some(now))?.knowing(job.names);
    for step in job.steps {
        if let Err(error) = player.play(step?) {
            return Err(refusal(context, error, shelf, writer)?);
        }
        (job.progress)();
    }
    let names = player.into_names();
    let (plan, sealed) = recorder.parts()?;
    Ok(Outcome { plan, sealed, names })
}

/// A refusal in words: each finding, the events that bear it out, and what to do.
fn refusal(context: &mut Context, error: PlayError, shelf: &Shelf, writer: &Writer) -> Result<Failure, Failure> {
    let (at, event, findings) = match &error {
        PlayError::Refused { at, event, findings } => (at, Some(*event), findings),
        PlayError::Unexpected { at, findings, .. } => (at, None, findings),
        _ => return Ok(error.into()),
    };
    if context.output.is_json() {
        context.output.json(&serde_json::json!({ "recorded": false, "event": event, "findings": findings }))?;
    }
    if event.is_none() {
        return Ok(error.into());
    }
    let place = if at == "step 1" { String::new() } else { format!("{at}: ") };
    let refusals: Vec<&Finding> = findings.iter().filter(|finding| finding.is_refusal()).collect();
    let lines: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let mut failure = Failure::new(Kind::Refused, format_args!("{place}{}", lines.join("\n  ")));
    for related in refusals.iter().flat_map(|finding| &finding.related) {
        let earlier = recorded::earlier(shelf, writer.state(), related)?;
        failure = failure.hint(format_args!("see {earlier}"));
    }
    for finding in refusals.iter().take(1) {
        failure = failure.hint(finding.code.cure()).hint(format_args!("`oretrail explain {}` says more", finding.code));
    }
    Ok(failure)
}

/// What was planned of an event, for those that print it.
pub(crate) fn lots_made(planned: &Planned) -> impl Iterator<Item = (LotId, &Lot)> {
    let body = &planned.event().payload.body;
    body.output_ids(planned.event().id).zip(body.outputs())
}
