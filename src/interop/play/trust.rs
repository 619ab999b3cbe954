//! The trust file of a scenario: its ledger, and whoever grants accreditations in it, each for what it grants, but for whom
//! the scenario excepts.

use crate::event::{AccreditAction, Body, Event, Scheme};
use crate::interop::batch::TrustHints;
use crate::rules::trust::{Authority, Group, Trust, TrustedLedger};
use crate::value::PartyId;
use std::collections::{BTreeMap, BTreeSet};

/// A name that no party of a scenario has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a party in `trust`, found `{0}`")]
pub struct NoParty(pub String);

/// Whom the buyer of a scenario trusts; `party` finds those that the scenario names.
///
/// It is the scenario's own word, as all of it is.
pub fn trust_of<'a>(
    events: impl Iterator<Item = &'a Event>,
    ledger: TrustedLedger,
    hints: &TrustHints,
    party: &dyn Fn(&str) -> Option<PartyId>,
) -> Result<Trust, NoParty> {
    let named = |name: &String| party(name).ok_or_else(|| NoParty(name.clone()));
    let except: BTreeSet<PartyId> = hints.except.iter().map(named).collect::<Result<_, _>>()?;
    let mut trust = Trust::nobody();
    trust.ledgers = vec![ledger];
    trust.authorities = authorities(events);
    trust.authorities.retain(|authority| !except.contains(&authority.party));
    for group in &hints.groups {
        let parties = group.parties.iter().map(named).collect::<Result<_, _>>()?;
        trust.groups.push(Group { name: group.name.clone(), parties });
    }
    Ok(trust)
}

fn authorities<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<Authority> {
    let mut schemes: BTreeMap<PartyId, BTreeSet<Scheme>> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for event in events {
        match &event.payload.body {
            Body::Accredit(accredit) if accredit.action == AccreditAction::Grant => {
                schemes.entry(event.issuer()).or_default().extend(accredit.scheme);
            }
            Body::Party(party) => drop(names.insert(event.issuer(), party.name.clone())),
            _ => {}
        }
    }
    let authority = |(party, schemes): (PartyId, BTreeSet<Scheme>)| Authority {
        party,
        name: names.get(&party).cloned(),
        schemes: schemes.into_iter().collect(),
        countries: Vec::new(),
        processes: Vec::new(),
        least_key_head: None,
    };
    schemes.into_iter().map(authority).collect()
}
