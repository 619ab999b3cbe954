//! A batch file recorded: in one commit, or, where it is too long for one, in parts.
//!
//! Each part is recorded wholly or not at all, and is noted beside the log (`ledger::parts`), so that whoever is stopped
//! between two parts goes on after the last one. Names that a part gave are known to the next: while the program runs it
//! keeps them, and where it goes on it reads them from the file and the log again. What else it holds is of one part.
//!
//! In scope: where parts end, going on, what is said of it. Not in scope: reading steps (`steps_in_parts`), planning and
//! committing one part (`recorder`).

use super::archive::Shelf;
use super::context::Context;
use super::error::{Done, Failure, Kind};
use super::format::count;
use super::interrupt::{Interrupt, Standing};
use super::progress::Progress;
use super::recorded::earlier;
use super::recorder::{Job, NOTHING, Outcome, Session};
use super::steps_in_parts::{Source, StepsInParts};
use crate::envelope::{Jws, Typ, open};
use crate::interop::batch::{Resolver, Step};
use crate::ledger::disk::{Disk, RealDisk};
use crate::ledger::parts::{self, Beginning, Part};
use crate::ledger::read::Reader;
use crate::ledger::state_store::event_of;
use crate::ledger::{Block, Plan};
use crate::tlog::entry::EntryRef;
use std::path::Path;
use std::sync::Arc;

/// How a batch file is recorded.
pub(crate) struct Ways<'a> {
    /// The most events of one commit.
    pub(crate) commit_every: u64,
    /// Whether to go on after what is recorded of the file.
    pub(crate) resume: bool,
    pub(crate) dry_run: bool,
    pub(crate) allow_clock_leap: bool,
    /// Where to write the only step as a draft, in place of recording it.
    pub(crate) prepare: Option<&'a Path>,
}

/// A batch file on its way into the ledger.
struct Recording<'a> {
    session: Session<'a>,
    steps: StepsInParts,
    ways: &'a Ways<'a>,
    interrupt: &'a Interrupt,
    progress: Progress,
    names: Resolver,
    /// What of the file is recorded.
    recorded: Vec<Part>,
}

/// Records the steps of a file.
pub(crate) fn record(
    context: &mut Context,
    source: Source,
    ways: &Ways<'_>,
    interrupt: &Interrupt,
) -> Result<Done, Failure> {
    let disk = RealDisk;
    let steps = StepsInParts::new(source)?;
    let session = Session::open(context, &disk)?;
    let progress = context.output.progress("recording events");
    let (names, recorded) = (Resolver::default(), Vec::new());
    let mut recording = Recording { session, steps, ways, interrupt, progress, names, recorded };
    recording.find_beginning(context)?;
    let ended = recording.run(context);
    recording.progress.finish();
    ended.map_err(|failure| recording.explain(failure))?;
    Ok(Done::Ok)
}

impl Recording<'_> {
    /// Finds out what of the file is recorded, and goes there if that is wanted.
    fn find_beginning(&mut self, context: &mut Context) -> Result<(), Failure> {
        let noted = match self.noted() {
            Ok(noted) => noted,
            Err(failure) => return Err(self.saying_the_last(context, failure)?),
        };
        let path = self.steps.path().map(Path::to_owned);
        let recorded = match &path {
            Some(path) if !noted.is_empty() => parts::recorded_of(&noted, open_file(path)?)?,
            _ => Vec::new(),
        };
        match (recorded.last(), self.ways.resume) {
            (None, false) => Ok(()),
            (Some(last), false) => Err(already(last, &self.name())),
            (None, true) => Err(self.saying_the_last(context, nothing_of_it(&noted, path.as_deref()))?),
            (Some(last), true) => {
                let until = format!("steps 1 to {} of {} are recorded already", count(last.to_step), self.name());
                context.output.remark(&until);
                self.go_past(&recorded)?;
                self.recorded = recorded;
                self.stand()
            }
        }
    }

    /// What is noted and recorded, of all files.
    fn noted(&self) -> Result<Vec<Part>, Failure> {
        let (layout, state) = (self.session.writer.log().layout(), self.session.writer.state().find());
        Ok(parts::recorded(&RealDisk, layout, &*state)?)
    }

    /// Where notes do not say how far a file is recorded, the ledger's last event may.
    fn saying_the_last(&self, context: &Context, failure: Failure) -> Result<Failure, Failure> {
        let (writer, state) = (&self.session.writer, self.session.writer.state());
        let shelf = Shelf::open(context, writer.log().layout().root())?;
        let Some(index) = writer.tail().size.checked_sub(1) else { return Ok(failure) };
        let Some(id) = event_of(&shelf.reader.entry(index)?) else { return Ok(failure) };
        let mut words = earlier(&shelf, state, &id)?;
        let event = shelf.event(state, &id)?.map(|recorded| recorded.event);
        let lots = event.iter().flat_map(|event| event.payload.body.outputs());
        let labels: Vec<String> = lots.filter_map(|lot| lot.label().map(ToString::to_string)).collect();
        if !labels.is_empty() {
            words.push_str(&format!(", which made {}", labels.join(", ")));
        }
        let ends = format!("the ledger ends with {words}");
        Ok(failure
            .hint(format_args!("{ends}: if that is of this file, record only what is behind it, as another file")))
    }

    fn name(&self) -> String {
        self.steps.path().map_or_else(|| "the batch".to_owned(), |path| path.display().to_string())
    }

    /// Passes over the steps of parts that are recorded, and takes up the names that they gave.
    fn go_past(&mut self, parts: &[Part]) -> Result<(), Failure> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let reader = Reader::open(disk, self.session.writer.log().layout().root())?;
        for part in parts {
            let mut entries = Entries::new(&reader, part);
            while let Some(steps) = self.steps.next_until(part.to_step) {
                for step in steps?.iter().filter(|step| step.members.expect_refused.is_none()) {
                    entries.give_names(step, &mut self.names)?;
                }
            }
            entries.check_end()?;
        }
        Ok(())
    }

    fn run(&mut self, context: &mut Context) -> Result<(), Failure> {
        loop {
            let outcome = self.plan(context)?;
            let more = self.steps.has_more()?;
            self.names = outcome.names;
            if let Some(path) = self.ways.prepare {
                return super::cosign::write_draft(context, path, &outcome.sealed);
            }
            if outcome.plan.events().is_empty() && !self.recorded.is_empty() {
                context.output.remark("there is nothing left to record");
                return if context.output.is_json() { self.say_nothing(context) } else { Ok(()) };
            }
            self.conclude(context, &outcome.plan, more)?;
            if !more || self.ways.dry_run {
                return Ok(());
            }
            self.names.settle();
            self.interrupt.go_on()?;
        }
    }

    /// Plans the next part.
    fn plan(&mut self, context: &mut Context) -> Result<Outcome, Failure> {
        let mut done: u64 = self.recorded.iter().map(|part| part.events).sum();
        let (read, progress) = (self.steps.read(), &mut self.progress);
        progress.starts_at(done);
        let mut tell = || {
            done += 1;
            match read.so_far() {
                Some(read) => progress.portion(done, read),
                None => progress.counted(done),
            }
        };
        let header = self.steps.header().clone();
        let job = Job {
            header,
            steps: &mut self.steps.part(self.ways.commit_every),
            names: std::mem::take(&mut self.names),
            signed: Vec::new(),
            sealed: None,
            seals: self.ways.prepare.is_some(),
            dropped: if self.recorded.is_empty() { NOTHING } else { "nothing of this part was recorded" },
            allow_clock_leap: self.ways.allow_clock_leap,
            progress: &mut tell,
        };
        self.session.plan(context, job)
    }

    /// Commits a part, unless it is a dry run, and says so.
    fn conclude(&mut self, context: &mut Context, plan: &Plan, more: bool) -> Result<(), Failure> {
        let part = (more || !self.recorded.is_empty()).then(|| self.part(plan)).flatten();
        let documents = self.steps.take_documents();
        if !self.ways.dry_run && !plan.events().is_empty() {
            self.check_unrecorded(part.as_ref())?;
            self.interrupt.begin_commit()?;
            if let Some(part) = &part {
                let (layout, state) = (self.session.writer.log().layout(), self.session.writer.state().find());
                parts::note(&RealDisk, layout, &*state, part)?;
            }
        }
        let (session, dry_run) = (&mut self.session, self.ways.dry_run);
        self.progress.aside(|| session.conclude(context, plan, &documents, dry_run))?;
        if dry_run {
            if more {
                context.output.warning("only the first part was looked at; what follows depends on it");
            }
            return Ok(());
        }
        self.recorded.extend(part);
        self.stand()?;
        if !more && self.interrupt.came_too_late() {
            context.output.warning("interrupted too late: the whole batch was recorded");
        }
        Ok(())
    }

    /// The part that a plan comes to.
    fn part(&self, plan: &Plan) -> Option<Part> {
        let (first, last) = (plan.events().first()?, plan.events().last()?);
        let (bytes, blake3) = self.steps.behind();
        Some(Part {
            file: Beginning { bytes, blake3 },
            from_step: self.recorded.last().map_or(1, |part| part.to_step + 1),
            to_step: self.steps.last_step(),
            first: first.at.index,
            events: plan.events().len() as u64,
            last: last.event().id,
        })
    }

    /// A stream cannot be compared with what is recorded before it is read; its first part can.
    fn check_unrecorded(&self, part: Option<&Part>) -> Result<(), Failure> {
        let Some(part) = part.filter(|part| part.from_step == 1) else { return Ok(()) };
        match self.noted()?.iter().find(|noted| noted.file == part.file) {
            Some(noted) => Err(already(noted, &self.name())),
            None => Ok(()),
        }
    }

    /// Has the interrupt know what is recorded.
    fn stand(&self) -> Result<(), Failure> {
        if let Some(last) = self.recorded.last() {
            self.interrupt.stands(Standing { message: self.so_far(last), hint: self.how_to_go_on() });
        }
        Ok(())
    }

    fn so_far(&self, last: &Part) -> String {
        format!("steps 1 to {} of {} are recorded, and nothing behind them", count(last.to_step), self.name())
    }

    fn how_to_go_on(&self) -> String {
        match self.steps.path() {
            Some(path) => format!("`oretrail record --file {} --resume` goes on after them", path.display()),
            None => "write the batch to a file; `oretrail record --file FILE --resume` goes on after them".to_owned(),
        }
    }

    /// A failure after some parts were recorded, with what became of them.
    fn explain(&self, mut failure: Failure) -> Failure {
        let Some(last) = self.recorded.last().filter(|_| failure.kind != Kind::Pipe) else { return failure };
        if !failure.message.contains(&self.so_far(last)) {
            failure.hints.insert(0, self.so_far(last));
            failure.hints.push(format!("correct what is behind them; {}", self.how_to_go_on()));
        }
        failure
    }

    fn say_nothing(&self, context: &mut Context) -> Result<(), Failure> {
        let log = self.session.writer.log();
        let ledger = log.identity().ledger();
        let nothing = serde_json::json!({ "recorded": false, "ledger": ledger, "size": log.size(), "events": [] });
        context.output.json(&nothing)
    }
}

fn open_file(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::File::open(path).map_err(|error| Failure::usage(format_args!("cannot open {}: {error}", path.display())))
}

/// The beginning of a file is recorded, and it was not said to go on after it.
fn already(last: &Part, name: &str) -> Failure {
    let (steps, to) = (count(last.to_step), last.first + last.events - 1);
    Failure::usage(format_args!("steps 1 to {steps} of {name} are recorded already, up to entry {to}"))
        .hint("`--resume` goes on after them")
}

/// It was said to go on, and nothing of the file is recorded.
fn nothing_of_it(noted: &[Part], path: Option<&Path>) -> Failure {
    let Some(path) = path else {
        return Failure::usage("expected a file to go on with, found a stream")
            .hint("write it to a file: its beginning is compared with what was recorded");
    };
    let failure = Failure::usage(format_args!(
        "expected a file whose beginning is recorded in this ledger, found {}",
        path.display()
    ));
    match noted.last() {
        None => failure.hint("no file is noted to be recorded in parts; if nothing of this one is, leave `--resume` out"),
        Some(last) => failure.hint(format_args!(
            "the file that was last recorded in parts is recorded up to step {}: its first {} bytes must be as they were",
            count(last.to_step),
            count(last.file.bytes)
        )),
    }
}

/// The entries of a part, one after the other.
struct Entries<'a> {
    blocks: Box<dyn Iterator<Item = Result<Block, crate::ledger::LogError>> + 'a>,
    block: Option<Block>,
    next: u64,
    end: u64,
}

impl<'a> Entries<'a> {
    fn new(reader: &'a Reader, part: &Part) -> Self {
        let (next, end) = (part.first, part.first + part.events);
        Self { blocks: Box::new(reader.blocks(next..end)), block: None, next, end }
    }

    /// Takes up the names that a step gave whose event is the next entry.
    fn give_names(&mut self, step: &Step, names: &mut Resolver) -> Result<(), Failure> {
        let index = self.next;
        if index >= self.end {
            return Err(unlike());
        }
        while self.block.as_ref().is_none_or(|block| block.entry(index).is_none()) {
            self.block = Some(self.blocks.next().ok_or_else(unlike)??);
        }
        self.next += 1;
        if !step.gives_names() {
            return Ok(());
        }
        let entry = self.block.as_ref().and_then(|block| block.entry(index)).ok_or_else(unlike)?;
        let event =
            EntryRef::parse(entry).ok().and_then(|entry| open(&Jws::parse(entry.jwt, Typ::Event).ok()?, &[]).ok());
        let event = event.filter(|event| event.payload.kind() == step.kind()).ok_or_else(unlike)?;
        names.given(step, &event.payload.body, event.id);
        Ok(())
    }

    fn check_end(&self) -> Result<(), Failure> {
        if self.next == self.end { Ok(()) } else { Err(unlike()) }
    }
}

fn unlike() -> Failure {
    Failure::new(
        Kind::Broken,
        "expected the events of the recorded parts to be those of the file's steps, found others",
    )
}
