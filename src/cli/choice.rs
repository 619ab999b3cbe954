//! Options whose values form a closed list, with the meaning of each in the help.

/// A value parser for a closed list of names.
macro_rules! one_of {
    ($list:ty) => {
        clap::builder::PossibleValuesParser::new(
            <$list>::ALL.iter().map(|value| clap::builder::PossibleValue::new(value.as_str()).help(value.words())),
        )
    };
}

pub(crate) use one_of;
