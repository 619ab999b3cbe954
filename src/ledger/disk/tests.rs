use super::*;

/// The conformance test: what every disk must do.
fn conforms(disk: &dyn Disk, root: &Path) {
    let folder = root.join("a/b");
    create_dirs(disk, &folder).unwrap();
    create_dirs(disk, &folder).unwrap();
    let path = folder.join("file");
    assert!(disk.open(&path).err().unwrap().is_absent());
    assert!(disk.open_append(&path).err().unwrap().is_absent());
    assert!(disk.remove_file(&path).unwrap_err().is_absent());
    assert!(disk.list(&root.join("none")).unwrap_err().is_absent());
    assert_eq!(disk.metadata(&path).unwrap(), None);
    assert_eq!(read_if_present(disk, &path, 5).unwrap(), None);

    let mut file = disk.create_new(&path, Access::OwnerOnly).unwrap();
    assert!(disk.create_new(&path, Access::Shared).err().unwrap().is_conflict());
    append_all(&mut *file, b"hello").unwrap();
    file.sync_data().unwrap();
    disk.sync_dir(&folder).unwrap();
    assert_eq!(disk.metadata(&path).unwrap(), Some(Metadata { len: 5, is_dir: false, open_to_others: false }));
    assert_eq!(read_whole(disk, &path, 5).unwrap(), b"hello");
    let error = read_whole(disk, &path, 4).unwrap_err();
    assert!(error.to_string().ends_with("expected at most 4 bytes, found 5"), "{error}");

    let mut again = disk.open_append(&path).unwrap();
    append_all(&mut *again, b" world").unwrap();
    assert_eq!(again.length().unwrap(), 11);
    again.truncate(8).unwrap();
    append_all(&mut *again, b"!").unwrap();
    let mut middle = [0; 4];
    read_exact_at(&mut *again, 5, &mut middle).unwrap();
    assert_eq!(&middle, b" wo!");
    assert!(read_exact_at(&mut *again, 6, &mut middle).is_err());
    assert!(append_all(&mut *disk.open(&path).unwrap(), b"x").is_err(), "opened for reading only");

    let other = folder.join("other");
    replace_durably(disk, &other, b"old", Access::Shared).unwrap();
    disk.rename(&path, &other).unwrap();
    assert_eq!(read_whole(disk, &other, 100).unwrap(), b"hello wo!");
    replace_derived(disk, &path, b"new").unwrap();
    assert_eq!(disk.list(&folder).unwrap(), ["file", "other"]);
    disk.remove_file(&other).unwrap();
    assert_eq!(disk.list(&folder).unwrap(), ["file"]);
    assert!(disk.rename(&other, &path).unwrap_err().is_absent());

    let lock = root.join("lock");
    let TryLock::Held(guard) = disk.try_lock(&lock, "process 17").unwrap() else { panic!("the lock is free") };
    match disk.try_lock(&lock, "process 18").unwrap() {
        TryLock::Busy { holder } => assert_eq!(holder, "process 17"),
        TryLock::Held(_) => panic!("the lock is taken"),
    }
    drop(guard);
    assert!(matches!(disk.try_lock(&lock, "process 18").unwrap(), TryLock::Held(_)));
}

#[test]
fn both_disks_conform() {
    conforms(&FaultyDisk::new(), Path::new("/"));
    let folder = tempfile::tempdir().unwrap();
    conforms(&RealDisk, folder.path());
}

fn written(disk: &FaultyDisk, name: &str, synced: &[u8], unsynced: &[u8]) -> PathBuf {
    let path = Path::new("/").join(name);
    let mut file = disk.create_new(&path, Access::Shared).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    append_all(&mut *file, synced).unwrap();
    file.sync_data().unwrap();
    append_all(&mut *file, unsynced).unwrap();
    path
}

#[test]
fn power_cut_loses_unsynced_bytes_names_and_renames() {
    let disk = FaultyDisk::new();
    let kept = written(&disk, "kept", b"safe", b"lost");
    let renamed = Path::new("/renamed");
    disk.rename(&kept, renamed).unwrap();
    disk.create_new(Path::new("/fresh"), Access::Shared).unwrap().sync_data().unwrap();
    disk.restart(Cut::LoseUnsynced);
    assert_eq!(disk.files(), [(kept.clone(), b"safe".to_vec())]);

    disk.rename(&kept, renamed).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk.restart(Cut::LoseUnsynced);
    assert_eq!(disk.files(), [(renamed.to_owned(), b"safe".to_vec())]);
}

#[test]
fn killed_process_loses_nothing_written() {
    let disk = FaultyDisk::new();
    let path = written(&disk, "kept", b"safe", b"written");
    disk.restart(Cut::KeepAll);
    assert_eq!(read_whole(&disk, &path, 100).unwrap(), b"safewritten");
}

#[test]
fn what_a_killed_process_wrote_is_not_durable_by_that() {
    let disk = FaultyDisk::new();
    let path = written(&disk, "kept", b"safe", b", lost");
    disk.create_new(Path::new("/fresh"), Access::Shared).unwrap();
    disk.fail_at(disk.calls() + 1, Fault::Stop);
    assert!(disk.open_append(&path).is_err());
    disk.restart(Cut::KeepAll);
    assert_eq!(disk.files().len(), 2);
    disk.restart(Cut::LoseUnsynced);
    assert_eq!(disk.files(), [(path, b"safe".to_vec())]);
}

#[test]
fn a_folder_that_was_there_is_made_durable_as_well() {
    let disk = FaultyDisk::new();
    disk.create_dir(Path::new("/a")).unwrap();
    create_dirs(&disk, Path::new("/a")).unwrap();
    create_dirs(&disk, Path::new("/a/b/c")).unwrap();
    disk.restart(Cut::LoseUnsynced);
    assert!(disk.metadata(Path::new("/a/b/c")).unwrap().is_some());
}

#[test]
fn partial_cut_keeps_synced_bytes_and_a_prefix_of_the_rest() {
    let mut lengths = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let disk = FaultyDisk::new();
        let path = written(&disk, "kept", b"safe", b"1234");
        disk.restart(Cut::Some(seed));
        let left = read_whole(&disk, &path, 100).unwrap();
        assert!(b"safe1234".starts_with(&left) && left.starts_with(b"safe"));
        lengths.insert(left.len());
    }
    assert_eq!(lengths.len(), 5);
}

#[test]
fn failed_sync_loses_the_bytes_even_if_a_later_one_succeeds() {
    let disk = FaultyDisk::new();
    let path = written(&disk, "kept", b"safe", b"lost");
    let mut file = disk.open_append(&path).unwrap();
    disk.fail_at(disk.calls() + 1, Fault::Io);
    assert!(file.sync_data().is_err());
    file.sync_data().unwrap();
    disk.restart(Cut::LoseUnsynced);
    assert_eq!(read_whole(&disk, &path, 100).unwrap(), b"safe");
}

#[test]
fn short_and_interrupted_writes_are_continued() {
    for fault in [Fault::ShortWrite, Fault::Interrupted] {
        let disk = FaultyDisk::new();
        let mut file = disk.create_new(Path::new("/f"), Access::Shared).unwrap();
        disk.fail_at(disk.calls() + 1, fault);
        append_all(&mut *file, b"12345678").unwrap();
        assert_eq!(read_whole(&disk, Path::new("/f"), 100).unwrap(), b"12345678");
    }
}

#[test]
fn stopped_process_can_do_nothing_until_restart() {
    let disk = FaultyDisk::new();
    let mut file = disk.create_new(Path::new("/f"), Access::Shared).unwrap();
    disk.fail_at(disk.calls() + 1, Fault::StopTorn);
    assert!(append_all(&mut *file, b"1234").is_err());
    assert!(disk.open(Path::new("/f")).is_err());
    disk.restart(Cut::KeepAll);
    assert_eq!(read_whole(&disk, Path::new("/f"), 100).unwrap(), b"12");
}

#[test]
fn error_says_what_was_tried_and_where() {
    let disk = FaultyDisk::new();
    let error = disk.open(Path::new("/none")).err().unwrap();
    assert_eq!(error.to_string(), "cannot open /none: entity not found");
}
