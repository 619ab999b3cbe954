//! The schema files are those that follow from the types.
//!
//! `ORETRAIL_BLESS=1 cargo test` rewrites them, and the generated parts of FORMAT.md.

use oretrail::interop::schema;
use std::path::Path;

#[test]
fn schema_files_follow_from_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let bless = std::env::var_os("ORETRAIL_BLESS").is_some();
    let mut drifted = Vec::new();
    let mut wanted = Vec::new();
    for name in schema::names() {
        let file = format!("{name}.schema.json");
        let text = schema::get(&name).unwrap();
        let path = folder.join(&file);
        if bless {
            std::fs::write(&path, &text).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            drifted.push(file.clone());
        }
        wanted.push(file);
    }
    let stray = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    drifted.extend(stray.filter(|file| file.ends_with(".schema.json") && !wanted.contains(file)));
    assert!(drifted.is_empty(), "drifted or stray: {drifted:?}; `ORETRAIL_BLESS=1 cargo test` rewrites them");
}

#[test]
fn schemas_are_found_by_name_and_by_no_other() {
    assert!(schema::names().any(|name| name == "event-split"));
    assert_eq!(schema::get("event-"), None);
    assert_eq!(schema::get("Event-split"), None);
}
