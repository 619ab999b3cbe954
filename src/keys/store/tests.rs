use super::super::Passphrase;
use super::*;
use crate::ledger::disk::{Cut, Fault, FaultyDisk, RealDisk};

fn new(name: &str) -> NewKey<'_> {
    NewKey { name, role: KeyRole::Party, created: Time::from_unix(0).unwrap(), comment: None, cost: Cost::LOW }
}

fn seed(n: u8) -> Seed {
    Zeroizing::new([n; 32])
}

fn given(text: &str) -> PassphraseSource<'static> {
    PassphraseSource::Given(Passphrase::new(text.to_owned()).unwrap())
}

#[test]
fn keys_are_found_by_name_and_by_the_beginning_of_their_id() {
    let disk = FaultyDisk::new();
    let store = KeyStore::new(&disk, Path::new("/home/keys"));
    assert_eq!(store.list().unwrap(), []);
    let a = store.create(&new("mine-gate"), &seed(1), &given("open")).unwrap();
    let b = store.create(&new("port"), &seed(2), &PassphraseSource::None).unwrap();
    assert_eq!(store.list().unwrap(), [a.clone(), b.clone()]);
    assert_eq!((a.encrypted, b.encrypted), (true, false));
    assert_eq!(store.find("mine-gate").unwrap(), a);
    assert_eq!(store.find(&b.info.kid.short()).unwrap(), b);
    assert_eq!(store.open(&a, &given("open")).unwrap(), SigningKey::from_bytes(&[1; 32]));
    assert!(matches!(store.open(&a, &given("shut")), Err(KeyError::PassphraseWrong(_))));
    assert!(matches!(store.open(&a, &PassphraseSource::None), Err(KeyError::PassphraseMissing(_))));
    assert!(matches!(store.find("nobody"), Err(KeyError::Unknown { .. })));
    assert!(matches!(store.find(""), Err(KeyError::Unknown { .. })));
    store.set_party(&b, PartyId([9; 32])).unwrap();
    assert_eq!(store.find("port").unwrap().info.party, Some(PartyId([9; 32])));
}

#[test]
fn a_name_is_never_used_twice_and_is_a_file_name_everywhere() {
    let disk = FaultyDisk::new();
    let store = KeyStore::new(&disk, Path::new("/keys"));
    store.create(&new("a"), &seed(1), &PassphraseSource::None).unwrap();
    let again = store.create(&new("a"), &seed(2), &PassphraseSource::None).unwrap_err();
    assert!(matches!(again, KeyError::Exists { .. }));
    assert_eq!(
        store.open(&store.find("a").unwrap(), &PassphraseSource::None).unwrap(),
        SigningKey::from_bytes(&[1; 32])
    );
    for bad in ["", "A", "../a", ".a", "a/b", "a b", "é", &"a".repeat(65)] {
        assert!(matches!(store.create(&new(bad), &seed(3), &PassphraseSource::None), Err(KeyError::Name(_))), "{bad}");
    }
}

#[test]
fn an_ambiguous_beginning_lists_the_candidates() {
    let disk = FaultyDisk::new();
    let store = KeyStore::new(&disk, Path::new("/keys"));
    // The same key under two names is the plainest case.
    store.create(&new("a"), &seed(1), &PassphraseSource::None).unwrap();
    let b = store.create(&new("b"), &seed(1), &PassphraseSource::None).unwrap();
    let error = store.find(&b.info.kid.short()).unwrap_err();
    let kid = b.info.kid;
    assert_eq!(
        error.to_string(),
        format!("`{}` is the beginning of several key ids: a ({kid}), b ({kid})", kid.short())
    );
}

#[test]
fn files_of_a_real_folder_are_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = KeyStore::new(&RealDisk, &folder.path().join("deep/keys"));
    let entry = store.create(&new("a"), &seed(1), &PassphraseSource::None).unwrap();
    assert!(store.open(&entry, &PassphraseSource::None).is_ok());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&entry.path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&entry.path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = store.open(&entry, &PassphraseSource::None).unwrap_err();
        assert!(matches!(error, KeyError::OpenToOthers(_)));
        assert_eq!(error.hint().unwrap(), format!("chmod 600 {}", entry.path.display()));
        let file = folder.path().join("passphrase");
        std::fs::write(&file, "open\r\nsecond line\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let from_file = PassphraseSource::File(file.clone());
        assert!(matches!(store.create(&new("b"), &seed(2), &from_file), Err(KeyError::OpenToOthers(_))));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let b = store.create(&new("b"), &seed(2), &from_file).unwrap();
        assert!(store.open(&b, &given("open")).is_ok());
    }
}

#[test]
fn a_person_is_asked_only_if_there_is_need() {
    let disk = FaultyDisk::new();
    let store = KeyStore::new(&disk, Path::new("/keys"));
    let asked = std::cell::RefCell::new(Vec::new());
    let prompt = |path: &Path, ask: Ask| {
        asked.borrow_mut().push((path.to_owned(), ask));
        Ok("open".to_owned())
    };
    let source = PassphraseSource::Prompt(&prompt);
    let plain = store.create(&new("plain"), &seed(1), &PassphraseSource::None).unwrap();
    store.open(&plain, &source).unwrap();
    assert!(asked.borrow().is_empty());
    let secret = store.create(&new("secret"), &seed(2), &source).unwrap();
    store.open(&secret, &source).unwrap();
    let path = PathBuf::from("/keys/secret.pem");
    assert_eq!(*asked.borrow(), [(path.clone(), Ask::New), (path, Ask::Existing)]);
}

#[test]
fn a_description_of_another_key_is_noticed() {
    let disk = FaultyDisk::new();
    let store = KeyStore::new(&disk, Path::new("/keys"));
    let a = store.create(&new("a"), &seed(1), &PassphraseSource::None).unwrap();
    let b = store.create(&new("b"), &seed(2), &PassphraseSource::None).unwrap();
    store.write_info("a", &b.info).unwrap();
    let entry = store.find("a").unwrap();
    assert!(matches!(store.open(&entry, &PassphraseSource::None), Err(KeyError::Description { .. })));
    store.write_info("a", &KeyInfo { kid: b.info.kid, ..a.info }).unwrap();
    assert!(matches!(store.find("a"), Err(KeyError::Description { .. })));
}

#[test]
fn a_key_is_whole_or_not_there_after_any_failure() {
    let cuts = [Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(1), Cut::Some(2), Cut::Some(3)];
    let faults = [Fault::Io, Fault::NoSpace, Fault::ShortWrite, Fault::Stop, Fault::StopTorn];
    for (fault, cut) in faults.iter().flat_map(|fault| cuts.iter().map(move |cut| (*fault, *cut))) {
        for call in 0.. {
            let disk = FaultyDisk::new();
            disk.fail_at(call, fault);
            let store = KeyStore::new(&disk, Path::new("/keys"));
            let made = store.create(&new("a"), &seed(1), &PassphraseSource::None);
            let calls = disk.calls();
            disk.restart(cut);
            let listed = store.list().unwrap();
            assert!(made.is_err() || listed.len() == 1, "acknowledged and lost at call {call}");
            for entry in listed {
                assert!(store.open(&entry, &PassphraseSource::None).is_ok());
            }
            if call > calls {
                break;
            }
        }
    }
}
