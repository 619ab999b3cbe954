use super::*;

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn party(digit: char) -> PartyId {
    id(digit).parse().unwrap()
}

fn error(text: &str) -> String {
    Trust::parse(text).unwrap_err().to_string()
}

#[test]
fn a_file_is_read_as_toml_and_json_alike() {
    let text = format!(
        "version = 0\ngreatest_checkpoint_age_days = 30\n\n[[ledgers]]\nid = \"{}\"\n\n[[groups]]\nname = \"G\"\nparties = [\"{}\", \"{}\"]\n\n\
         [[authorities]]\nparty = \"{}\"\nschemes = [\"site-location\"]\ncountries = [\"US\"]\nprocesses = [\"mine\"]\n\n[bad]\nevents = [\"{}\"]\n\n\
         [[suites]]\nversion = 1\nends = \"2040-12-31\"\n",
        id('1'),
        id('a'),
        id('b'),
        id('c'),
        id('d')
    );
    let trust = Trust::parse(&text).unwrap();
    let json = serde_json::to_string(&trust).unwrap();
    assert_eq!(Trust::parse(&json).unwrap(), trust);
    assert_eq!(Trust::parse(&trust.to_toml().unwrap()).unwrap(), trust);
    assert!(trust.are_related(&party('a'), &party('b')) && !trust.are_related(&party('a'), &party('c')));
    assert!(trust.are_related(&party('e'), &party('e')));
    assert!(trust.ledger(&id('1').parse().unwrap()).is_some());
    let us = "US".parse().ok();
    let may = |scheme, country, process| trust.authority(&party('c'), scheme, country, process).is_some();
    assert!(may(Scheme::SiteLocation, us, Some(Process::Mine)) && may(Scheme::SiteLocation, us, None));
    assert!(!may(Scheme::SiteLocation, us, Some(Process::Melt)));
    assert!(!may(Scheme::SiteLocation, "CN".parse().ok(), None) && !may(Scheme::SiteLocation, None, None));
    assert!(!may(Scheme::PartyIdentity, us, None));
    assert!(trust.is_bad_party(&party('d')) && trust.suite_ends(1).is_some());
}

#[test]
fn nobody_is_trusted_without_a_file() {
    let trust = Trust::nobody();
    assert_eq!(Trust::parse("version = 0"), Ok(trust.clone()));
    assert!(trust.vouches_for_nothing() && trust.witness_policy().is_none());
    assert!(trust.authority(&party('a'), Scheme::SiteLocation, None, None).is_none());
}

#[test]
fn errors_name_line_and_column() {
    assert_eq!(error("version = 1"), "line 1, column 11: expected version 0, found 1");
    let unknown = error("version = 0\nfriends = []");
    assert!(unknown.starts_with("line 2, column 1: unknown field `friends`"), "{unknown}");
    assert!(error("version = 0\n[[ledgers]]\nid = \"12\"\n").starts_with("line 3, column 6: "));
    assert!(error("{\"version\": 0,\n \"x\": 1}").starts_with("line 2, column "));
    assert!(error("version = 0\nversion = 0").starts_with("line 2, column 1"));
    assert!(error("").starts_with("line 1, column 1: missing field `version`"));
}

#[test]
fn what_would_leave_open_which_entry_counts_is_refused() {
    let ledger = format!("[[ledgers]]\nid = \"{}\"\n", id('1'));
    assert!(error(&format!("version = 0\n{ledger}{ledger}")).starts_with("line 5, column 7: ledger 1111"));
    let group = |name| format!("[[groups]]\nname = \"{name}\"\nparties = [\"{}\"]\n", id('a'));
    assert!(error(&format!("version = 0\n{}{}", group("A"), group("B"))).contains("is in two groups"));
    let authority = format!("version = 0\n[[authorities]]\nparty = \"{}\"\nschemes = []\n", id('a'));
    assert!(error(&authority).contains("at least one of `schemes`"));
    assert!(error("version = 0\nwitnesses = \"nonsense\"").starts_with("line 2, column 1: `witnesses`"));
    let vkey = format!("version = 0\n[[ledgers]]\nid = \"{}\"\nvkey = \"nonsense\"\n", id('1'));
    assert!(error(&vkey).starts_with("line 4, column 9: `vkey`"));
}
