//! Private keys as PKCS#8 version 1 PEM (RFC 5958, RFC 8410), encrypted by PBES2 (RFC 8018) under a passphrase.
//!
//! Version 1, without the public key, because OpenSSL 3.0 cannot read version 2. scrypt (RFC 7914) and AES-256-CBC, because
//! `openssl pkey` reads them; the cost stays below the 32 MiB that OpenSSL allows scrypt.

use super::KeyError;
use super::passphrase::Passphrase;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::der::SecretDocument;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::scrypt;
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef};
use std::path::Path;
use zeroize::Zeroizing;

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// The longest key file in bytes; ours have 119 and about 410.
pub(super) const MAX_PEM_BYTES: u64 = 16 * 1024;

/// How much work it is to try a passphrase: the parameters of scrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    log_n: u8,
    parallelization: u32,
}

impl Cost {
    /// N = 2¹⁴, r = 8, p = 5, one of the settings that OWASP's Password Storage Cheat Sheet recommends: 16 MiB, about 0.2 s.
    pub const STRONG: Self = Self { log_n: 14, parallelization: 5 };
    /// N = 2⁴, r = 8, p = 1: no protection to speak of, for tests and demonstrations.
    pub const LOW: Self = Self { log_n: 4, parallelization: 1 };
}

impl Default for Cost {
    fn default() -> Self {
        Self::STRONG
    }
}

/// Encodes a key; without a passphrase, in clear.
pub(super) fn encode(
    key: &SigningKey,
    passphrase: Option<&Passphrase>,
    cost: Cost,
) -> Result<Zeroizing<String>, KeyError> {
    let bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let plain = bytes.to_pkcs8_der().map_err(KeyError::Encode)?;
    let (document, label) = match passphrase {
        Some(passphrase) => (encrypt(&plain, passphrase, cost)?, ENCRYPTED),
        None => (plain, PLAIN),
    };
    document.to_pem(label, LineEnding::LF).map_err(|error| KeyError::Encode(error.into()))
}

fn encrypt(plain: &SecretDocument, passphrase: &Passphrase, cost: Cost) -> Result<SecretDocument, KeyError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    getrandom::fill(&mut salt).map_err(KeyError::NoRandomness)?;
    getrandom::fill(&mut iv).map_err(KeyError::NoRandomness)?;
    let invalid = || KeyError::Encode(pkcs8::Error::ParametersMalformed);
    let scrypt = scrypt::Params::new(cost.log_n, 8, cost.parallelization).map_err(|_| invalid())?;
    let parameters = Parameters::generate_scrypt_aes256cbc(scrypt, &salt, iv).map_err(|_| invalid())?;
    let info = PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(KeyError::Encode)?;
    info.encrypt_with_params(parameters, passphrase.as_bytes()).map_err(KeyError::Encode)
}

/// Decodes a key file; `passphrase` is called only if it is encrypted.
pub(super) fn decode(
    path: &Path,
    pem: &[u8],
    passphrase: impl FnOnce() -> Result<Option<Passphrase>, KeyError>,
) -> Result<SigningKey, KeyError> {
    let not_a_key = |found: String| KeyError::NotAKey { path: path.to_owned(), found };
    let text = std::str::from_utf8(pem).map_err(|_| not_a_key("bytes that are no text".to_owned()))?;
    let (label, document) = SecretDocument::from_pem(text).map_err(|error| not_a_key(format!("no PEM ({error})")))?;
    let plain = match label {
        PLAIN => document,
        ENCRYPTED => {
            let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
                .map_err(|error| not_a_key(format!("another structure ({error})")))?;
            check_cost(&info.encryption_algorithm).map_err(not_a_key)?;
            let passphrase = passphrase()?.ok_or_else(|| KeyError::PassphraseMissing(path.to_owned()))?;
            // Without a checksum in PBES2, a wrong passphrase shows as bad padding or as no DER.
            info.decrypt(passphrase.as_bytes()).map_err(|_| KeyError::PassphraseWrong(path.to_owned()))?
        }
        other => return Err(not_a_key(format!("a `{}`", other.chars().take(40).collect::<String>()))),
    };
    SigningKey::from_pkcs8_der(plain.as_bytes()).map_err(|error| match label {
        PLAIN => not_a_key(format!("another kind of key ({error})")),
        _ => KeyError::PassphraseWrong(path.to_owned()),
    })
}

/// Whether the file on disk is encrypted, by its label.
pub(super) fn is_encrypted(pem: &[u8]) -> bool {
    pem.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
}

/// Refuses schemes that are weak, unknown, or would take more than 256 MiB of memory to try.
fn check_cost(scheme: &EncryptionScheme) -> Result<(), String> {
    let EncryptionScheme::Pbes2(parameters) = scheme else {
        return Err("an encryption by PBES1, which is broken".to_owned());
    };
    match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            let (n, r, p) = (scrypt.cost_parameter, u64::from(scrypt.block_size), u64::from(scrypt.parallelization));
            let memory = n.checked_mul(r * 128);
            let fine = memory.is_some_and(|bytes| bytes <= 256 << 20) && p <= 64;
            if fine { Ok(()) } else { Err("scrypt parameters that take more than 256 MiB or 64 rounds".to_owned()) }
        }
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count <= 100_000_000 => Ok(()),
        _ => Err("an unknown or excessive key derivation".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[0x42; 32])
    }

    fn word(text: &str) -> Option<Passphrase> {
        Some(Passphrase::new(text.to_owned()).unwrap())
    }

    fn read(pem: &str, passphrase: Option<Passphrase>) -> Result<SigningKey, KeyError> {
        decode(Path::new("k.pem"), pem.as_bytes(), || Ok(passphrase))
    }

    #[test]
    fn keys_come_back_with_their_passphrase_only() {
        let plain = encode(&key(), None, Cost::LOW).unwrap();
        assert!(!is_encrypted(plain.as_bytes()));
        assert_eq!(read(&plain, None).unwrap(), key());
        let secret = encode(&key(), word("sésame").as_ref(), Cost::LOW).unwrap();
        assert!(is_encrypted(secret.as_bytes()));
        assert_eq!(read(&secret, word("sésame")).unwrap(), key());
        assert!(matches!(read(&secret, None), Err(KeyError::PassphraseMissing(_))));
        for n in 0..20 {
            assert!(matches!(read(&secret, word(&format!("wrong{n}"))), Err(KeyError::PassphraseWrong(_))));
        }
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        let plain = encode(&key(), None, Cost::LOW).unwrap();
        let refused = |text: &str| read(text, None).unwrap_err().to_string();
        assert!(refused("hello").contains("found no PEM"), "{}", refused("hello"));
        assert!(refused(&plain.replace("PRIVATE", "PUBLIC")).ends_with("found a `PUBLIC KEY`"));
        let x25519 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC\n-----END PRIVATE KEY-----\n";
        assert!(refused(x25519).contains("another kind of key"), "{}", refused(x25519));
        assert!(read("\u{0}", None).is_err());
    }

    #[test]
    fn plain_form_is_pkcs8_version_1() {
        let plain = encode(&key(), None, Cost::LOW).unwrap();
        let (_, document) = SecretDocument::from_pem(&plain).unwrap();
        // RFC 8410 section 7: SEQUENCE { version 0, SEQUENCE { id-Ed25519 }, OCTET STRING { OCTET STRING } }.
        let head = hex::decode("302e020100300506032b657004220420").unwrap();
        assert_eq!(document.as_bytes(), [head, vec![0x42; 32]].concat());
    }

    #[test]
    fn costs_without_measure_are_refused_before_they_are_paid() {
        let scheme = |log_n, p| -> EncryptionScheme {
            let scrypt = scrypt::Params::new(log_n, 8, p).unwrap();
            Parameters::generate_scrypt_aes256cbc(scrypt, &[0; 16], [0; 16]).unwrap().into()
        };
        assert!(check_cost(&scheme(18, 1)).is_ok());
        assert!(check_cost(&scheme(19, 1)).is_err());
        assert!(check_cost(&scheme(14, 65)).is_err());
    }

    /// What `openssl pkey` says the public key is; `None` where there is no openssl.
    fn openssl(pem: &str, arguments: &[&str]) -> Option<Vec<u8>> {
        let mut command = Command::new("openssl");
        command.args(["pkey", "-pubout", "-outform", "DER"]).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        child.stdin.take().unwrap().write_all(pem.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        Some(output.stdout)
    }

    #[test]
    fn openssl_reads_both_forms() {
        let public = key().verifying_key().to_bytes();
        let plain = encode(&key(), None, Cost::STRONG).unwrap();
        let secret = encode(&key(), word("open").as_ref(), Cost::STRONG).unwrap();
        assert_eq!(read(&secret, word("open")).unwrap(), key());
        for (pem, arguments) in [(&plain, &[][..]), (&secret, &["-passin", "pass:open"][..])] {
            if let Some(spki) = openssl(pem, arguments) {
                assert!(spki.ends_with(&public));
            }
        }
        // PBES2 (1.2.840.113549.1.5.13), scrypt (1.3.6.1.4.1.11591.4.11), AES-256-CBC (2.16.840.1.101.3.4.1.42), by their DER.
        let (_, document) = SecretDocument::from_pem(&secret).unwrap();
        for oid in ["06092a864886f70d01050d", "06092b06010401da47040b", "060960864801650304012a"] {
            let oid = hex::decode(oid).unwrap();
            assert!(document.as_bytes().windows(oid.len()).any(|window| window == oid));
        }
    }

    #[test]
    fn keys_of_openssl_are_read() {
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:open"])
            .stderr(Stdio::null())
            .output();
        let Ok(output) = made else { return };
        let pem = String::from_utf8(output.stdout).unwrap();
        let spki = openssl(&pem, &["-passin", "pass:open"]).unwrap();
        let key = read(&pem, word("open")).unwrap();
        assert!(spki.ends_with(&key.verifying_key().to_bytes()));
    }
}
