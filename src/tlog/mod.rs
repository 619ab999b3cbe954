//! The ledger's tree as C2SP specifies transparency logs: entries, Merkle hashes and proofs, signed tree heads.
//!
//! | file | what | specification |
//! |---|---|---|
//! | [`entry`] | the text of a leaf, with the BLAKE3 link inside it | `schemas/FORMAT.md` |
//! | [`tree`] | leaf and node hashes, coordinates, the growing edge | RFC 6962 section 2.1 |
//! | [`proof`] | inclusion of a leaf, consistency of two sizes | RFC 6962 sections 2.1.1, 2.1.2 |
//! | [`nodes`] | one minimal node set for many leaves and sizes | `schemas/FORMAT.md` |
//! | [`tile`], [`entry_bundle`] | how hashes and entries are cut into files | C2SP tlog-tiles |
//! | [`vkey`], [`note`] | named keys, signed texts | C2SP signed-note |
//! | [`checkpoint`] | the log's signed tree head | C2SP tlog-checkpoint |
//! | [`cosignature`] | a witness's word on a checkpoint | C2SP tlog-cosignature |
//! | [`policy`] | known logs, known witnesses, quorum | C2SP tlog-policy |
//! | [`tlog_proof`] | one entry's proof as a file | C2SP tlog-proof |
//!
//! Pure: bytes and hashes in, bytes and verdicts out. `Signed…` is unverified and becomes `Verified…` by move, against a
//! key the caller names. Not in scope: storing and publishing (`ledger`), passing on (`bundle`), which key belongs to
//! which log at which size (`verify`), what the JWT inside an entry says (`envelope`).
//!
//! Two structures bind the entries, and cannot tell different stories: each entry holds the BLAKE3 of the one before it,
//! and the tree holds each entry with that link in it.
//!
//! # Example
//!
//! A ledger of three entries, a proof file of the second, and what its reader does with it:
//!
//! ```
//! use oretrail::tlog::checkpoint::Checkpoint;
//! use oretrail::tlog::entry::{self, Entry, EntryRef};
//! use oretrail::tlog::proof::prove_inclusion;
//! use oretrail::tlog::tlog_proof::TlogProof;
//! use oretrail::tlog::tree::{MemoryTree, leaf_hash};
//! use oretrail::tlog::vkey::{KeyKind, VerifierKey};
//! use oretrail::value::{LedgerId, PublicKey};
//!
//! let signing = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
//! let key = VerifierKey::new("mine.example/log".parse()?, KeyKind::Note, PublicKey::from(&signing));
//! let ledger = LedgerId::derive("mine.example/log", &key.to_string());
//!
//! // The operator appends: each entry links to the one before it, the first to the ledger id.
//! let mut tree = MemoryTree::new();
//! let mut entries = Vec::new();
//! let mut prev = entry::first_prev(ledger);
//! for jwt in ["e30.e30.AA", "e30.e30.BB", "e30.e30.CC"] {
//!     let bytes = Entry { prev, recorded_at: "2026-11-03T08:00:00Z".parse()?, jwt: jwt.to_owned() }.format()?;
//!     prev = entry::link(&bytes);
//!     tree.append(leaf_hash(&bytes));
//!     entries.push(bytes);
//! }
//! let checkpoint = Checkpoint::new("mine.example/log", tree.size(), tree.root())?.sign(&key, &signing)?;
//! let path = prove_inclusion(&tree, 1, 3)?;
//! let file = TlogProof::new(1, path, checkpoint.signed().clone(), None)?.to_string();
//! assert!(file.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"));
//!
//! // The reader has the entry, the file, and knows the log's key.
//! let vkey = key.to_string();
//! let verified = TlogProof::parse(file.as_bytes())?.verify(&leaf_hash(&entries[1]), &vkey.parse()?)?;
//! assert_eq!(verified.checkpoint().size(), 3);
//! assert_eq!(EntryRef::parse(&entries[1])?.prev, entry::link(&entries[0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod checkpoint;
pub mod cosignature;
pub mod entry;
pub mod entry_bundle;
pub mod nodes;
pub mod note;
pub mod policy;
pub mod proof;
pub mod tile;
pub mod tlog_proof;
pub mod tree;
pub mod vkey;
