use super::*;
use crate::policy::pack::{Pack, find_built_in};

fn exception(facts: Facts) -> Exception {
    Exception {
        v: 0,
        by: PartyId::from(crate::value::EventId::of_signing_input(b"buyer")),
        at: "2026-11-03T08:00:00Z".parse().unwrap(),
        policy: find_built_in("us-dfars-252.225-7052").unwrap().unwrap().reference(),
        contract: "HD-26-117".parse().unwrap(),
        lots: Vec::new(),
        facts,
    }
}

fn text(text: &str) -> Text {
    text.parse().unwrap()
}

fn cots_of(item: ItemKind, covered: &str) -> Facts {
    Facts::Cots {
        end_item: text("EI-4711"),
        basis: text("catalogue of 2026"),
        item,
        unmodified: true,
        covered_share: covered.parse().unwrap(),
        tungsten_share: Fraction::ZERO,
    }
}

/// Whether the DFARS pack admits facts for a delivery.
fn dfars(facts: &Facts, delivery: &str) -> Result<String, String> {
    admitted("us-dfars-252.225-7052", facts, delivery)
}

fn admitted(policy: &str, facts: &Facts, delivery: &str) -> Result<String, String> {
    let pack: Pack = find_built_in(policy).unwrap().unwrap();
    let delivery: Date = delivery.parse().unwrap();
    let range = pack.range(Some(delivery)).unwrap();
    let rule = range.exceptions.iter().find(|rule| rule.kind == facts.kind()).ok_or("no such exception")?;
    let file = SignedException { exception: exception(facts.clone()), blake3: Blake3::of(b""), standing: Ok(()) };
    admits(rule, &file, None, Some(delivery))
}

#[test]
fn off_the_shelf_items_are_exempt_unless_they_are_the_material_itself() {
    assert!(dfars(&cots_of(ItemKind::EndItem, "0.49"), "2027-01-01").unwrap().contains("end item EI-4711"));
    let refused = |facts: &Facts| dfars(facts, "2027-01-01").unwrap_err();
    assert_eq!(
        refused(&cots_of(ItemKind::EndItem, "0.5")),
        "expected less than 0.5 of covered material by weight, found 0.5"
    );
    assert!(dfars(&cots_of(ItemKind::EndItem, "0.5"), "2026-12-31").is_ok(), "before 2027 tungsten only");
    assert_eq!(
        refused(&cots_of(ItemKind::BareMagnet, "0.1")),
        "expected less than 0.5 of covered material by weight, found 1"
    );
    assert!(dfars(&cots_of(ItemKind::BareMagnet, "0.1"), "2026-12-31").is_ok());
    assert!(
        refused(&cots_of(ItemKind::MillProduct, "0.1")).contains("a mill product that is not built in is carved out")
    );
    let Facts::Cots { end_item, basis, item, covered_share, tungsten_share, .. } = cots_of(ItemKind::EndItem, "0.1")
    else {
        unreachable!()
    };
    let modified = Facts::Cots {
        end_item: end_item.clone(),
        basis: basis.clone(),
        item,
        unmodified: false,
        covered_share,
        tungsten_share,
    };
    assert!(refused(&modified).contains("found a modified one"));
    let heavy = Facts::Cots { end_item, basis, item, unmodified: true, covered_share, tungsten_share: Fraction::ONE };
    assert!(dfars(&heavy, "2026-12-31").unwrap_err().contains("less than 0.5 of tungsten"));
}

#[test]
fn a_determination_holds_within_its_days() {
    let of = |expires: &str| Facts::Nonavailability {
        determination: text("DNAD-2026-03"),
        scope: DeterminationScope::Individual,
        form: text("sintered arc segment"),
        properties: text("N42SH"),
        issued: "2026-06-01".parse().unwrap(),
        expires: expires.parse().unwrap(),
        document: Blake3::of(b"determination"),
    };
    assert!(dfars(&of("2027-06-01"), "2027-01-01").unwrap().contains("determination DNAD-2026-03"));
    let expired = dfars(&of("2026-12-31"), "2027-01-01").unwrap_err();
    assert_eq!(expired, "the determination holds from 2026-06-01 to 2026-12-31, not for a delivery on 2027-01-01");
    assert!(admitted("us-10usc4872", &of("2029-06-01"), "2027-01-01").is_ok(), "36 months");
    assert!(admitted("us-10usc4872", &of("2029-06-02"), "2027-01-01").unwrap_err().contains("at most 36 months"));
}

#[test]
fn facts_of_the_purchase_are_compared_with_the_conditions_of_the_rule() {
    let device = |contract_excludes| Facts::ElectronicDevice {
        end_item: text("EI-1"),
        basis: text("inverter"),
        contract_excludes,
    };
    assert!(dfars(&device(false), "2027-01-01").is_ok());
    assert!(dfars(&device(true), "2027-01-01").unwrap_err().contains("the contract says"));
    let amount =
        |amount: &str, currency: &str| Facts::Threshold { amount: amount.parse().unwrap(), currency: text(currency) };
    assert!(dfars(&amount("350000", "USD"), "2027-01-01").is_ok());
    assert!(
        dfars(&amount("350000.01", "USD"), "2027-01-01")
            .unwrap_err()
            .contains("at most 350000 USD, found one of 350000.01")
    );
    assert!(
        dfars(&amount("1", "EUR"), "2027-01-01").unwrap_err().contains("expected an amount in USD, found one in EUR")
    );
    assert_eq!(admitted("us-10usc4872", &amount("1", "USD"), "2027-01-01"), Err("no such exception".to_owned()));
    let used = |used: &str| Facts::OutsideUse { bought_in: "DE".parse().unwrap(), used_in: used.parse().unwrap() };
    assert!(dfars(&used("JP"), "2027-01-01").is_ok());
    assert!(dfars(&used("US"), "2027-01-01").unwrap_err().contains("outside the United States"));
    let product = Facts::DefenceOrSpace { end_item: text("EI-1"), purpose: DesignPurpose::Space };
    assert!(admitted("eu-crma-recycled-content", &product, "2027-06-01").is_ok());
    assert!(dfars(&product, "2027-01-01").is_err());
}

#[test]
fn a_file_counts_only_for_its_lots_and_by_the_word_of_a_buyer() {
    let pack = find_built_in("us-dfars-252.225-7052").unwrap().unwrap();
    let rule = &pack.file.ranges[0].exceptions[0];
    let lot = LotId::new(crate::value::EventId::of_signing_input(b"lot"), 0);
    let mut file = SignedException {
        exception: exception(cots_of(ItemKind::EndItem, "0.1")),
        blake3: Blake3::of(b""),
        standing: Ok(()),
    };
    file.exception.lots = vec![lot];
    assert!(admits(rule, &file, Some(lot), None).is_ok());
    let other = LotId::new(lot.event, 1);
    assert_eq!(admits(rule, &file, Some(other), None), Err("the file names other lots than this one".to_owned()));
    file.standing = Err("nobody's word".to_owned());
    assert_eq!(admits(rule, &file, Some(lot), None), Err("nobody's word".to_owned()));
}

#[test]
fn what_is_signed_reads_back_and_nothing_else_does() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let exception = exception(cots_of(ItemKind::EndItem, "0.1"));
    let file = exception.sign(&key).unwrap();
    let public = PublicKey::from(&key);
    assert_eq!(Exception::parse(&file), Ok((exception.clone(), public.id())));
    assert_eq!(Exception::verify(&file, &public), Ok(()));
    let other = PublicKey::from(&SigningKey::from_bytes(&[8; 32]));
    assert!(matches!(Exception::verify(&file, &other), Err(ExceptionError::Signature(_))));
    let changed = Exception { v: 1, ..exception };
    assert_eq!(Exception::parse(&changed.sign(&key).unwrap()), Err(ExceptionError::Version(1)));
    let unknown = sign_jws(Typ::Exception, &key, r#"{"v":0,"gift":true}"#).unwrap();
    let Err(ExceptionError::Payload(problem)) = Exception::parse(&unknown) else { panic!("{unknown}") };
    assert!(problem.starts_with("unknown field `gift`"), "{problem}");
    assert!(matches!(Exception::parse("x"), Err(ExceptionError::Jws(_))));
}
