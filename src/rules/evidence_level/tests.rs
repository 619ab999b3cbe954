use super::*;
use crate::event::*;
use crate::rules::fixture::{World, text, time};
use crate::rules::trust::{Authority, Bad, Group};
use crate::value::{Blake3, Country, Sha256};

/// A smelter in Estonia, a receiver, and an authority that the trust file names for sites and identities in Estonia and the
/// United States.
struct Case {
    world: World,
    trust: Trust,
    authority: PartyId,
    smelter: PartyId,
    receiver: PartyId,
    site: FacilityId,
    processes: Vec<Process>,
    when: When,
    documents: Vec<Document>,
    receipts: Vec<Vec<TakenOver>>,
}

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn document(issuer: Option<&str>, party: Option<PartyId>) -> Document {
    Document {
        kind: DocumentKind::AuditReport,
        issuer: issuer.map(text),
        issuer_party: party,
        number: None,
        date: None,
        media_type: None,
        bytes: 1,
        blake3: Blake3([1; 32]),
        sha256: Sha256([1; 32]),
    }
}

impl Case {
    fn new() -> Self {
        let mut world = World::new();
        let (authority, smelter, receiver) = (world.party(1), world.party(2), world.party(3));
        let site = world.facility(smelter, "EE", "59.36,28.15");
        let entry = Authority {
            party: authority,
            name: None,
            schemes: vec![Scheme::SiteLocation, Scheme::PartyIdentity],
            countries: vec![country("EE"), country("US")],
            processes: Vec::new(),
            least_key_head: None,
        };
        let trust = Trust { authorities: vec![entry], ..Trust::nobody() };
        let (processes, when) = (vec![Process::Sinter], When::At(time(30)));
        let (documents, receipts) = (Vec::new(), Vec::new());
        Self { world, trust, authority, smelter, receiver, site, processes, when, documents, receipts }
    }

    fn grant(&mut self, scheme: Scheme, subject: Subject, processes: &[Process], days: (i64, i64)) -> EventId {
        let scope = AccreditScope { processes: processes.to_vec(), ..AccreditScope::default() };
        let body = Accredit {
            action: AccreditAction::Grant,
            scheme: Some(scheme),
            subject,
            grant: None,
            scope: Some(scope),
            valid_from: time(days.0),
            valid_to: Some(time(days.1)),
            certificate: None,
            hidden: Vec::new(),
        };
        self.world.record(self.authority, body)
    }

    fn site_grant(&mut self, processes: &[Process], days: (i64, i64)) -> EventId {
        self.grant(Scheme::SiteLocation, Subject::Facility(self.site), processes, days)
    }

    fn act(&mut self, action: AccreditAction, grant: EventId, day: i64) {
        let body = Accredit {
            action,
            scheme: None,
            subject: Subject::Facility(self.site),
            grant: Some(grant),
            scope: None,
            valid_from: time(day),
            valid_to: None,
            certificate: None,
            hidden: Vec::new(),
        };
        self.world.record(self.authority, body);
    }

    /// The receiver's identity is vouched for, and it took the goods over.
    fn countersign(&mut self) {
        self.grant(Scheme::PartyIdentity, Subject::Party(self.receiver), &[], (0, 100));
        self.receipts = vec![vec![self.receipt()]];
    }

    fn receipt(&self) -> TakenOver {
        let registration = self.world.recorded.iter().find(|(event, _)| event.id == self.receiver.into()).unwrap();
        TakenOver { event: EventId([9; 32]), by: self.receiver, kid: registration.0.kid, when: When::At(time(35)) }
    }

    fn evidence(&self, as_of: i64) -> PlaceEvidence {
        let mut accreditations = Accreditations::default();
        self.world.recorded.iter().for_each(|(event, at)| accreditations.observe(event, at));
        let (view, trust) = (&self.world.state, &self.trust);
        let levels = Levels { accreditations: &accreditations, view, trust, as_of: time(as_of) };
        let kid = self.world.recorded.iter().find(|(event, _)| event.id == self.smelter.into()).unwrap().0.kid;
        let at = AtPlace { by: self.smelter, kid, facility: self.site, processes: &self.processes, when: self.when };
        let documents: Vec<Attached<'_>> = self.documents.iter().map(|document| (EventId([8; 32]), document)).collect();
        levels.place(&at, &documents, &self.receipts, Vec::new()).unwrap()
    }

    fn level(&self) -> PlaceLevel {
        self.evidence(1_000).level
    }
}

#[test]
fn a_place_that_nobody_vouches_for_is_declared_and_says_what_would_prove_it() {
    let case = Case::new();
    let evidence = case.evidence(1_000);
    assert_eq!(evidence.level, PlaceLevel::Declared);
    let site = case.site;
    let expected =
        format!("an accreditation of facility {site} by an authority you trust, covering sinter on 2026-01-31");
    assert_eq!(evidence.needed, [expected]);
    assert_eq!(evidence.why.len(), 1);
}

#[test]
fn a_place_that_a_trusted_authority_vouches_for_is_accredited() {
    let mut case = Case::new();
    let grant = case.site_grant(&[Process::Sinter], (0, 100));
    let evidence = case.evidence(1_000);
    assert_eq!((evidence.level, evidence.needed.len()), (PlaceLevel::Accredited, 0));
    assert_eq!(evidence.why[0].events, [grant]);
}

#[test]
fn an_accreditation_counts_for_scheme_country_process_and_the_whole_period_only() {
    let missed = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::new();
        case.site_grant(&[Process::Sinter, Process::Press], (0, 100));
        assert_eq!(case.level(), PlaceLevel::Accredited);
        change(&mut case);
        let evidence = case.evidence(1_000);
        assert!(!evidence.why.is_empty() && !evidence.needed.is_empty());
        evidence.level
    };
    let changes: [&dyn Fn(&mut Case); 9] = [
        &|case| case.trust.authorities[0].schemes = vec![Scheme::PartyIdentity],
        &|case| case.trust.authorities[0].countries = vec![country("US")],
        &|case| case.trust.authorities[0].processes = vec![Process::Press],
        &|case| case.trust.authorities.clear(),
        &|case| case.processes = vec![Process::Press, Process::Magnetize],
        &|case| case.when = When::Period { from: time(90), to: time(101) },
        &|case| case.trust.bad = Bad { events: vec![case.site.into()], ..Bad::default() },
        &|case| case.trust.bad = Bad { events: vec![case.smelter.into()], ..Bad::default() },
        &|case| case.trust.bad = Bad { events: vec![case.authority.into()], ..Bad::default() },
    ];
    for (number, change) in changes.iter().enumerate() {
        assert_eq!(missed(change), PlaceLevel::Declared, "change {number}");
    }
}

#[test]
fn suspensions_are_honoured_and_later_knowledge_is_not() {
    let mut case = Case::new();
    case.world.day = 10;
    let grant = case.site_grant(&[], (0, 100));
    assert_eq!(case.evidence(9).level, PlaceLevel::Declared, "not known yet");
    case.world.day = 40;
    case.act(AccreditAction::Suspend, grant, 20);
    assert_eq!(case.evidence(39).level, PlaceLevel::Accredited, "the suspension is not known yet");
    let suspended = case.evidence(40);
    assert_eq!(suspended.level, PlaceLevel::Declared);
    assert!(suspended.why.iter().any(|reason| reason.code == Some(Code::AccreditationSuspended)));
    case.act(AccreditAction::Reinstate, grant, 25);
    assert_eq!(case.evidence(1_000).level, PlaceLevel::Accredited, "reinstated before the step");
}

#[test]
fn an_unrelated_receiver_of_trusted_identity_countersigns_a_place() {
    let mut case = Case::new();
    case.countersign();
    let evidence = case.evidence(1_000);
    assert_eq!((evidence.level, evidence.needed.len()), (PlaceLevel::Countersigned, 1));
    assert_eq!(evidence.why[0].events, [EventId([9; 32])]);
    case.documents = vec![document(Some("Surveyor"), None)];
    assert_eq!(case.level(), PlaceLevel::Countersigned, "the stronger counts");
    case.site_grant(&[], (0, 100));
    assert_eq!(case.level(), PlaceLevel::Accredited);
}

#[test]
fn a_countersignature_is_missed_by_relation_identity_key_and_goods_left_out() {
    let missed = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::new();
        case.countersign();
        change(&mut case);
        case.level()
    };
    let changes: [&dyn Fn(&mut Case); 7] = [
        &|case| {
            case.trust.groups = vec![Group { name: text("One house"), parties: vec![case.smelter, case.receiver] }];
        },
        &|case| case.trust.authorities[0].schemes = vec![Scheme::SiteLocation],
        &|case| case.receipts[0][0].when = When::At(time(101)),
        &|case| case.trust.bad = Bad { keys: vec![case.receipts[0][0].kid], ..Bad::default() },
        &|case| case.receipts.push(Vec::new()),
        &|case| case.receipts.clear(),
        &|case| case.receipts[0][0].by = case.smelter,
    ];
    for (number, change) in changes.iter().enumerate() {
        assert_eq!(missed(change), PlaceLevel::Declared, "change {number}");
    }
}

#[test]
fn a_document_counts_where_its_named_issuer_is_somebody_else() {
    let level = |document| {
        let mut case = Case::new();
        case.trust.groups = vec![Group { name: text("One house"), parties: vec![case.smelter, case.receiver] }];
        case.documents = vec![match document {
            0 => document_of("Surveyor"),
            1 => self::document(None, Some(case.authority)),
            2 => self::document(None, None),
            // The parties of these tests are all called `Example`.
            3 => document_of(" example "),
            4 => self::document(None, Some(case.smelter)),
            _ => self::document(Some("Surveyor"), Some(case.receiver)),
        }];
        case.level()
    };
    assert_eq!([level(0), level(1)], [PlaceLevel::Documented; 2]);
    assert_eq!([level(2), level(3), level(4), level(5)], [PlaceLevel::Declared; 4]);
}

fn document_of(issuer: &str) -> Document {
    let mut found = document(Some("x"), None);
    found.issuer = issuer.trim().parse().ok();
    found
}

#[test]
fn times_are_witnessed_before_pinned_before_declared() {
    assert_eq!(time_level(4, 5, 0), TimeLevel::Witnessed);
    assert_eq!(time_level(5, 5, 9), TimeLevel::Pinned);
    assert_eq!(time_level(9, 5, 9), TimeLevel::Declared);
}
