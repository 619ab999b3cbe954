//! From a step to a draft: names become ids, short forms are written out, what state can tell is added.

use super::complete::Completion;
use super::error::{BatchError, Candidate, Problem};
use super::names::{LocalNames, Named, Names, Wanted};
use super::positions::positions;
use super::short::{self, OutputName};
use super::step::{Step, pointer};
use crate::event::{Body, Document, Kind, Lot, Purpose, When};
use crate::ledger::Draft;
use crate::state::{LotRecord, View, ViewError};
use crate::tlog::vkey::VerifierKey;
use crate::value::{EventId, KeyId, LedgerId, LotId, PartyId, Time};
use serde_json::Value;
use std::collections::HashMap;

/// Resolves the steps of one batch, in order.
///
/// Ids follow from earlier steps, so the caller records each draft and reports it with [`Self::recorded`] before it
/// resolves the next step.
#[derive(Debug, Default)]
pub struct Resolver {
    local: LocalNames,
    /// Names of the ledger that were looked up already; parties, facilities and keys only.
    found: HashMap<(Wanted, String), String>,
    /// Lots made by this batch that are not used up.
    lots: HashMap<LotId, Lot>,
}

/// What a step is resolved against.
pub struct Context<'a> {
    /// The ledger that records the batch.
    pub ledger: LedgerId,
    /// Names of what was recorded before.
    pub names: &'a dyn Names,
    /// State after the steps so far.
    pub view: &'a dyn View,
    /// When a step happened that does not say so; such a step is refused where absent.
    pub now: Option<Time>,
}

impl Resolver {
    /// The draft of a step; see the module's documentation for what may be left out.
    ///
    /// Establishes that every name means one thing, and that the body has its type and shape; nothing about whether it
    /// may be recorded.
    pub fn resolve(&mut self, step: &Step, context: &Context<'_>) -> Result<Draft, BatchError> {
        let kind = step.kind();
        let members = &step.members;
        let by = match (&members.by, kind) {
            (None, Kind::Party) => None,
            (None, _) => {
                let hint = "say who states it: a party's name or id";
                return Err(step.error("", Problem::Missing { member: "by", hint }));
            }
            (Some(by), _) => Some(self.id::<PartyId>(step, "/by", Wanted::Party, by, context)?),
        };
        let key = members.signed_with.as_ref();
        let kid = key.map(|key| self.id::<KeyId>(step, "/signed_with", Wanted::Key, key, context)).transpose()?;
        let hint = "say when it happened: `when = 2026-11-03T08:00:00Z`, or `{ from, to }`";
        let when = members.when.or(members.recorded_at.or(context.now).map(When::At));
        let when = when.ok_or_else(|| step.error("", Problem::Missing { member: "when", hint }))?;
        let twin = members.twin_of.as_ref();
        let twin = twin.map(|twin| self.id::<EventId>(step, "/twin_of", Wanted::Event, twin, context)).transpose()?;
        let (body, names) = self.body(step, by, context)?;
        self.check_names(step, &names)?;
        Ok(Draft {
            kid,
            docs: self.documents(step, context)?,
            refs: members.refs.clone(),
            remark: members.remark.clone(),
            twin_of: twin,
            cosigners: cosigners(&body, by, context).map_err(|problem| step.error("", problem))?,
            ..Draft::new(by, when, body)
        })
    }

    /// The typed body of a step, and the names of its outputs.
    fn body(
        &mut self,
        step: &Step,
        by: Option<PartyId>,
        context: &Context<'_>,
    ) -> Result<(Body, Vec<OutputName>), BatchError> {
        let kind = step.kind();
        let member = |(pointer, problem): (String, String)| step.error(pointer, Problem::Member(problem));
        let mut body = step.body.clone();
        let names = short::write_out(kind, &mut body).map_err(member)?;
        let mut body = Value::Object(body);
        for position in positions(kind) {
            self.replace(&mut body, position.path, "", step, position.wanted, context)?;
        }
        if let Value::Object(body) = &mut body {
            let describe = |id| self.describe(id, context);
            let completion =
                Completion { ledger: context.ledger, by, view: context.view, describe: &describe, outputs: &names };
            completion.complete(kind, body).map_err(|(pointer, problem)| step.error(pointer, problem))?;
        }
        let body =
            Body::from_value(kind, body).map_err(|error| member((pointer(error.path()), error.inner().to_string())))?;
        body.check_shape().map_err(|error| member((String::new(), error.to_string())))?;
        Ok((body, names))
    }

    /// Replaces the names at one position; `path` is what is left of it below `value`.
    // The recursion follows the path, a constant of at most three members.
    fn replace(
        &mut self,
        value: &mut Value,
        path: &str,
        pointer: &str,
        step: &Step,
        wanted: Wanted,
        context: &Context<'_>,
    ) -> Result<(), BatchError> {
        if path.is_empty() {
            if let Value::String(text) = value {
                *text = self.find(step, pointer, wanted, text, context)?;
            }
            return Ok(());
        }
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let (name, is_list) = first.strip_suffix("[]").map_or((first, false), |name| (name, true));
        let Some(member) = value.get_mut(name) else { return Ok(()) };
        let pointer = format!("{pointer}/{name}");
        match member {
            Value::Array(items) if is_list => {
                for (number, item) in items.iter_mut().enumerate() {
                    self.replace(item, rest, &format!("{pointer}/{number}"), step, wanted, context)?;
                }
                Ok(())
            }
            _ if is_list => Ok(()),
            member => self.replace(member, rest, &pointer, step, wanted, context),
        }
    }

    fn id<T: std::str::FromStr>(
        &mut self,
        step: &Step,
        pointer: &str,
        wanted: Wanted,
        text: &str,
        context: &Context<'_>,
    ) -> Result<T, BatchError> {
        let id = self.find(step, pointer, wanted, text, context)?;
        id.parse().map_err(|_| step.error(pointer, Problem::Lookup(format!("expected a full id, found `{id}`"))))
    }

    /// The full id that a text means.
    fn find(
        &mut self,
        step: &Step,
        pointer: &str,
        wanted: Wanted,
        text: &str,
        context: &Context<'_>,
    ) -> Result<String, BatchError> {
        if is_full(wanted, text) {
            return Ok(text.to_owned());
        }
        if let Some(named) = self.local.given(wanted, text) {
            return Ok(named.id());
        }
        let key = (wanted, text.to_owned());
        if let Some(id) = self.found.get(&key) {
            return Ok(id.clone());
        }
        let recorded = context.names.find(wanted, text);
        let mut candidates = recorded.map_err(|error| step.error(pointer, Problem::Lookup(error.0)))?;
        for id in self.local.called(wanted, text).iter().map(|called| called.id()) {
            if candidates.iter().all(|known| known.id != id) {
                candidates.push(Candidate { id, words: "of this batch".to_owned() });
            }
        }
        match candidates.as_slice() {
            [one] => {
                let id = one.id.clone();
                if matches!(wanted, Wanted::Party | Wanted::Facility | Wanted::Key) {
                    self.found.insert(key, id.clone());
                }
                Ok(id)
            }
            [] => {
                let near = self.local.near(wanted, text);
                Err(step.error(pointer, Problem::Unknown { wanted, text: text.to_owned(), near }))
            }
            _ => Err(step.error(pointer, Problem::Ambiguous { wanted, text: text.to_owned(), candidates })),
        }
    }

    fn describe(&self, id: LotId, context: &Context<'_>) -> Result<Option<Lot>, Problem> {
        match self.lots.get(&id) {
            Some(lot) => Ok(Some(lot.clone())),
            None => match context.names.lot(id).map_err(|error| Problem::Lookup(error.0))? {
                Some(lot) => Ok(Some(lot)),
                // A lot of another ledger: what its import says of it.
                None => context.view.lot(&id).map(|lot| lot.map(imported)).map_err(|error| Problem::Lookup(error.0)),
            },
        }
    }

    fn documents(&mut self, step: &Step, context: &Context<'_>) -> Result<Option<Vec<Document>>, BatchError> {
        let Some(mut docs) = step.members.docs.clone() else { return Ok(None) };
        for (number, document) in docs.as_array_mut().into_iter().flatten().enumerate() {
            self.replace(document, "issuer_party", &format!("/docs/{number}"), step, Wanted::Party, context)?;
        }
        serde_path_to_error::deserialize(docs).map(Some).map_err(|error| {
            step.error(format!("/docs{}", pointer(error.path())), Problem::Member(error.inner().to_string()))
        })
    }

    /// Names of a batch are given once.
    fn check_names(&self, step: &Step, outputs: &[OutputName]) -> Result<(), BatchError> {
        if let Some(name) = step.members.name.as_ref().filter(|name| self.local.is_given(Wanted::Event, name)) {
            return Err(step.error("/as", Problem::Repeated(name.clone())));
        }
        let mut seen = std::collections::HashSet::new();
        for (number, name) in outputs.iter().enumerate().filter_map(|(n, output)| Some((n, output.name.as_ref()?))) {
            if self.local.is_given(Wanted::Lot, name) || !seen.insert(name) {
                return Err(step.error(format!("/outputs/{number}/name"), Problem::Repeated(name.clone())));
            }
        }
        Ok(())
    }

    /// Notes under which id a step was recorded, so that later steps can name it and what it created.
    pub fn recorded(&mut self, step: &Step, draft: &Draft, event: EventId) {
        let body = &draft.body;
        self.given(step, body, event);
        self.call_created(body, event);
        for head in body.heads().iter() {
            if !matches!(body.kind(), Kind::Dispatch | Kind::Receive) {
                self.lots.remove(&head.lot);
            }
        }
        for (id, lot) in body.output_ids(event).zip(body.outputs()) {
            self.lots.insert(id, lot.clone());
        }
    }

    /// Notes the names that a step gave, which was recorded as this event, now or earlier.
    pub fn given(&mut self, step: &Step, body: &Body, event: EventId) {
        let name = step.members.name.as_deref();
        let only = body.outputs().len() == 1;
        for (number, id) in body.output_ids(event).enumerate() {
            if let Some(name) = step.output_name(number).or(name.filter(|_| only)) {
                self.local.give(name, Named::Lot(id));
            }
        }
        let Some(name) = name else { return };
        self.local.give(name, Named::Event(event));
        match body {
            Body::Party(party) => {
                self.local.give(name, Named::Party(event.into()));
                self.name_key(name, party.key.id());
            }
            Body::Facility(_) => self.local.give(name, Named::Facility(event.into())),
            Body::Key(key) => key.key.iter().for_each(|new| self.local.give(name, Named::Key(new.id()))),
            _ => {}
        }
    }

    /// Notes what the things are called that an event creates, and that such a name may now mean several.
    fn call_created(&mut self, body: &Body, event: EventId) {
        let mut call = |name: &str, id: Named| {
            self.found.remove(&(id.sort(), name.to_owned()));
            self.local.call(name, id);
        };
        match body {
            Body::Party(party) => call(party.name.as_str(), Named::Party(event.into())),
            Body::Facility(facility) => {
                call(facility.code.as_str(), Named::Facility(event.into()));
                call(facility.name.as_str(), Named::Facility(event.into()));
            }
            _ => {}
        }
        for (id, lot) in body.output_ids(event).zip(body.outputs()) {
            lot.labels.iter().flatten().for_each(|label| call(label.as_str(), Named::Lot(id)));
        }
    }

    /// Everything so far is recorded, so that the ledger's own names tell of it: only what the file gave names to is kept.
    pub fn settle(&mut self) {
        self.local.forget_called();
        self.found.clear();
        self.lots.clear();
    }

    /// Gives a key a name, for `signed_with` and `kid`.
    pub fn name_key(&mut self, name: &str, key: KeyId) {
        self.local.give(name, Named::Key(key));
    }

    /// Whether a key of this name is known to the batch.
    #[must_use]
    pub fn knows_key(&self, name: &str) -> bool {
        self.local.is_given(Wanted::Key, name)
    }

    /// The id of a lot that this batch named.
    #[must_use]
    pub fn lot_named(&self, name: &str) -> Option<LotId> {
        self.local.given(Wanted::Lot, name)?.id().parse().ok()
    }

    /// The id of a party that this batch named.
    #[must_use]
    pub fn party_named(&self, name: &str) -> Option<PartyId> {
        self.local.given(Wanted::Party, name)?.id().parse().ok()
    }
}

/// What state knows of a lot whose creation is not recorded here.
fn imported(lot: LotRecord) -> Lot {
    Lot {
        role: lot.role,
        form: lot.form,
        elements: lot.elements,
        owner: None,
        custody_model: None,
        characteristic: None,
        quantity: None,
        composition: None,
        labels: None,
        packages: None,
        hidden: Vec::new(),
    }
}

/// Whether a text is a full id.
fn is_full(wanted: Wanted, text: &str) -> bool {
    match wanted {
        Wanted::Event | Wanted::Party | Wanted::Facility | Wanted::Ledger => text.parse::<EventId>().is_ok(),
        Wanted::Lot => text.parse::<LotId>().is_ok(),
        Wanted::Key => text.parse::<KeyId>().is_ok(),
    }
}

/// The key that a party was registered with, or that has taken over from it; none where it was revoked for good.
fn principal_key(view: &dyn View, party: PartyId) -> Result<Option<KeyId>, ViewError> {
    let mut key = view.event(&party.into())?.and_then(|event| event.key);
    while let Some(kid) = key {
        let Some(revoked) = view.key(&kid)?.and_then(|record| record.revoked) else { break };
        // No key is introduced twice, so that this comes to an end.
        key = view.event(&revoked.by)?.and_then(|event| event.key).filter(|next| *next != kid);
    }
    Ok(key)
}

/// The further signatures that a body needs; a party's is that of its principal key.
fn cosigners(body: &Body, by: Option<PartyId>, context: &Context<'_>) -> Result<Vec<(Purpose, KeyId)>, Problem> {
    let principal = |party: PartyId| principal_key(context.view, party).map_err(|error| Problem::Lookup(error.0));
    let (purpose, key) = match body {
        Body::Key(key) => (Purpose::NewKey, key.key.map(|key| key.id())),
        Body::Ledger(ledger) => {
            (Purpose::LogKey, ledger.vkey.as_str().parse::<VerifierKey>().ok().map(|vkey| vkey.public_key().id()))
        }
        Body::Facility(facility) => {
            let old = facility.supersedes.map(|id| context.view.facility(&id)).transpose();
            let old = old.map_err(|error| Problem::Lookup(error.0))?.flatten();
            let other = old.map(|old| old.operator).filter(|operator| Some(*operator) != by);
            (Purpose::OldOperator, other.map(principal).transpose()?.flatten())
        }
        Body::Decision(decision) => {
            (Purpose::SecondApprover, decision.second_approver.map(principal).transpose()?.flatten())
        }
        _ => return Ok(Vec::new()),
    };
    Ok(key.map(|key| (purpose, key)).into_iter().collect())
}
