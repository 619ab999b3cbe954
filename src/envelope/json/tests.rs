use super::scan::plain_bytes;
use super::*;
use proptest::prelude::*;

fn fault(text: &str) -> String {
    check(text.as_bytes(), &Rules::SIGNED).unwrap_err().to_string()
}

#[test]
fn duplicate_members_are_found_at_any_depth_and_under_any_spelling() {
    assert_eq!(fault(r#"{"a":1,"a":1}"#), "duplicate member `a` at line 1 column 8");
    assert_eq!(fault("{\"x\":[{},\n {\"é\":1,\"\\u00e9\":2}]}"), "duplicate member `é` at line 2 column 9, in /x/1");
    let many: String = (0..100).map(|n| format!("\"m{n}\":0,")).collect();
    assert!(fault(&format!("{{{many}\"m77\":0}}")).starts_with("duplicate member `m77`"));
    assert!(check(format!("{{{many}\"z\":{{\"m1\":0}}}}").as_bytes(), &Rules::SIGNED).is_ok());
}

#[test]
fn nesting_is_limited_and_deep_texts_cost_nothing() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(check(nested(16).as_bytes(), &Rules::SIGNED).is_ok());
    let deep = check(nested(10_000).as_bytes(), &Rules::SIGNED).unwrap_err();
    assert_eq!((deep.line, deep.column), (1, 17));
    assert_eq!(deep.kind, JsonErrorKind::Depth(16));
    assert!(check(&b"[".repeat(10_000_000), &Rules::FILE).is_err());
}

#[test]
fn numbers_are_exact_integers() {
    for good in ["0", "1", "-1", "9007199254740991", "-9007199254740991"] {
        assert!(check(good.as_bytes(), &Rules::SIGNED).is_ok(), "{good}");
    }
    for bad in ["9007199254740992", "1.0", "1e9", "-0", "01", "-", "1-1", "99999999999999999999999999", "1E400"] {
        assert!(matches!(check(bad.as_bytes(), &Rules::SIGNED).unwrap_err().kind, JsonErrorKind::Number(_)), "{bad}");
    }
    for word in ["NaN", "Infinity", "+1", ".5", "nul", "TRUE"] {
        assert!(check(word.as_bytes(), &Rules::SIGNED).is_err(), "{word}");
    }
    let any = Rules { numbers: Numbers::Any, ..Rules::FILE };
    assert!(check(b"[1.5e-3,-0]", &any).is_ok());
    assert!(check(b"1.", &any).is_err());
    assert_eq!(fault(r#"{"a":null}"#), "expected a value or no member at all, found `null` at line 1 column 6, in /a");
    assert!(check(b"null", &Rules::FILE).is_ok());
}

#[test]
fn white_space_between_tokens_can_be_refused() {
    let compact = |text: &str| check(text.as_bytes(), &Rules::DISCLOSED);
    assert!(compact(r#"{"a b":[1,"c\n d"]}"#).is_ok());
    for bad in [" 1", "1 ", "[1, 2]", "{\"a\": 1}", "{\"a\" :1}", "[ ]", "{}\n"] {
        assert!(matches!(compact(bad).unwrap_err().kind, JsonErrorKind::Syntax { .. }), "{bad}");
        assert!(check(bad.as_bytes(), &Rules::SIGNED).is_ok(), "{bad}");
    }
}

#[test]
fn errors_say_what_was_expected_and_where() {
    assert_eq!(fault(""), "expected a value, found the end of the text at line 1 column 1");
    assert_eq!(fault("{\"a\" 1}"), "expected `:`, found `1` at line 1 column 6");
    assert_eq!(fault("{\"a\":1,}"), "expected a member name in double quotes, found `}` at line 1 column 8, in /a");
    assert_eq!(fault("[1,]"), "expected a value, found `]` at line 1 column 4, in /1");
    assert_eq!(fault("[1}"), "expected `,` or `]`, found `}` at line 1 column 3, in /0");
    assert_eq!(fault("{} {}"), "expected the end of the text, found `{` at line 1 column 4");
    assert_eq!(fault("\u{FEFF}{}"), "expected JSON without a byte order mark, found U+FEFF at line 1 column 1");
    assert_eq!(fault("\"a\nb\""), "expected `\"` at the end of a string, found U+000A at line 1 column 3");
    assert_eq!(fault(r#""\ud800x""#), "expected a pair of surrogates, found a lone one, U+D800 at line 1 column 2");
    let bytes = check(b"{\"a\":\"\xFF\"}", &Rules::SIGNED).unwrap_err();
    assert_eq!((bytes.kind, bytes.column), (JsonErrorKind::Utf8, 7));
}

#[test]
fn a_value_of_another_type_is_pointed_at() {
    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read for its type")]
        n: u8,
    }
    let read = |text: &str| from_str::<std::collections::BTreeMap<String, Vec<Inner>>>(text, &Rules::SIGNED);
    assert!(read(r#"{"a":[{"n":1}]}"#).is_ok());
    let error = read("{\"a/b\":[{\"n\":1},\n{\"n\":\"x\"}]}").unwrap_err();
    assert_eq!(error.pointer, "/a~1b/1/n");
    assert_eq!(error.line, 2);
    assert!(error.to_string().starts_with("invalid type: string \"x\", expected u8 at line 2 column"), "{error}");
    let unknown = read(r#"{"a":[{"n":1,"m":2}]}"#).unwrap_err();
    assert_eq!(unknown.pointer, "/a/0/m");
}

#[test]
fn strings_of_every_length_are_looked_through_to_the_end() {
    for length in 0..100 {
        for at in 0..=length {
            for special in ["", "\"", "\\", "\\n", "\n", "\u{1f}", " ", "é"] {
                let text = format!("\"{}{special}{}\"", "x".repeat(at), "n".repeat(length - at));
                let other = serde_json::from_str::<String>(&text).is_ok();
                assert_eq!(check(text.as_bytes(), &Rules::SIGNED).is_ok(), other, "{text:?}");
            }
        }
    }
}

/// Texts that are JSON, or nearly.
fn nearly_json() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"\\ud83d\\ude00\"",
        "0",
        "-1",
        "1.5",
        "true",
        "null",
        " ",
        "\n",
        "\"é",
        "\"",
        "\\",
        "01",
    ]);
    prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
}

/// A JSON value as text, with random white space.
fn json_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|n| n.to_string()),
        ".{0,8}".prop_map(|s| serde_json::to_string(&s).unwrap()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(", "))),
            prop::collection::btree_map("[a-z\"/é]{0,3}", inner, 0..4).prop_map(|m| {
                let member = |(k, v): (&String, &String)| format!("{}:{v}", serde_json::to_string(k).unwrap());
                format!("{{{}}}", m.iter().map(member).collect::<Vec<_>>().join(",\n"))
            }),
        ]
    })
}

#[test]
fn plain_bytes_end_at_the_first_that_is_not() {
    for at in 0..20 {
        for special in (0..=255).filter(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            for around in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xff] {
                let text = [&vec![around; at][..], &[special], &[0; 9]].concat();
                assert_eq!(plain_bytes(&text), at, "{special:#x} behind {around:#x}");
            }
        }
    }
}

proptest! {
    #[test]
    fn plain_bytes_are_counted_as_one_by_one(text in prop::collection::vec(prop_oneof![any::<u8>(), 0x1eu8..0x24, 0x5au8..0x5f], 0..40)) {
        let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | 0..0x20);
        prop_assert_eq!(plain_bytes(&text), text.iter().take_while(is_plain).count());
    }

    #[test]
    fn what_passes_is_json_to_another_parser(text in nearly_json()) {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match check(text.as_bytes(), &Rules::SIGNED) {
            Ok(()) => prop_assert!(other.is_ok(), "{}", text),
            Err(JsonError { kind: JsonErrorKind::Syntax { .. }, .. }) => prop_assert!(other.is_err(), "{}", text),
            Err(_) => {}
        }
    }

    #[test]
    fn every_json_text_without_duplicates_passes(text in json_value()) {
        prop_assert_eq!(check(text.as_bytes(), &Rules::FILE), Ok(()));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = check(&bytes, &Rules::SIGNED);
    }
}
