use super::*;
use crate::envelope::json::Numbers;
use proptest::prelude::*;
use serde_json::Value;

const RULES: Rules = Rules { depth: 6, numbers: Numbers::Exact, null: false, space: true };

#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    list: Vec<Value>,
    #[serde(default)]
    pairs: Vec<Vec<u8>>,
    #[serde(default)]
    name: Option<String>,
}

fn document<R: Read + Send>(stream: &mut Stream<R>) -> Result<Document, StreamError> {
    let mut document = Document::default();
    stream.begin_object()?;
    while let Some(name) = stream.member()? {
        match name.as_str() {
            "list" => document.list = stream.list()?,
            "pairs" => {
                stream.begin_array()?;
                while stream.element()? {
                    document.pairs.push(stream.list()?);
                }
            }
            "name" => document.name = stream.value()?,
            _ => return Err(stream.wrong("unknown")),
        }
    }
    stream.end()?;
    Ok(document)
}

fn read(text: &[u8], chunk: usize) -> Result<Document, StreamError> {
    let mut stream = Stream::new(text, &RULES, text.len() as u64);
    stream.chunk = chunk;
    document(&mut stream)
}

fn fault(text: &str) -> String {
    read(text.as_bytes(), 3).unwrap_err().to_string()
}

#[test]
fn errors_say_where_in_the_whole_text() {
    let list = |elements: &str| format!("{{\n \"name\":\"é\",\n \"list\":[{elements}]}}");
    assert_eq!(fault(&list("1,\"é\",[1.5]")), expected(&list("1,\"é\",[1.5]")));
    assert_eq!(
        fault(&list("1,\"é\",[1.5]")),
        "expected an integer of at most 2^53-1 in magnitude, found `1.5` at line 3 column 17, in /list/2/0"
    );
    assert_eq!(fault(&list("1,{\"a\":1,\n\"a\":2}")), "duplicate member `a` at line 4 column 1, in /list/1");
    assert_eq!(
        fault("{\"pairs\":[[1,2],[3,\"x\"]]}"),
        "invalid type: string \"x\", expected u8 at line 1 column 22, in /pairs/1/1"
    );
    assert_eq!(fault("{\"list\":{}}"), "invalid type: map, expected a sequence at line 1 column 9, in /list");
    assert_eq!(fault("[]"), "invalid type: sequence, expected a map at line 1 column 1");
    assert_eq!(fault("{\"name\":\"a\",\"name\":\"b\"}"), "duplicate member `name` at line 1 column 13");
    assert_eq!(fault("{\"other\":1}"), "unknown at line 1 column 10, in /other");
}

fn expected(text: &str) -> String {
    crate::envelope::json::from_str::<Document>(text, &RULES).unwrap_err().to_string()
}

#[test]
fn a_text_longer_than_the_limit_is_read_to_the_limit_only() {
    let text = "{\"list\":[1,2,3]}";
    let mut stream = Stream::new(text.as_bytes(), &RULES, 10);
    assert!(matches!(document(&mut stream), Err(StreamError::Long(10))));
    assert_eq!(read(text.as_bytes(), 1 << 20).unwrap().list.len(), 3);
}

/// The same bytes over and over, counted.
struct Endless {
    begin: &'static [u8],
    then: u8,
    given: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer.fill(self.then);
        for (to, from) in buffer.iter_mut().zip(self.begin) {
            *to = *from;
        }
        self.begin = self.begin.get(buffer.len()..).unwrap_or_default();
        self.given += buffer.len() as u64;
        Ok(buffer.len())
    }
}

#[test]
fn texts_without_end_are_given_up_at_the_longest_piece_and_white_space_is_not_held() {
    let most = 1 << 40;
    for (begin, then) in
        [("{\"name\":\"", b'x'), ("{\"list\":[1,[", b','), ("{\"list\":[1,2", b' '), ("{\"list\":[", b'9')]
    {
        let mut stream = Stream::new(Endless { begin: begin.as_bytes(), then, given: 0 }, &RULES, most);
        stream.longest = 4 * CHUNK;
        assert!(matches!(document(&mut stream), Err(StreamError::Json(_))), "{begin}");
        assert!(stream.source.given <= 6 * CHUNK as u64, "{begin}");
    }
    for begin in ["", "{", "{\"list\":", "{\"list\":[", "{\"list\":[1]"] {
        let source = Endless { begin: begin.as_bytes(), then: b' ', given: 0 };
        let mut stream = Stream::new(source, &RULES, 20 << 20);
        assert!(matches!(document(&mut stream), Err(StreamError::Long(_))), "{begin}");
        assert!(stream.text.capacity() <= 4 * CHUNK, "{begin}: {}", stream.text.capacity());
    }
    for nesting in ["[", "{\"list\":[[", "{\"list\":[{\"a\":["] {
        let source = Endless { begin: nesting.as_bytes(), then: b'[', given: 0 };
        assert!(matches!(document(&mut Stream::new(source, &RULES, most)), Err(StreamError::Json(_))), "{nesting}");
    }
}

#[test]
fn long_lists_come_whole_whatever_lies_at_the_end_of_a_chunk() {
    let strings: Vec<String> = (0..200).map(|n| format!("{}é\\\"\n{n}", "x".repeat(n))).collect();
    let text = serde_json::to_string(&serde_json::json!({ "list": strings, "pairs": [[1], [], [2, 3]] })).unwrap();
    let whole: Document = serde_json::from_str(&text).unwrap();
    for chunk in [1, 2, 3, 5, 17, 100, 1000, 1 << 20] {
        assert_eq!(read(text.as_bytes(), chunk).unwrap(), whole, "{chunk}");
    }
}

/// Texts that are a document, or nearly.
fn nearly() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "[[",
        "]]",
        ",",
        ",",
        ":",
        "\"list\":[",
        "\"list\"",
        "\"pairs\":[[1],[",
        "\"name\":",
        "\"x\"",
        "\"é\\\"",
        "\"",
        "\\",
        "0",
        "1",
        "1.5",
        "{\"a\":1,\"a\":2}",
        "{\"a\":[1]}",
        "null",
        " ",
        "\n",
        "true",
        "\u{FEFF}",
    ]);
    prop::collection::vec(token, 0..10).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn a_stream_takes_what_the_whole_takes_and_faults_are_in_the_same_place(inner in nearly(), begun in any::<bool>(), chunk in 1_usize..9) {
        let text = if begun { format!("{{\"list\":[{inner}]}}") } else { inner };
        let whole = crate::envelope::json::from_str::<Document>(&text, &RULES);
        match (read(text.as_bytes(), chunk), whole) {
            (Ok(read), Ok(whole)) => prop_assert_eq!(read, whole),
            (Err(StreamError::Json(read)), Err(whole)) => {
                let is_shape = |error: &JsonError| matches!(error.kind, JsonErrorKind::Shape(_));
                if !is_shape(&read) && !is_shape(&whole) {
                    let place = |error: &JsonError| (error.line, error.column, error.pointer.clone());
                    prop_assert_eq!(place(&read), place(&whole), "{}: {} {}", text, read, whole);
                }
            }
            (read, whole) => prop_assert!(false, "{}: {:?} {:?}", text, read, whole),
        }
    }
}
