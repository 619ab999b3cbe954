//! The body of an event: one type per kind behind one enum.

use super::leaves::{Leaves, Place};
use super::{
    Accredit, Assay, Attach, Blend, Claim, Correct, Decision, Dispatch, Facility, Import, KeyEvent, Kind, Ledger, Lot,
    Party, Receive, Reference, References, Retire, Shape, ShapeError, Source, Split, Summary, Title, Transform,
};
use crate::event::Head;
use crate::value::{EventId, FacilityId, LotId};
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// The body of one kind.
pub trait BodyKind: serde::Serialize + DeserializeOwned + schemars::JsonSchema + References + Shape {
    /// The kind.
    const KIND: Kind;

    /// Visits every object with withholdable leaves, in document order.
    fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves));
}

/// Defines [`Body`] and forwards its methods to the kinds.
macro_rules! bodies {
    ($($kind:ident($type:ty)),+ $(,)?) => {
        /// The members of an event that belong to its kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Body {
            $(#[doc = concat!("Body of a [`Kind::", stringify!($kind), "`] event.")] $kind(Box<$type>)),+
        }

        impl Body {
            /// The kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind),+ }
            }

            /// Parses the JSON text of a body. The error names the member; `serde_path_to_error` knows its path.
            pub fn parse(kind: Kind, json: &str) -> Result<Self, serde_path_to_error::Error<serde_json::Error>> {
                Ok(match kind { $(Kind::$kind => Self::$kind(super::payload::read(json)?)),+ })
            }

            /// As [`Self::parse`], from a draft held as a value; leaves may be in clear.
            pub fn from_value(
                kind: Kind, value: serde_json::Value,
            ) -> Result<Self, serde_path_to_error::Error<serde_json::Error>> {
                Ok(match kind { $(Kind::$kind => Self::$kind(serde_path_to_error::deserialize(value)?)),+ })
            }

            /// The JSON text of the body without its leaves, as it is signed.
            pub fn to_json(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$kind(body) => serde_json::to_string(body)),+ }
            }

            /// Visits every object of the body with withholdable leaves, in document order.
            pub fn visit_leaves(&mut self, visit: &mut dyn FnMut(Place, &mut dyn Leaves)) {
                match self { $(Self::$kind(body) => body.visit_leaves(visit)),+ }
            }

            /// Visits every reference, in document order.
            pub fn visit_references(&self, visit: &mut dyn FnMut(Reference)) {
                match self { $(Self::$kind(body) => body.visit_references(visit)),+ }
            }

            /// Checks the shape of the body; see [`Shape`].
            pub fn check_shape(&self) -> Result<(), ShapeError> {
                match self { $(Self::$kind(body) => body.check_shape()),+ }
            }

            /// The JSON Schema of a body of this kind, leaves included.
            #[must_use]
            pub fn schema(kind: Kind, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match kind { $(Kind::$kind => generator.subschema_for::<$type>()),+ }
            }
        }

        $(impl From<$type> for Body {
            fn from(body: $type) -> Self {
                Self::$kind(Box::new(body))
            }
        })+
    };
}

bodies!(
    Party(Party),
    Key(KeyEvent),
    Facility(Facility),
    Ledger(Ledger),
    Accredit(Accredit),
    Assay(Assay),
    Summary(Summary),
    Decision(Decision),
    Source(Source),
    Transform(Transform),
    Split(Split),
    Blend(Blend),
    Dispatch(Dispatch),
    Receive(Receive),
    Retire(Retire),
    Import(Import),
    Claim(Claim),
    Title(Title),
    Attach(Attach),
    Correct(Correct),
);

impl Body {
    /// All references, in document order.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        self.visit_references(&mut |reference| found.push(reference));
        found
    }

    /// The heads a custody event names; empty for other kinds and for those that create lots only.
    #[must_use]
    pub fn heads(&self) -> Cow<'_, [Head]> {
        Cow::Borrowed(match self {
            Self::Transform(body) => &body.inputs,
            Self::Split(body) => std::slice::from_ref(&body.input),
            Self::Blend(body) => &body.inputs,
            Self::Dispatch(body) => &body.lots,
            Self::Receive(body) => return Cow::Owned(body.heads()),
            Self::Retire(body) => &body.lots,
            _ => &[],
        })
    }

    /// The lots an event creates.
    #[must_use]
    pub fn outputs(&self) -> &[Lot] {
        match self {
            Self::Source(body) => &body.outputs,
            Self::Transform(body) => &body.outputs,
            Self::Split(body) => &body.outputs,
            Self::Blend(body) => &body.outputs,
            Self::Receive(body) => &body.outputs,
            _ => &[],
        }
    }

    /// The ids of the lots that `event` creates with this body.
    pub fn output_ids(&self, event: EventId) -> impl Iterator<Item = LotId> + use<> {
        // A shape check limits outputs to 32.
        (0..u8::try_from(self.outputs().len()).unwrap_or(u8::MAX)).map(move |number| LotId::new(event, number))
    }

    /// The facility where a custody event took place or begins.
    #[must_use]
    pub fn facility(&self) -> Option<FacilityId> {
        match self {
            Self::Source(body) => Some(body.facility),
            Self::Transform(body) => Some(body.facility),
            Self::Split(body) => Some(body.facility),
            Self::Blend(body) => Some(body.facility),
            Self::Dispatch(body) => Some(body.from),
            Self::Receive(body) => Some(body.facility),
            Self::Retire(body) => body.facility,
            Self::Assay(body) => body.facility,
            _ => None,
        }
    }
}
