//! Admission: keys, their scopes and chains, further signatures.

use super::Admission;
use crate::envelope::cosig;
use crate::event::{Body, KeyAction, KeyEvent, Kind, Purpose, Scope};
use crate::finding::{Code, Finding};
use crate::state::{KeyRecord, ViewError};
use crate::tlog::vkey::VerifierKey;
use crate::value::{FacilityId, PartyId, PublicKey};

/// Checks that the issuer's own, valid key signed the event; whether the rest of the event is worth reading.
pub(super) fn check_signature(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<bool, ViewError> {
    let before = out.len();
    match &a.event.payload.body {
        Body::Party(party) => check_registration(a, &party.key.x, out)?,
        Body::Key(key) if key.recovery.is_some() => check_recovery(a, key, out)?,
        _ => check_ordinary(a, out)?,
    }
    if let (true, Body::Key(key)) = (out.len() == before, &a.event.payload.body) {
        check_key_event(a, key, out)?;
    }
    Ok(out.len() == before)
}

fn check_signed(a: &Admission<'_>, key: &PublicKey, out: &mut Vec<Finding>) {
    if !(a.signed_by)(key) {
        out.push(a.finding(
            Code::BadSignature,
            format_args!("a signature by key {}", a.event.kid),
            "one that does not verify",
        ));
    }
}

/// A registration carries its key and is signed by it.
fn check_registration(a: &Admission<'_>, key: &PublicKey, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    if key.id() != a.event.kid {
        out.push(a.finding(
            Code::ForeignKey,
            format_args!("a registration signed by its own key {}", key.id()),
            a.event.kid,
        ));
        return Ok(());
    }
    if let Some(other) = a.view.key(&key.id())? {
        let found = format!("a key of party {}", other.party);
        out.push(a.finding(Code::WeakKey, "a key that nobody uses yet", found).with(other.by));
    }
    check_signed(a, key, out);
    Ok(())
}

fn check_recovery(a: &Admission<'_>, body: &KeyEvent, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let Some(recovery) = &body.recovery else { return Ok(()) };
    let Some(party) = a.view.party(&a.event.issuer())? else {
        out.push(unknown_issuer(a));
        return Ok(());
    };
    let kid = recovery.key.id();
    if party.recovery != Some(kid) || a.event.kid != kid {
        let registered = party.recovery.map_or("no recovery key".to_owned(), |kid| format!("recovery key {kid}"));
        out.push(a.finding(Code::KeyChain, registered, format_args!("{kid}, signed by {}", a.event.kid)));
        return Ok(());
    }
    check_signed(a, &recovery.key.x, out);
    Ok(())
}

fn unknown_issuer(a: &Admission<'_>) -> Finding {
    a.finding(Code::UnknownIssuer, "an issuer registered before", format_args!("`iss` {}", a.event.issuer()))
}

fn check_ordinary(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let issuer = a.event.issuer();
    if a.view.party(&issuer)?.is_none() {
        out.push(unknown_issuer(a));
        return Ok(());
    }
    let Some(key) = a.view.key(&a.event.kid)? else {
        out.push(a.finding(Code::UnknownKey, "a key introduced before", a.event.kid));
        return Ok(());
    };
    if key.party != issuer {
        let name = a.view.party(&key.party)?.map_or_else(String::new, |party| format!(" ({})", party.name));
        let found = format!("key {} of party {}{name}", a.event.kid, key.party);
        out.push(a.finding(Code::ForeignKey, format_args!("a key of party {issuer}"), found).with(key.by));
        return Ok(());
    }
    if let Some(revoked) = &key.revoked {
        let found = format!("one that was ended on {} ({})", revoked.recorded_at, revoked.reason);
        out.push(a.finding(Code::KeyRevoked, format_args!("key {} in force", a.event.kid), found).with(revoked.by));
    }
    check_scope(a, &key, out);
    check_signed(a, &key.public, out);
    Ok(())
}

fn check_scope(a: &Admission<'_>, key: &KeyRecord, out: &mut Vec<Finding>) {
    let Some(scope) = &key.scope else { return };
    let kind = a.event.payload.kind();
    if !scope.kinds.contains(&kind) {
        let kinds: Vec<&str> = scope.kinds.iter().map(|kind| kind.as_str()).collect();
        let expected = format!("one of the kinds key {} may sign: {}", a.event.kid, kinds.join(", "));
        out.push(a.finding(Code::KeyScope, expected, format_args!("`{kind}`")).with(key.by));
    }
    if let Some(facility) = a.event.payload.body.facility().filter(|id| !covers(scope, id)) {
        out.push(a.finding(Code::KeyScope, "a facility the key may sign for", facility).with(key.by));
    }
    let at = a.at.recorded_at;
    if scope.valid_from.is_some_and(|from| at < from) || scope.valid_to.is_some_and(|to| at > to) {
        let from = scope.valid_from.map_or("ever".to_owned(), |time| time.to_string());
        let to = scope.valid_to.map_or("on".to_owned(), |time| format!("to {time}"));
        out.push(a.finding(Code::KeyExpired, format_args!("recording from {from} {to}"), at).with(key.by));
    }
}

fn covers(scope: &Scope, facility: &FacilityId) -> bool {
    scope.facilities.is_empty() || scope.facilities.contains(facility)
}

/// A key event continues the chain, touches only keys of its issuer, and grants no more than its signer has.
fn check_key_event(a: &Admission<'_>, body: &KeyEvent, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let issuer = a.event.issuer();
    let Some(party) = a.view.party(&issuer)? else { return Ok(()) };
    if body.recovery.is_none() && body.prev_key != party.key_head {
        let found = format!("`prev_key` {}", body.prev_key);
        out.push(a.finding(Code::KeyChain, format_args!("`prev_key` {}", party.key_head), found).with(party.key_head));
    }
    if body.recovery.is_some() && !is_in_key_chain(a, body)? {
        out.push(a.finding(Code::KeyChain, "an event of the party's own key chain", body.prev_key));
    }
    if body.recovery.is_none() && body.compromised_since.is_some_and(|since| since < a.at.recorded_at) {
        let expected = "a compromise dated before its recording only in an event signed by the recovery key";
        out.push(a.finding(Code::KeyChain, expected, "one signed by an ordinary key"));
    }
    if let Some(kid) = body.kid {
        let known = a.view.key(&kid)?.filter(|key| key.party == issuer);
        if known.is_none() {
            out.push(a.finding(Code::KeyChain, "a key of the issuer", kid));
        }
    }
    if let Some(new) = body.key
        && let Some(other) = a.view.key(&new.id())?
    {
        out.push(a.finding(Code::WeakKey, "a key that nobody uses yet", new.id()).with(other.by));
    }
    check_grant(a, body, out)
}

fn is_in_key_chain(a: &Admission<'_>, body: &KeyEvent) -> Result<bool, ViewError> {
    let event = a.view.event(&body.prev_key)?;
    Ok(event.is_some_and(|e| e.iss == a.event.issuer() && matches!(e.kind, Kind::Party | Kind::Key)))
}

fn check_grant(a: &Admission<'_>, body: &KeyEvent, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let Some(granted) = &body.scope else { return Ok(()) };
    let Some(own) = a.view.key(&a.event.kid)?.and_then(|key| key.scope) else { return Ok(()) };
    let more_kinds = granted.kinds.iter().find(|kind| !own.kinds.contains(kind));
    if let Some(kind) = more_kinds {
        out.push(a.finding(Code::KeyScope, "no kind that the granting key lacks", format_args!("`{kind}`")));
    }
    let wider = !own.facilities.is_empty()
        && (granted.facilities.is_empty() || granted.facilities.iter().any(|id| !covers(&own, id)));
    if wider {
        out.push(a.finding(Code::KeyScope, "no facility that the granting key lacks", "a wider list"));
    }
    Ok(())
}

/// Cosignatures that a kind needs; each one present must verify, whether needed or not.
pub(super) fn check_cosignatures(a: &Admission<'_>, out: &mut Vec<Finding>) -> Result<(), ViewError> {
    let payload = &a.event.payload;
    for cosignature in &payload.cosig {
        let digest = payload.body_digest.as_ref();
        if !digest.is_some_and(|body| cosig::verify(&cosignature.key.x, &cosignature.purpose, body, &cosignature.sig)) {
            let found = format!("one by {} that does not verify", cosignature.key.id());
            out.push(a.finding(Code::Cosignature, format_args!("a valid `{}` signature", cosignature.purpose), found));
        }
    }
    match &payload.body {
        Body::Key(body) => {
            if let Some(new) = body.key.filter(|_| matches!(body.action, KeyAction::Add | KeyAction::Rotate)) {
                require(a, Purpose::NewKey, &|key| *key == new.x, "the new key", out);
            }
        }
        Body::Ledger(ledger) => {
            let log_key = ledger.vkey.as_str().parse::<VerifierKey>().ok();
            let expected = "the log key of its `vkey`";
            require(a, Purpose::LogKey, &|key| log_key.as_ref().is_some_and(|v| v.public_key() == key), expected, out);
        }
        Body::Facility(facility) => {
            let Some(old) = facility.supersedes.map(|id| a.view.facility(&id)).transpose()?.flatten() else {
                return Ok(());
            };
            if old.operator != a.event.issuer() {
                let theirs = key_of(a, old.operator)?;
                require(a, Purpose::OldOperator, &theirs, "a key of the former operator", out);
            }
        }
        Body::Decision(decision) => {
            if let Some(approver) = decision.second_approver {
                require(a, Purpose::SecondApprover, &key_of(a, approver)?, "a key of the second approver", out);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a key that cosigned is one of a party, not revoked.
fn key_of(a: &Admission<'_>, party: PartyId) -> Result<impl Fn(&PublicKey) -> bool + use<>, ViewError> {
    let cosigners = &a.event.payload.cosig;
    let keys: Vec<Option<KeyRecord>> =
        cosigners.iter().map(|one| a.view.key(&one.key.id())).collect::<Result<_, _>>()?;
    Ok(move |key: &PublicKey| {
        keys.iter().flatten().any(|one| one.public == *key && one.party == party && one.revoked.is_none())
    })
}

fn require(
    a: &Admission<'_>,
    purpose: Purpose,
    is_right: &dyn Fn(&PublicKey) -> bool,
    whose: &str,
    out: &mut Vec<Finding>,
) {
    let found = a.event.payload.cosig.iter().find(|c| c.purpose == purpose);
    if !found.is_some_and(|c| is_right(&c.key.x)) {
        let found = found.map_or("none".to_owned(), |c| format!("one by {}", c.key.id()));
        out.push(a.finding(Code::Cosignature, format_args!("a `{purpose}` signature by {whose}"), found));
    }
}
