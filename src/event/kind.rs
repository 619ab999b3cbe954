//! The kinds of events.

use crate::value::closed_enum::closed_enum;

closed_enum!(
    /// What an event is.
    Kind, "an event kind", {
        Party = "party", "registers a party with its key";
        Key = "key", "adds, scopes, rotates or revokes a key";
        Facility = "facility", "registers a facility";
        Ledger = "ledger", "binds a log key to a ledger's operator";
        Accredit = "accredit", "vouches for a party, facility or lot";
        Assay = "assay", "states what a laboratory or scale found in a lot";
        Summary = "summary", "states an auditor's verdicts on a lot";
        Decision = "decision", "states a buyer's decision on a lot";
        Source = "source", "material enters the ledger";
        Transform = "transform", "input lots become output lots";
        Split = "split", "one lot becomes several";
        Blend = "blend", "several lots become one";
        Dispatch = "dispatch", "lots leave for a named receiver";
        Receive = "receive", "dispatched lots are accepted or rejected";
        Retire = "retire", "lots leave the ledger";
        Import = "import", "pins another ledger and takes over its hand-offs";
        Claim = "claim", "makes a testable statement about a lot";
        Title = "title", "states who owns lots";
        Attach = "attach", "adds documents to an event or lot";
        Correct = "correct", "overlays values of an event, or withdraws it";
    }
);

impl Kind {
    /// Whether events of this kind carry no `aud` and may be recorded in any ledger. A `correct` is portable exactly where
    /// its target is, so its payload says so by the absence of `aud`.
    #[must_use]
    pub const fn is_portable(self) -> bool {
        matches!(
            self,
            Self::Party
                | Self::Key
                | Self::Facility
                | Self::Ledger
                | Self::Accredit
                | Self::Assay
                | Self::Summary
                | Self::Decision
        )
    }

    /// Whether events of this kind advance the head of the lots they name.
    #[must_use]
    pub const fn is_custody(self) -> bool {
        matches!(
            self,
            Self::Source
                | Self::Transform
                | Self::Split
                | Self::Blend
                | Self::Dispatch
                | Self::Receive
                | Self::Retire
                | Self::Import
        )
    }

    /// Whether its original issuer may withdraw an event of this kind by a `correct`, where no more is against it.
    #[must_use]
    pub const fn is_withdrawable(self) -> bool {
        matches!(
            self,
            Self::Claim
                | Self::Assay
                | Self::Attach
                | Self::Accredit
                | Self::Summary
                | Self::Source
                | Self::Transform
                | Self::Split
                | Self::Blend
                | Self::Dispatch
        )
    }
}
