//! Where passphrases come from: a file, the environment, or a person at the terminal.

use super::context::Context;
use super::error::Failure;
use crate::keys::{Ask, Passphrase, PassphraseSource};
use std::io::IsTerminal as _;
use std::path::Path;

/// The environment variable with the passphrase.
const VARIABLE: &str = "ORETRAIL_PASSPHRASE";

/// The source for keys that exist. A person is asked only when a key turns out to be encrypted.
pub(crate) fn source(context: &Context) -> Result<PassphraseSource<'static>, Failure> {
    if let Some(file) = &context.global.passphrase_file {
        return Ok(PassphraseSource::File(file.clone()));
    }
    if let Some(text) = std::env::var_os(VARIABLE) {
        let text = text.into_string().map_err(|_| Failure::usage(format_args!("expected text in {VARIABLE}")))?;
        return Ok(PassphraseSource::Given(Passphrase::new(text)?));
    }
    if at_terminal() {
        return Ok(PassphraseSource::Prompt(&prompt));
    }
    Ok(PassphraseSource::None)
}

/// Whether a person can be asked.
pub(crate) fn at_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The source for a new key; without any, the person must have said that the key shall lie open.
pub(crate) fn source_for_new(context: &Context, no_passphrase: bool) -> Result<PassphraseSource<'static>, Failure> {
    if no_passphrase {
        return Ok(PassphraseSource::None);
    }
    match source(context)? {
        PassphraseSource::None => Err(Failure::usage("expected a passphrase for the new key, found none")
            .hint(format_args!("set {VARIABLE}, say `--passphrase-file FILE`, or run at a terminal to be asked"))
            .hint("`--no-passphrase` leaves the key readable by whoever gets hold of the file")),
        source => Ok(source),
    }
}

fn prompt(key: &Path, ask: Ask) -> std::io::Result<String> {
    let name = key.file_stem().unwrap_or_default().to_string_lossy();
    match ask {
        Ask::Existing => rpassword::prompt_password(format!("Passphrase of key {name}: ")),
        Ask::New => {
            let first = rpassword::prompt_password(format!("New passphrase for key {name}: "))?;
            let second = rpassword::prompt_password("The same once more: ")?;
            if first == second { Ok(first) } else { Err(std::io::Error::other("the two passphrases differ")) }
        }
    }
}
