//! The form of notes and their signatures, against the specification's example and the `signed_note` crate.

use super::super::vkey::tests::{SPEC_VKEY, pair};
use super::*;
use proptest::prelude::*;

/// The example of C2SP signed-note.
const SPEC_NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn parse(text: &str) -> Result<SignedNote, NoteError> {
    SignedNote::parse(text.as_bytes())
}

#[test]
fn note_of_the_specification_verifies() {
    let note = parse(SPEC_NOTE).unwrap();
    assert_eq!(note.to_string(), SPEC_NOTE);
    let verified = note.verify(&SPEC_VKEY.parse().unwrap()).unwrap();
    assert_eq!(verified.text(), "This is an example message.\n");
}

#[test]
fn oracle_verifies_our_notes_with_two_keys() {
    let (first, first_key) = pair("oretrail.example/log", KeyKind::Note, 1);
    let (second, second_key) = pair("oretrail.example/log", KeyKind::Note, 2);
    let mut note = SignedNote::sign("première\n\nligne\n", &first, &first_key).unwrap();
    note.add_signature(&second, &second_key).unwrap();
    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    assert_eq!(theirs.to_bytes(), note.to_string().into_bytes());
    let verifier = |key: &VerifierKey| -> Box<dyn signed_note::Verifier> {
        Box::new(signed_note::StandardVerifier::new(&key.to_string()).unwrap())
    };
    let (verified, unknown) =
        theirs.verify(&signed_note::VerifierList::new(vec![verifier(&first), verifier(&second)])).unwrap();
    assert_eq!((verified.len(), unknown.len()), (2, 0));
    assert!(note.check_signature(&first).is_ok() && note.check_signature(&second).is_ok());
}

#[test]
fn unknown_lines_are_kept_and_do_not_matter() {
    let (key, signer) = pair("a", KeyKind::Note, 1);
    let mut text = SignedNote::sign("x\n", &key, &signer).unwrap().to_string();
    let long = STANDARD.encode([9u8; 2_432]);
    text.push_str(&format!("— a {long}\n— elsewhere.example {long}\n"));
    let note = parse(&text).unwrap();
    assert_eq!(note.to_string(), text);
    assert_eq!(note.signatures().len(), 3);
    assert_eq!(note.verify(&key).unwrap().note().to_string(), text);
}

#[test]
fn bad_line_of_a_known_key_spoils_the_note_beside_a_good_one() {
    let (key, signer) = pair("a", KeyKind::Note, 1);
    let note = SignedNote::sign("x\n", &key, &signer).unwrap();
    let mut forged = note.signatures()[0].clone();
    forged.signature[0] ^= 1;
    let both = parse(&format!("{note}{forged}\n")).unwrap();
    assert_eq!(both.check_signature(&key), Err(NoteError::Invalid { name: "a".into(), hash: key.hash() }));
    let twice = parse(&format!("{note}{}\n", note.signatures()[0])).unwrap();
    assert_eq!(twice.check_signature(&key), Ok(()));
}

#[test]
fn note_without_the_key_asked_for_is_refused() {
    let (key, signer) = pair("a", KeyKind::Note, 1);
    let (other, other_signer) = pair("a", KeyKind::Note, 2);
    let note = SignedNote::sign("x\n", &key, &signer).unwrap();
    assert_eq!(
        note.check_signature(&other),
        Err(NoteError::Unsigned { name: "a".into(), hash: other.hash(), lines: 1 })
    );
    assert_eq!(SignedNote::sign("x\n", &key, &other_signer), Err(NoteError::Signer("a".into())));
    let (witness, witness_signer) = pair("a", KeyKind::Cosignature, 1);
    assert!(matches!(SignedNote::sign("x\n", &witness, &witness_signer), Err(NoteError::Kind { .. })));
    assert!(matches!(note.check_signature(&witness), Err(NoteError::Kind { .. })));
}

#[test]
fn malformed_notes_are_refused_with_the_reason() {
    let good = SPEC_NOTE;
    let line = good.split("\n\n").nth(1).unwrap();
    let cases: [(String, &str); 15] = [
        (good.trim_end().to_owned(), "expected a text, a blank line"),
        (good.replace("\n\n", "\n"), "expected a text, a blank line"),
        (format!("{good}\n"), "expected a text, a blank line"),
        (line.to_owned(), "expected a text, a blank line"),
        ("text\n\n".to_owned(), "expected a text, a blank line"),
        ("text\n\n\n".to_owned(), "expected a text, a blank line"),
        (good.replace("message", "mess\tage"), "expected no control character but LF, found U+0009 at offset 23"),
        (good.replace('\n', "\r\n"), "expected no control character but LF, found U+000D"),
        (good.replace("— ", "- "), "expected `—"),
        (good.replace("foo ", "foo  "), "expected `—"),
        (good.replace("example.com/foo", "example.com+foo"), "expected `—"),
        (good.replace("yaQM=", "yaQN="), "expected `—"),
        (good.replace("yaQM=", "yaQM"), "expected `—"),
        ("x\n\n— a AAAAAA==\n".to_owned(), "expected `—"),
        (format!("x\n\n{}", line.repeat(101)), "expected at most 100 signature lines, found 101"),
    ];
    for (text, start) in cases {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
    assert_eq!(SignedNote::parse(b"ab\xff"), Err(NoteError::Utf8(2)));
    assert_eq!(parse(&"x".repeat(MAX_NOTE + 1)), Err(NoteError::TooLong(MAX_NOTE + 1)));
    assert!(parse(&format!("x\n\n{}", line.repeat(100))).is_ok());
}

#[test]
fn texts_that_could_not_be_read_are_not_signed() {
    let (key, signer) = pair("a", KeyKind::Note, 1);
    for (text, error) in
        [("", NoteError::TextEnd), ("x", NoteError::TextEnd), ("x\r\n", NoteError::Control { found: 13, offset: 1 })]
    {
        assert_eq!(SignedNote::sign(text, &key, &signer), Err(error));
    }
    let full = "x".repeat(MAX_NOTE - 1) + "\n";
    assert!(matches!(SignedNote::sign(&full, &key, &signer), Err(NoteError::TooLong(_))));
    let tricky = "a\n\n— b AAAAAAA=\n";
    assert_eq!(SignedNote::sign(tricky, &key, &signer).unwrap().unverified_text(), tricky);
}

#[test]
fn no_changed_byte_verifies() {
    let key: VerifierKey = SPEC_VKEY.parse().unwrap();
    for at in 0..SPEC_NOTE.len() {
        let mut bytes = SPEC_NOTE.as_bytes().to_vec();
        bytes[at] ^= 1;
        assert!(SignedNote::parse(&bytes).and_then(|note| note.verify(&key)).is_err(), "byte {at}");
    }
}

proptest! {
    #[test]
    fn whatever_is_read_prints_back(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "(\n|— |a|A{4}|=| |\\+){0,40}") {
        for input in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(note) = SignedNote::parse(input) {
                prop_assert_eq!(note.to_string().into_bytes(), input);
            }
        }
    }

    #[test]
    fn any_text_of_lines_is_signed_read_and_verified(lines in prop::collection::vec("[^\u{0}-\u{1f}]{0,12}", 1..6)) {
        let (key, signer) = pair("a", KeyKind::Note, 1);
        let text = lines.join("\n") + "\n";
        let note = SignedNote::sign(&text, &key, &signer).unwrap();
        let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
        let verified = read.verify(&key).unwrap();
        prop_assert_eq!(verified.text(), text);
    }
}
