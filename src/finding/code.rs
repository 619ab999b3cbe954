//! What a finding code is, apart from the table of all of them.

pub use super::table::Code;
use crate::value::closed_enum::closed_enum;

closed_enum!(
    /// What a code is about.
    Family, "a family of findings", {
        Chain = "chain", "signatures, keys, feeds, links, the tree";
        Custody = "custody", "who holds which lot";
        Place = "place", "where it happened";
        Mass = "mass", "how much of what";
        Time = "time", "when it happened";
        Evidence = "evidence", "assays, laboratories, documents";
        Status = "status", "corrections, withdrawals, revocations upstream";
        Bundle = "bundle", "the lineage bundle as a file";
    }
);

closed_enum!(
    /// How bad a finding is.
    Severity, "a severity", {
        Note = "note", "worth knowing";
        Warning = "warning", "implausible or incomplete; somebody should look";
        Breach = "breach", "a rule is broken";
    }
);

closed_enum!(
    /// Which pass of the rule book decides it.
    Pass, "a pass", {
        Admission = "admission", "decided from the event, the state before it and the time of recording";
        Review = "review", "decided over the finished history with all evidence";
    }
);

closed_enum!(
    /// How much of a log must be at hand to decide it.
    Reach, "a reach", {
        Local = "local", "decided from the events at hand";
        NeedsCompleteness = "needs completeness", "decided only where nothing is missing; otherwise listed as undecided";
    }
);

impl Code {
    /// Whether it refuses an append.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!((self.severity(), self.pass()), (Severity::Breach, Pass::Admission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_and_named_after_its_family() {
        for code in Code::ALL {
            let (family, _) = code.as_str().split_once('.').unwrap();
            assert_eq!(family, code.family().as_str(), "{code}");
            for text in [code.meaning(), code.cause(), code.cure()] {
                assert!(text.contains(' ') && text.ends_with('.'), "{code}: {text}");
            }
        }
    }

    #[test]
    fn only_admission_breaches_refuse() {
        assert!(Code::StaleHead.is_refusal());
        assert!(!Code::YieldBand.is_refusal());
        assert!(!Code::ElementGain.is_refusal());
    }
}
