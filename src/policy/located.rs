//! Where in a TOML file something stands, for files that are read strictly.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column of a byte, each from 1, the column in characters.
#[must_use]
pub fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (line, column)
}

/// The byte at which the value of a path begins; of as much of the path as there is.
#[must_use]
pub fn locate(text: &str, path: &[String]) -> usize {
    let Ok(table) = DeTable::parse(text) else { return 0 };
    let mut at = table.span().start;
    let Some((first, rest)) = path.split_first() else { return at };
    let Some(mut value) = member(table.get_ref(), first) else { return at };
    at = value.span().start;
    for name in rest {
        let inner = match value.get_ref() {
            DeValue::Table(table) => member(table, name),
            DeValue::Array(items) => name.parse::<usize>().ok().and_then(|number| items.get(number)),
            _ => None,
        };
        let Some(inner) = inner else { break };
        value = inner;
        at = value.span().start;
    }
    at
}

fn member<'a, 'b>(table: &'a DeTable<'b>, name: &str) -> Option<&'a Spanned<DeValue<'b>>> {
    table.iter().find(|(known, _)| known.get_ref() == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_and_as_much_of_a_path_as_there_is() {
        let text = "a = 1\n[[b]]\nc = \"é\"\nd = [1, 22]\n";
        let at = |path: &[&str]| {
            position(text, locate(text, &path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()))
        };
        assert_eq!(at(&["a"]), (1, 5));
        assert_eq!(at(&["b", "0", "d", "1"]), (4, 9));
        assert_eq!(at(&["b", "0", "missing"]), at(&["b", "0"]));
        assert_eq!(locate("not = toml = at all", &["a".to_owned()]), 0);
    }
}
