use super::super::fixture::{World, time};
use super::*;
use crate::event::{Accredit, Correct, CorrectAction, CorrectReason, Finder};
use crate::rules::trust::Authority;
use crate::value::FacilityId;

struct Case {
    world: World,
    authority: PartyId,
    site: FacilityId,
}

fn case() -> Case {
    let mut world = World::new();
    let (authority, operator) = (world.party(1), world.party(2));
    let site = world.facility(operator, "US", "35.48,-115.53");
    Case { world, authority, site }
}

impl Case {
    fn accredit(&mut self, action: AccreditAction, grant: Option<EventId>, days: (i64, Option<i64>)) -> EventId {
        let granting = action == AccreditAction::Grant;
        let body = Accredit {
            action,
            scheme: granting.then_some(Scheme::SiteLocation),
            subject: Subject::Facility(self.site),
            grant,
            scope: granting.then(|| AccreditScope { processes: vec![Process::Mine], ..AccreditScope::default() }),
            valid_from: time(days.0),
            valid_to: days.1.map(time),
            certificate: None,
            hidden: Vec::new(),
        };
        self.world.record(self.authority, body)
    }

    fn trust(&self) -> Trust {
        let authority = Authority {
            party: self.authority,
            name: None,
            schemes: vec![Scheme::SiteLocation],
            countries: vec!["US".parse().unwrap()],
            processes: Vec::new(),
            least_key_head: None,
        };
        Trust { authorities: vec![authority], ..Trust::nobody() }
    }

    fn ask(&self, trust: &Trust, processes: &[Process], from: i64, to: i64) -> Standing {
        let mut all = Accreditations::default();
        for (event, at) in &self.world.recorded {
            all.observe(event, at);
        }
        let question = Question {
            subject: Subject::Facility(self.site),
            scheme: Scheme::SiteLocation,
            country: "US".parse().ok(),
            processes,
            method: None,
            matrix: None,
            analytes: &[],
            from: time(from),
            to: time(to),
        };
        all.standing(&question, trust, &self.world.state, time(1_000)).unwrap()
    }
}

#[test]
fn a_grant_counts_within_scope_period_and_trust() {
    let mut case = case();
    let grant = case.accredit(AccreditAction::Grant, None, (0, Some(100)));
    let trust = case.trust();
    let mine = [Process::Mine];
    assert_eq!(case.ask(&trust, &mine, 0, 100), Standing::Accredited(vec![grant]));
    assert_eq!(case.ask(&trust, &[], 0, 100), Standing::Accredited(vec![grant]));
    let refused = |why| Standing::NotAccredited(vec![(grant, why)]);
    assert_eq!(case.ask(&trust, &mine, 0, 101), refused(Refusal::OutOfPeriod));
    assert_eq!(case.ask(&trust, &[Process::Melt], 0, 1), refused(Refusal::OutOfScope));
    assert_eq!(case.ask(&trust, &[Process::Mine, Process::Melt], 0, 1), refused(Refusal::OutOfScope));
    assert_eq!(case.ask(&Trust::nobody(), &mine, 0, 1), refused(Refusal::NotTrusted));
    let mut bad = trust.clone();
    bad.bad.events.push(grant);
    assert_eq!(case.ask(&bad, &mine, 0, 1), refused(Refusal::KnownBad));
    let mut strict = trust;
    strict.authorities[0].least_key_head = Some(EventId::of_signing_input(b"a key event that is not here"));
    assert_eq!(case.ask(&strict, &mine, 0, 1), refused(Refusal::KeyChain));
}

#[test]
fn renewals_join_and_gaps_do_not() {
    let mut case = case();
    let first = case.accredit(AccreditAction::Grant, None, (0, Some(10)));
    let second = case.accredit(AccreditAction::Grant, None, (10, Some(20)));
    case.accredit(AccreditAction::Grant, None, (30, None));
    let trust = case.trust();
    assert_eq!(case.ask(&trust, &[Process::Mine], 5, 15), Standing::Accredited(vec![first, second]));
    assert!(!case.ask(&trust, &[Process::Mine], 15, 35).is_accredited());
    assert!(case.ask(&trust, &[Process::Mine], 30, 900).is_accredited());
}

#[test]
fn a_suspension_counts_from_its_date_to_the_reinstatement() {
    let mut case = case();
    let grant = case.accredit(AccreditAction::Grant, None, (0, None));
    let suspension = case.accredit(AccreditAction::Suspend, Some(grant), (10, None));
    case.accredit(AccreditAction::Reinstate, Some(grant), (20, None));
    let end = case.accredit(AccreditAction::Withdraw, Some(grant), (50, None));
    case.accredit(AccreditAction::Reinstate, Some(grant), (60, None));
    let trust = case.trust();
    let ask = |from, to| case.ask(&trust, &[Process::Mine], from, to);
    assert!(ask(0, 9).is_accredited() && ask(20, 49).is_accredited());
    assert_eq!(ask(5, 15), Standing::Suspended(vec![suspension, end]));
    assert!(matches!(ask(60, 70), Standing::Suspended(by) if by.contains(&end)));
}

#[test]
fn another_party_cannot_suspend_and_a_withdrawn_statement_is_none() {
    let mut case = case();
    let grant = case.accredit(AccreditAction::Grant, None, (0, None));
    let authority = case.authority;
    case.authority = case.world.party(3);
    case.accredit(AccreditAction::Withdraw, Some(grant), (0, None));
    case.authority = authority;
    let trust = case.trust();
    assert!(case.ask(&trust, &[Process::Mine], 0, 9).is_accredited());
    let withdrawal = Correct {
        target: grant,
        action: CorrectAction::Withdraw,
        reason: CorrectReason::ClericalError,
        found_by: Finder::Issuer,
        changes: Vec::new(),
        at: None,
    };
    case.world.record_portable(authority, withdrawal);
    let refused = Standing::NotAccredited(vec![(grant, Refusal::Withdrawn)]);
    assert_eq!(case.ask(&trust, &[Process::Mine], 0, 9), refused);
}
