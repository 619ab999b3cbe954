//! The macro that turns the rows of the table into the type of codes and its look-ups.

/// Defines [`Code`] from the rows of the table.
macro_rules! codes {
    ($($variant:ident = $name:literal, $family:ident, $severity:ident, $pass:ident, $reach:ident, $meaning:literal, $cause:literal, $cure:literal;)+) => {
        closed_enum!(
            /// A stable code for each rule that can be broken.
            Code, "a finding code", { $($variant = $name, $meaning;)+ }
        );

        impl Code {
            /// What it is about.
            #[must_use]
            pub const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family),+ }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),+ }
            }

            /// Which pass decides it.
            #[must_use]
            pub const fn pass(self) -> Pass {
                match self { $(Self::$variant => Pass::$pass),+ }
            }

            /// How much of a log must be at hand to decide it.
            #[must_use]
            pub const fn reach(self) -> Reach {
                match self { $(Self::$variant => Reach::$reach),+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                self.words()
            }

            /// What usually causes it.
            #[must_use]
            pub const fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause),+ }
            }

            /// What to do about it.
            #[must_use]
            pub const fn cure(self) -> &'static str {
                match self { $(Self::$variant => $cure),+ }
            }
        }
    };
}

pub(super) use codes;
