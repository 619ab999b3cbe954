//! Drafts: what a caller wants recorded, before feed position, disclosures and signature.

use crate::event::{Body, BusinessReference, Document, Payload, Purpose, When};
use crate::state::{View, ViewError};
use crate::value::{EventId, KeyId, LedgerId, PartyId, Text};

/// An event to be recorded: its body with all leaves in clear, and who says it when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The issuer; none in a party's own registration.
    pub by: Option<PartyId>,
    /// The key to sign with; where absent, a key of the issuer at hand that may sign it.
    pub kid: Option<KeyId>,
    /// When it happened.
    pub when: When,
    /// The kind's own members.
    pub body: Body,
    /// Attached documents.
    pub docs: Option<Vec<Document>>,
    /// Purchase orders, contracts, work orders.
    pub refs: Option<Vec<BusinessReference>>,
    /// A remark.
    pub remark: Option<Text>,
    /// Keys at hand that cosign, each with its purpose.
    pub cosigners: Vec<(Purpose, KeyId)>,
    /// Own events signed earlier for this place in the feed and refused elsewhere.
    pub voids: Vec<EventId>,
    /// An event of the same batch whose place in its feed this one takes as well, as somebody would who has a copy of the
    /// key and does not know of it: for simulations. No ledger admits both.
    pub twin_of: Option<EventId>,
}

impl Draft {
    /// A draft without documents, references and remark.
    #[must_use]
    pub fn new(by: Option<PartyId>, when: When, body: impl Into<Body>) -> Self {
        Self {
            by,
            kid: None,
            when,
            body: body.into(),
            docs: None,
            refs: None,
            remark: None,
            cosigners: Vec::new(),
            voids: Vec::new(),
            twin_of: None,
        }
    }

    /// The payload for a ledger, or for any.
    pub(super) fn into_payload(self, ledger: LedgerId, is_portable: bool) -> Payload {
        let aud = (!is_portable).then_some(ledger);
        let mut payload = Payload::draft(self.by, aud, self.when, self.body);
        (payload.docs, payload.refs, payload.remark) = (self.docs, self.refs, self.remark);
        payload.voids = self.voids;
        payload
    }
}

/// Whether a draft is written for any ledger; a `correct` is exactly where its target is.
pub(super) fn is_portable(draft: &Draft, view: &dyn View) -> Result<bool, ViewError> {
    match &draft.body {
        Body::Correct(body) => Ok(view.event(&body.target)?.is_some_and(|target| target.portable)),
        body => Ok(body.kind().is_portable()),
    }
}
