//! Who gives the evidence: an exporter in a file, under a manifest, or a ledger at hand.

use super::manifest::Manifest;
use crate::value::{Blake3, EventId, LedgerId, LotId, PartyId, Time};

/// Where evidence comes from, and what it is about.
#[derive(Debug, Clone)]
pub(super) enum Given {
    /// A file, which its manifest binds.
    ByExporter {
        /// The manifest.
        manifest: Box<Manifest>,
        /// BLAKE3 of the file.
        blake3: Blake3,
    },
    /// A ledger that the verifier has all of, so that nobody need have signed what was gathered from it.
    ByLedger {
        /// The ledger.
        ledger: LedgerId,
        /// The lot.
        subject: LotId,
        /// When its last entry was recorded: nothing shows it to be later.
        until: Time,
    },
}

impl Given {
    /// The lot whose lineage it is.
    pub(super) const fn subject(&self) -> LotId {
        match self {
            Self::ByExporter { manifest, .. } => manifest.subject,
            Self::ByLedger { subject, .. } => *subject,
        }
    }

    /// The moment at which the checkpoints were shown.
    pub(super) const fn shown(&self) -> Time {
        match self {
            Self::ByExporter { manifest, .. } => manifest.created,
            Self::ByLedger { until, .. } => *until,
        }
    }

    /// What an exporter put its name to.
    pub(super) const fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::ByExporter { manifest, .. } => Some(manifest),
            Self::ByLedger { .. } => None,
        }
    }

    /// Events declared to be left out.
    pub(super) fn holes(&self) -> &[EventId] {
        self.manifest().map_or(&[], |manifest| &manifest.holes)
    }

    /// The exporter and the recipient.
    pub(super) fn parties(&self) -> impl Iterator<Item = PartyId> {
        self.manifest().into_iter().flat_map(|manifest| [Some(manifest.by), manifest.recipient]).flatten()
    }

    /// Whether the verifier has all of this ledger, and so knows itself what it records.
    pub(super) fn is_all_of(&self, ledger: LedgerId) -> bool {
        matches!(self, Self::ByLedger { ledger: at_hand, .. } if *at_hand == ledger)
    }
}
