//! The project's own source text, for tests about it.
#![allow(dead_code, reason = "each test program uses a part")]

use std::path::{Path, PathBuf};

/// One file of source text.
pub struct SourceFile {
    path: String,
    text: String,
    is_test: bool,
}

/// Every Rust file below `src`, in the order of paths.
pub fn files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let relative = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(SourceFile::new(&relative, &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let tests: Vec<Vec<String>> = found.iter().flat_map(SourceFile::test_modules).collect();
    for file in &mut found {
        let parts = file.parts();
        file.is_test = tests.iter().any(|test| parts.starts_with(test));
    }
    found
}

impl SourceFile {
    /// A file of this text.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), is_test: false }
    }

    /// Path below the project's folder.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The top-level module it belongs to; none for `lib.rs` and `main.rs`.
    pub fn module(&self) -> Option<String> {
        let parts = self.parts();
        parts.first().filter(|name| !matches!(name.as_str(), "lib" | "main")).cloned()
    }

    /// The path of the module: `src/a/b.rs` is `a`, `b`.
    fn parts(&self) -> Vec<String> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/').filter(|part| !["mod", "lib"].contains(part)).map(str::to_owned).collect()
    }

    /// Modules in files of their own that are declared under `#[cfg(test)]`.
    fn test_modules(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut after_attribute = false;
        for line in self.text.lines().map(str::trim) {
            if after_attribute && let Some(name) = line.strip_suffix(';').and_then(|l| l.rsplit_once("mod ")) {
                let mut parts = self.parts();
                parts.push(name.1.to_owned());
                found.push(parts);
            }
            after_attribute = line == "#[cfg(test)]" || (after_attribute && line.starts_with("#["));
        }
        found
    }

    /// Whether the whole file is test code.
    pub fn is_test(&self) -> bool {
        self.is_test
    }

    /// Lines (numbered from 1) that are not test code, as they stand.
    pub fn lines(&self) -> Vec<(usize, &str)> {
        if self.is_test {
            return Vec::new();
        }
        let mut kept = Vec::new();
        // The indentation of the test item being skipped, once its attribute was seen.
        let mut skipping: Option<usize> = None;
        for (number, line) in self.text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if let Some(item) = skipping {
                let ends = line.trim_end().ends_with('}') || line.trim_end().ends_with(';');
                if indent == item && ends && !line.trim_start().starts_with("#[") {
                    skipping = None;
                }
            } else if line.trim() == "#[cfg(test)]" {
                skipping = Some(indent);
            } else {
                kept.push((number + 1, line));
            }
        }
        kept
    }

    /// As [`Self::lines`], without comments.
    pub fn production(&self) -> Vec<(usize, &str)> {
        let code = |line: &'_ str| line.find("//").filter(|at| !line[..*at].ends_with(':'));
        self.lines().into_iter().map(|(number, line)| (number, code(line).map_or(line, |at| &line[..at]))).collect()
    }

    /// Top-level modules it uses, each with the line.
    pub fn uses(&self) -> Vec<(usize, String)> {
        let depth = self.parts().len();
        let mut found = Vec::new();
        let lines = self.production();
        for (at, (number, line)) in lines.iter().enumerate() {
            let up = "super::".repeat(depth.max(1));
            for root in ["crate::", up.as_str()] {
                for (start, _) in line.match_indices(root) {
                    let before = line[..start].chars().next_back();
                    if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || (c == ':' && root != "crate::")) {
                        continue;
                    }
                    let rest = &line[start + root.len()..];
                    if rest.starts_with('{') {
                        let following: Vec<&str> = lines[at + 1..].iter().map(|(_, line)| *line).collect();
                        found.extend(group(&format!("{rest}\n{}", following.join("\n"))).map(|name| (*number, name)));
                    } else {
                        found.push((*number, name(rest)));
                    }
                }
            }
        }
        found.retain(|(_, name)| !name.is_empty() && name != "super");
        found
    }
}

/// The identifier at the beginning of a text.
fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of a braced group `{a::b, c::{d, e}}`.
fn group(text: &str) -> impl Iterator<Item = String> {
    let mut depth = 0;
    let mut first = true;
    let mut names = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => first = true,
            c if depth == 1 && first && c.is_alphabetic() => {
                names.push(name(&text[at..]));
                first = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.into_iter()
}
