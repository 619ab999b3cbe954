//! C2SP tlog-cosignature v1: a witness's word that it saw this checkpoint as the log's latest at this time (Ed25519,
//! type 0x04).
//!
//! In scope: the signed message and its signature line. Not in scope: ML-DSA-44 cosignatures (0x06), whose lines are
//! kept and not counted; the consistency a witness checks before it signs; how many are enough (`policy`).

use super::checkpoint::VerifiedCheckpoint;
use super::note::{NoteError, NoteSignature, is_kind};
use super::vkey::{DynSigner, KeyKind, VerifierKey};
use crate::value::{Signature, Time};

/// Why a cosignature is none, or could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The key is of another type, or its line does not verify, or the signer failed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not 8 bytes of time and 64 of signature.
    #[error("expected a cosignature of 72 bytes by `{name}`, found {found}")]
    Length {
        /// The witness.
        name: String,
        /// How many bytes there are.
        found: usize,
    },
    /// A time before 1970 or after the year 9999.
    #[error("expected a cosignature time from 1970 to 9999 by `{name}`, found {found} seconds after 1970")]
    Time {
        /// The witness.
        name: String,
        /// Seconds since 1970-01-01T00:00:00Z.
        found: i128,
    },
}

/// A verified cosignature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cosignature {
    /// The witness's key.
    pub key: VerifierKey,
    /// When it signed, by its own clock.
    pub time: Time,
}

/// What a witness signs: two lines before the text of the checkpoint.
fn message(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn check_line(text: &str, line: &NoteSignature, key: &VerifierKey) -> Result<Cosignature, CosignatureError> {
    let name = || key.name().to_string();
    let length = || CosignatureError::Length { name: name(), found: line.signature.len() };
    let (time, signature) = line.signature.split_first_chunk::<8>().ok_or_else(length)?;
    let signature = Signature(signature.try_into().map_err(|_| length())?);
    let seconds = u64::from_be_bytes(*time);
    let out_of_range = || CosignatureError::Time { name: name(), found: i128::from(seconds) };
    let time = i64::try_from(seconds).ok().and_then(Time::from_unix).ok_or_else(out_of_range)?;
    if !key.public_key().verify(message(seconds, text).as_bytes(), &signature) {
        return Err(NoteError::Invalid { name: name(), hash: key.hash() }.into());
    }
    Ok(Cosignature { key: key.clone(), time })
}

/// Checks the cosignatures of the given witnesses, in the order of the lines; witnesses that did not sign are absent
/// from the answer, lines of others are passed over.
///
/// Does not establish that the witnesses are independent of the log, nor that their clocks are right. A witness may
/// have signed more than once; the earliest time is the strongest statement.
///
/// # Errors
/// A key that is not of type 0x04, or a line of a given witness that does not verify: as C2SP signed-note recommends,
/// that spoils the whole note.
pub fn check_cosignatures<'a>(
    checkpoint: &VerifiedCheckpoint,
    witnesses: impl IntoIterator<Item = &'a VerifierKey>,
) -> Result<Vec<Cosignature>, CosignatureError> {
    let witnesses: Vec<&VerifierKey> = witnesses.into_iter().collect();
    witnesses.iter().try_for_each(|key| is_kind(key, KeyKind::Cosignature))?;
    let text = checkpoint.checkpoint().to_string();
    let of_known = |line| witnesses.iter().find(|key| NoteSignature::is_by(line, key)).map(|key| (line, *key));
    let lines = checkpoint.note().signatures().iter().filter_map(of_known);
    lines.map(|(line, key)| check_line(&text, line, key)).collect()
}

impl VerifiedCheckpoint {
    /// Adds a cosignature, in place of an earlier one by the same key.
    ///
    /// Does not check consistency with what the witness signed before: that is for who calls this.
    ///
    /// # Errors
    /// The key is not of type 0x04, the time is before 1970, or the signer does not hold the key's private half.
    pub fn cosign(mut self, key: &VerifierKey, time: Time, signer: &DynSigner<'_>) -> Result<Self, CosignatureError> {
        is_kind(key, KeyKind::Cosignature)?;
        let name = || key.name().to_string();
        let early = |_| CosignatureError::Time { name: name(), found: time.unix().into() };
        let seconds = u64::try_from(time.unix()).map_err(early)?;
        let message = message(seconds, &self.checkpoint().to_string());
        let signature = key.sign(message.as_bytes(), signer).ok_or_else(|| NoteError::Signer(name()))?;
        let signature = [seconds.to_be_bytes().as_slice(), &signature.0].concat();
        self.add_line(NoteSignature { name: key.name().clone(), hash: key.hash(), signature })?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::SignedCheckpoint;
    use super::super::checkpoint::tests::signed;
    use super::super::vkey::tests::pair;
    use super::*;

    fn time() -> Time {
        Time::from_unix(1_679_315_147).unwrap()
    }

    fn cosigned() -> (VerifiedCheckpoint, VerifierKey) {
        let (witness, signer) = pair("witness.example.com/w1", KeyKind::Cosignature, 9);
        (signed(5).cosign(&witness, time(), &signer).unwrap(), witness)
    }

    #[test]
    fn message_is_that_of_the_specification() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let expected = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        assert_eq!(message(1_679_315_147, text), expected);
    }

    #[test]
    fn line_of_the_specification_holds_time_and_signature() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
            — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let checkpoint = SignedCheckpoint::parse(text.as_bytes()).unwrap();
        assert_eq!(checkpoint.to_string(), text);
        let line = &checkpoint.note().signatures()[1].signature;
        assert_eq!((line.len(), &line[..8]), (72, 1_679_315_147u64.to_be_bytes().as_slice()));
    }

    #[test]
    fn cosignature_is_read_back_with_its_time() {
        let (checkpoint, witness) = cosigned();
        let read = SignedCheckpoint::parse(checkpoint.to_string().as_bytes()).unwrap();
        let read = read.verify(signed(5).key()).unwrap();
        let expected = Cosignature { key: witness.clone(), time: time() };
        assert_eq!(check_cosignatures(&read, [&witness]), Ok(vec![expected]));
        assert_eq!(check_cosignatures(&read, []), Ok(vec![]));
        assert_eq!(check_cosignatures(&signed(5), [&witness]), Ok(vec![]));
    }

    #[test]
    fn later_cosignature_replaces_the_earlier_of_the_same_witness() {
        let (checkpoint, witness) = cosigned();
        let (_, signer) = pair("witness.example.com/w1", KeyKind::Cosignature, 9);
        let again = checkpoint.cosign(&witness, time().plus(60), &signer).unwrap();
        let found = check_cosignatures(&again, [&witness]).unwrap();
        assert_eq!(found.iter().map(|c| c.time).collect::<Vec<_>>(), [time().plus(60)]);
    }

    #[test]
    fn no_changed_byte_of_a_known_cosignature_verifies() {
        let (checkpoint, witness) = cosigned();
        let line = checkpoint.note().signatures()[1].clone();
        for at in 0..line.signature.len() {
            let mut bad = line.clone();
            bad.signature[at] ^= 1;
            let mut spoilt = checkpoint.clone();
            spoilt.add_line(bad).unwrap();
            assert!(check_cosignatures(&spoilt, [&witness]).is_err(), "byte {at}");
        }
        let mut short = checkpoint.clone();
        short.add_line(NoteSignature { signature: vec![0; 71], ..line }).unwrap();
        let error = check_cosignatures(&short, [&witness]).unwrap_err().to_string();
        assert_eq!(error, "expected a cosignature of 72 bytes by `witness.example.com/w1`, found 71");
    }

    #[test]
    fn cosignature_of_another_checkpoint_does_not_count() {
        let (checkpoint, witness) = cosigned();
        let mut other = signed(6);
        other.add_line(checkpoint.note().signatures()[1].clone()).unwrap();
        assert!(check_cosignatures(&other, [&witness]).is_err());
    }

    #[test]
    fn log_keys_do_not_cosign_and_witness_keys_do_not_sign_before_1970() {
        let (log, log_signer) = pair("a", KeyKind::Note, 1);
        assert!(signed(5).cosign(&log, time(), &log_signer).is_err());
        assert!(check_cosignatures(&signed(5), [&log]).is_err());
        let (witness, signer) = pair("a", KeyKind::Cosignature, 1);
        assert!(signed(5).cosign(&witness, Time::MIN, &signer).is_err());
        assert!(signed(5).cosign(&witness, time(), &log_signer).is_ok(), "the same key under another type");
        let (_, stranger) = pair("a", KeyKind::Cosignature, 2);
        assert!(signed(5).cosign(&witness, time(), &stranger).is_err());
        assert!(signed(5).cosign(&witness, time(), &signer).is_ok());
    }
}
