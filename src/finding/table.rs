//! The one table of finding codes.
//!
//! Each row: variant, code, severity, pass, reach, meaning, usual cause, cure. Codes are stable: others match on them.

use super::code::{Family, Pass, Reach, Severity};
use super::define::codes;
use crate::value::closed_enum::closed_enum;

codes! {
    // chain
    Malformed = "chain.malformed", Chain, Breach, Admission, Local,
        "The bytes are not an event of this format.",
        "Damaged or altered bytes, or a program that writes another format.",
        "Get the original bytes again from where they came; nothing can be re-encoded into validity.";
    BadSignature = "chain.bad-signature", Chain, Breach, Admission, Local,
        "The signature does not verify under the key that the event names.",
        "Altered content, or a signature made with another key.",
        "Get the original event from its issuer; an altered event stays invalid.";
    UnknownKey = "chain.unknown-key", Chain, Breach, Admission, Local,
        "The event is signed by a key that no registration or key event introduced before it.",
        "The key was never added, or the event that adds it is recorded later or elsewhere.",
        "Record the party's registration or its key event first.";
    ForeignKey = "chain.foreign-key", Chain, Breach, Admission, Local,
        "The event is signed by a key that belongs to another party than its issuer.",
        "The wrong key was chosen when signing, or somebody signs in another's name.",
        "Sign with a key of the issuer; `oretrail key list` shows whose key is whose.";
    KeyScope = "chain.key-scope", Chain, Breach, Admission, Local,
        "The key is not allowed to sign events of this kind or for this facility.",
        "An added key signs only the kinds and facilities listed when it was added.",
        "Sign with a key of wider scope, or widen this one's with `oretrail key add` or a scope event.";
    KeyExpired = "chain.key-expired", Chain, Breach, Admission, Local,
        "The event was recorded outside the validity of the key that signed it.",
        "The key's scope begins later or has ended.",
        "Sign with a valid key.";
    KeyRevoked = "chain.key-revoked", Chain, Breach, Admission, NeedsCompleteness,
        "The key was revoked or replaced before the event was recorded.",
        "An old key is still in use somewhere.",
        "Sign with the party's present key.";
    WeakKey = "chain.weak-key", Chain, Breach, Admission, Local,
        "A key that is being introduced is already in use, or is weak.",
        "The key belongs to another registration, or its bytes are no sound Ed25519 key.",
        "Make a new key with `oretrail key new`.";
    KeyChain = "chain.key-chain", Chain, Breach, Admission, NeedsCompleteness,
        "A key event does not continue the party's chain of key events, or is not the party's to make.",
        "Two key events were prepared at once, or the recovery key does not match its registered thumbprint.",
        "Prepare the key event again on the present head of the chain.";
    Cosignature = "chain.cosignature", Chain, Breach, Admission, Local,
        "A further signature that the event needs is missing, wrong or by the wrong key.",
        "The new key, the log key or the former operator did not sign the same body.",
        "Have the body cosigned again by the key that is asked for.";
    FeedGap = "chain.feed-gap", Chain, Breach, Admission, NeedsCompleteness,
        "The event's number in its feed leaves out a number.",
        "An event signed before it was not recorded.",
        "Record the missing event first, or sign this one again after the last recorded one.";
    FeedFork = "chain.feed-fork", Chain, Breach, Admission, NeedsCompleteness,
        "Two events of one feed carry the same number; the two are the proof that one key told two stories.",
        "A key was used on two machines, or from a restored backup.",
        "Give each machine a key of its own; keep both events as evidence.";
    PrevMismatch = "chain.prev-mismatch", Chain, Breach, Admission, NeedsCompleteness,
        "The event does not name the last event of its feed as the one before it.",
        "It was prepared on another history of the feed.",
        "Sign the event again after the last recorded one.";
    Duplicate = "chain.duplicate", Chain, Breach, Admission, NeedsCompleteness,
        "The event is recorded already; an event has one place in a ledger.",
        "A batch was sent twice.",
        "Nothing needs doing: the recorded one counts.";
    VoidedRecorded = "chain.voided-recorded", Chain, Breach, Admission, NeedsCompleteness,
        "An event that its issuer declared void is recorded nevertheless.",
        "The voided event was sent to a ledger after all.",
        "The two are a fork of the feed; ask the issuer which one holds.";
    OtherLedger = "chain.other-ledger", Chain, Breach, Admission, Local,
        "The event is written for another ledger.",
        "It was prepared while another ledger was chosen.",
        "Record it in the ledger that it names, or sign it anew for this one.";
    UnknownIssuer = "chain.unknown-issuer", Chain, Breach, Admission, Local,
        "The issuer is not registered in this ledger before the event.",
        "The party's registration was not recorded here.",
        "Record the registration first: `oretrail party register`.";
    UnknownReference = "chain.unknown-reference", Chain, Breach, Admission, Local,
        "The event names another event that is not recorded before it, or is of the wrong kind.",
        "A wrong id, or events recorded in the wrong order.",
        "Record the named event first, or correct the reference.";
    Genesis = "chain.genesis", Chain, Breach, Admission, Local,
        "A ledger does not begin with its operator's registration and the `ledger` event that gives its id.",
        "The first entries were changed or belong to another ledger.",
        "Get the ledger again from its operator.";
    LinkBroken = "chain.link-broken", Chain, Breach, Admission, Local,
        "An entry does not name the BLAKE3 of the entry before it.",
        "An entry was changed, dropped or moved.",
        "Compare with a copy; the checkpoint says which one is right.";
    NotInTree = "chain.not-in-tree", Chain, Breach, Review, Local,
        "An entry is not in the Merkle tree that the signed checkpoint commits to.",
        "An entry or a tree node was changed.",
        "Compare with a copy; the checkpoint says which one is right.";
    BadCheckpoint = "chain.bad-checkpoint", Chain, Breach, Review, Local,
        "A checkpoint is not signed by the ledger's key, or contradicts another one.",
        "An altered checkpoint, a wrong key, or two histories shown to two readers.",
        "Keep both checkpoints: two that contradict each other prove misconduct of the log key's holder.";
    ClockBackwards = "chain.clock-backwards", Chain, Breach, Admission, Local,
        "An entry was recorded earlier than the entry before it.",
        "The ledger's clock was set back.",
        "Set the clock right; the ledger uses the last entry's time for up to 300 seconds.";
    Disclosure = "chain.disclosure", Chain, Breach, Admission, Local,
        "A disclosure fits no digest of its event, comes twice, or names something that is not withholdable.",
        "A forged, altered or misplaced disclosure.",
        "Get the disclosures again from the issuer or the previous holder.";
    // custody
    UnknownLot = "custody.unknown-lot", Custody, Breach, Admission, Local,
        "The event names a lot that no event recorded before it created.",
        "A wrong lot id, or the creating event is recorded later or elsewhere.",
        "Record the creating event first.";
    NotHolder = "custody.not-holder", Custody, Breach, Admission, Local,
        "The issuer does not hold the lot.",
        "The lot was handed to somebody else, or was never received.",
        "Record the missing receipt, or have the holder record the event.";
    StaleHead = "custody.stale-head", Custody, Breach, Admission, NeedsCompleteness,
        "The lot has moved on since the head that the event names: it would be spent twice.",
        "Two events use the same lot, by mistake or by intent.",
        "Look at the earlier event with `oretrail show`; use the lots it created.";
    InTransit = "custody.in-transit", Custody, Breach, Admission, Local,
        "The lot is in transit: only its consignee can answer for it.",
        "The receipt was not recorded yet.",
        "Have the consignee record the receipt.";
    WrongLedger = "custody.wrong-ledger", Custody, Breach, Admission, Local,
        "The lot lives in another ledger.",
        "It was dispatched to another ledger, which alone may record its next step.",
        "Record the event in the ledger that the dispatch names.";
    AlreadyAnswered = "custody.already-answered", Custody, Breach, Admission, NeedsCompleteness,
        "The dispatch was answered for this lot already; an answer is for good.",
        "The receipt was recorded twice, or a rejected lot is answered again.",
        "Look at the recorded receipt; a wrong weight is put right by a correction.";
    NotAddressed = "custody.not-addressed", Custody, Breach, Admission, Local,
        "The dispatch is addressed to another party or another ledger.",
        "The wrong party answers, or the bundle is shown to somebody it was not made for.",
        "Have the named consignee answer, or ask for a bundle whose lot is dispatched to you.";
    NotDispatched = "custody.not-dispatched", Custody, Breach, Admission, Local,
        "The receipt names a lot that the dispatch it answers did not contain.",
        "A wrong lot or a wrong dispatch.",
        "Look at the dispatch with `oretrail show` and answer the lots it lists.";
    WrongPlace = "custody.wrong-place", Custody, Breach, Admission, Local,
        "The lot is not at the facility where the event takes place.",
        "A move between sites was not recorded as a dispatch and a receipt.",
        "Record the dispatch and receipt between the two facilities.";
    BoundToFacility = "custody.bound-to-facility", Custody, Breach, Admission, Local,
        "Material in process is bound to its circuit and cannot be dispatched.",
        "The heel of a continuous plant was named as goods.",
        "Draw a product lot with `oretrail roll` and dispatch that.";
    NotOwner = "custody.not-owner", Custody, Breach, Admission, Local,
        "Only the present owner can pass on the title to a lot.",
        "The title was passed on before, or never stated.",
        "Have the owner that `oretrail lots` shows record the title.";
    NotCorrectable = "custody.not-correctable", Custody, Breach, Admission, Local,
        "The event cannot be corrected or withdrawn in this way.",
        "Its outputs have moved on, it is a receipt or import, the issuer is another party, or the value is not open to correction.",
        "Correct the descriptive values instead, or record the reverse movement.";
    ImportMismatch = "custody.import-mismatch", Custody, Breach, Review, Local,
        "An import says something else of another ledger's event than that ledger does.",
        "The import was written by hand or against another state, or its issuer lies about what was handed over.",
        "Import the supplier's file again with `oretrail import`, which repeats what it says.";
    OpenDispatch = "custody.open-dispatch", Custody, Note, Review, NeedsCompleteness,
        "A dispatch has not been answered.",
        "The goods are under way, or the receipt was never recorded.",
        "Ask the consignee for the receipt.";
    // place
    UnknownFacility = "place.unknown-facility", Place, Breach, Admission, Local,
        "The event names a facility that is not registered before it.",
        "A wrong id, or the registration is missing.",
        "Record the registration first: `oretrail facility register`.";
    NotOperator = "place.not-operator", Place, Breach, Admission, Local,
        "The issuer does not operate the facility.",
        "The wrong facility was named, or it changed hands.",
        "Name a facility of the issuer; a sale is recorded with `oretrail facility supersede`.";
    FacilityClosed = "place.facility-closed", Place, Breach, Admission, Local,
        "The event happened outside the time in which the facility is registered as operating.",
        "A wrong date, or a registration that was superseded.",
        "Correct the date, or register the facility anew for that time.";
    ProcessNotPermitted = "place.process-not-permitted", Place, Breach, Admission, Local,
        "The facility is not registered for this process.",
        "A wrong facility or process, or an incomplete registration.",
        "Name the right ones, or supersede the registration with one that lists the process.";
    OutsideCountry = "place.outside-country", Place, Breach, Review, Local,
        "The facility's point lies outside the country it declares.",
        "Mistyped coordinates, swapped latitude and longitude, or a false declaration.",
        "Supersede the registration with the right point.";
    OutsideFence = "place.outside-fence", Place, Warning, Review, Local,
        "A registration that supersedes another one lies outside the fence of the former.",
        "The facility moved, or another one is registered under its name.",
        "Register a new facility instead of superseding the old one.";
    OverCapacity = "place.over-capacity", Place, Warning, Review, NeedsCompleteness,
        "More went through the facility in a year than it is registered for.",
        "Material from elsewhere booked here, or an outdated capacity.",
        "Supersede the registration with the true capacity and evidence for it.";
    TooFast = "place.too-fast", Place, Breach, Review, Local,
        "A lot travelled between two places faster than any cargo aircraft.",
        "A wrong date, a wrong place, or goods that never moved.",
        "Correct the times; if they are right, the places are not.";
    SharedPoint = "place.shared-point", Place, Warning, Review, NeedsCompleteness,
        "Two operators registered facilities at one point without naming a common site.",
        "An industrial park, or one plant under two names.",
        "Name the common site in both registrations.";
    SiteNotAccredited = "place.site-not-accredited", Place, Note, Review, Local,
        "No authority that the verifier trusts vouches for the site of a step at that time.",
        "No accreditation is recorded, it does not cover the process or period, or its issuer is not in the trust file.",
        "Ask for an accreditation of the site, or add its issuer to the trust file.";
    PartyNotAccredited = "place.party-not-accredited", Place, Note, Review, Local,
        "Nobody whom the verifier trusts vouches for the identity of the party.",
        "No accreditation is recorded, or its issuer is not in the trust file.",
        "Ask for an identity accreditation, or add its issuer to the trust file.";
    // mass
    SplitSum = "mass.split-sum", Mass, Breach, Admission, Local,
        "The parts and the stated difference do not sum to the whole.",
        "A mistyped mass, or a difference that was not stated.",
        "Correct the masses, or state the difference.";
    PiecesSum = "mass.pieces-sum", Mass, Breach, Admission, Local,
        "Pieces appear that were not there, or pieces and unit mass do not give the net mass.",
        "A mistyped number of pieces.",
        "Correct the number of pieces or the mass of one.";
    ClosedSum = "mass.closed-sum", Mass, Breach, Review, Local,
        "More mass comes out of a process that adds nothing than went in.",
        "An input that was not recorded, or a wrong mass. Above 1.25 times what went in the event is refused (mass.gross-gain).",
        "Record the missing input, or correct the masses.";
    GrossGain = "mass.gross-gain", Mass, Breach, Admission, Local,
        "More than 1.25 times the measured input of an element comes out without a reason, or of the mass where nothing is added.",
        "An input that was not recorded, a wrong assay, or laundering of outside material.",
        "Record the missing input; if the measurements are known to be poor, state `gain_reason`.";
    ElementGain = "mass.element-gain", Mass, Breach, Review, Local,
        "More of an element comes out of a step than went in, beyond the uncertainties.",
        "Outside material, a wrong assay, or a wrong mass.",
        "Explain it with assays of both sides; the mass not covered stays unproven.";
    LineageGain = "mass.lineage-gain", Mass, Breach, Review, Local,
        "Gains of an element along the lineage add up beyond the uncertainties, though each step stays within them.",
        "Outside material added in small portions.",
        "Explain it with assays; the mass not covered stays unproven.";
    YieldBand = "mass.yield-band", Mass, Warning, Review, Local,
        "The yield of a target element lies outside the band usual for its process.",
        "A poor campaign, a wrong assay, or by-products that were not recorded.",
        "Check the assays; record all outputs.";
    BlendMean = "mass.blend-mean", Mass, Breach, Review, Local,
        "The composition stated for a blend is not the mass-weighted mean of its inputs.",
        "A composition copied from one of the inputs, or material that was not recorded.",
        "State the mean, or record an assay of the blend.";
    Quantity = "mass.quantity", Mass, Breach, Admission, Local,
        "The members of a quantity contradict each other.",
        "Gross, tare, moisture and net masses were not taken from one weighing.",
        "Correct the members so that gross less tare is the wet mass, and wet mass less moisture the dry mass.";
    Composition = "mass.composition", Mass, Breach, Admission, Local,
        "The fractions of a composition sum to more than the whole, or name elements the lot does not list.",
        "Another basis (REO/TREO instead of absolute), or elements left out of `elements`.",
        "State the basis of each value, and list every tracked element present.";
    ReceiptDifference = "mass.receipt-difference", Mass, Note, Review, Local,
        "The receiver weighed something else than the sender.",
        "Weighing differences, moisture, or loss on the way.",
        "Nothing within the usual tolerance; otherwise settle it and correct.";
    MassWithheld = "mass.withheld", Mass, Note, Review, Local,
        "The masses of a step cannot be checked because values are withheld.",
        "The exporter withheld quantities or compositions.",
        "Ask for them, or for an auditor's summary.";
    NotAnalysed = "mass.not-analysed", Mass, Note, Review, Local,
        "An element is measured in what comes out of a step, but not in all lots that went in and may hold it.",
        "An input was never analysed for it, or its composition is withheld.",
        "Record an assay of the input; until then a gain of the element would not show.";
    UnlistedElement = "mass.unlisted-element", Mass, Warning, Review, Local,
        "An element comes out of a step that no input is said to hold and the process does not add.",
        "An input that was not recorded, elements left out of the description of an input, or outside material.",
        "Record the missing input, or an assay of the inputs that shows the element.";
    // time
    InFuture = "time.in-future", Time, Breach, Admission, Local,
        "The event is said to have happened after it was recorded.",
        "A wrong date, or a wrong clock; 300 seconds are tolerated.",
        "Correct the date, or set the clock.";
    OutputBeforeInput = "time.output-before-input", Time, Breach, Review, Local,
        "A lot was used before it was made.",
        "A mistyped date, or an invented step.",
        "Correct the date of one of the two events.";
    ReceiveBeforeDispatch = "time.receive-before-dispatch", Time, Breach, Review, Local,
        "Goods were received before they were dispatched.",
        "A mistyped date in one of the two events.",
        "Correct the date of one of the two events.";
    RecordedLate = "time.recorded-late", Time, Note, Review, Local,
        "The event was recorded more than 30 days after it happened.",
        "A batch was recorded at the end of a period, or history was written afterwards.",
        "Record events as they happen.";
    DeclaredOnly = "time.declared-only", Time, Note, Review, Local,
        "Nothing but the word of the ledger's operator bounds the time of recording.",
        "No cosigned checkpoint and no pin by another party covers it.",
        "Ask the operator to have checkpoints cosigned by witnesses.";
    // evidence
    AssayMissing = "evidence.assay-missing", Evidence, Note, Review, NeedsCompleteness,
        "A lot changed hands without an assay by anybody else than its maker.",
        "The receiver relied on the sender's composition.",
        "Record the receiver's or a laboratory's assay.";
    AssayProvisional = "evidence.assay-provisional", Evidence, Note, Review, Local,
        "Only a provisional assay of the lot is recorded.",
        "The final one has not arrived.",
        "Record the final assay with `supersedes`.";
    LaboratoryNotAccredited = "evidence.laboratory-not-accredited", Evidence, Note, Review, Local,
        "The laboratory is not accredited by anybody trusted for the method and analytes on that date.",
        "No accreditation is recorded, out of scope, expired, or its issuer is not trusted.",
        "Ask for an accreditation, or use an accredited laboratory.";
    AssaysDisagree = "evidence.assays-disagree", Evidence, Warning, Review, Local,
        "Two assays of one lot disagree beyond their uncertainties.",
        "Another sample, another basis, or a wrong result.",
        "Have an umpire assay made.";
    CertificateIncomplete = "evidence.certificate-incomplete", Evidence, Note, Review, Local,
        "The report of a final assay lacks members that ISO/IEC 17025 clause 7.8.2.1 asks for.",
        "The certificate was entered in part.",
        "Record the assay again with the missing members and `supersedes`.";
    ImpossibleMagnet = "evidence.impossible-magnet", Evidence, Breach, Review, Local,
        "The stated magnetic properties cannot occur together.",
        "A unit mix-up (kOe for kA/m, MGOe for kJ/m³), or an invented certificate.",
        "Correct the units: 1 MGOe is 7.95775 kJ/m³, 1 kOe is 79.5775 kA/m.";
    ValuesDamaged = "evidence.values-damaged", Evidence, Warning, Review, Local,
        "Private values that a ledger kept beside its log can no longer be read; they are taken to be withheld.",
        "A failing disk, a copy that was cut short, or bytes changed by hand.",
        "Append the `private/disclosures` of a backup to the damaged file, in which a record may come twice, and run `oretrail audit --rebuild`.";
    // status
    WithdrawnUpstream = "status.withdrawn-upstream", Status, Breach, Review, NeedsCompleteness,
        "The lot is built on an event that its issuer withdrew.",
        "The withdrawal came after the material had moved on.",
        "Ask the issuer what replaces the withdrawn event.";
    CorrectedUpstream = "status.corrected-upstream", Status, Note, Review, NeedsCompleteness,
        "Values of an event upstream were corrected after they were recorded.",
        "A clerical error, a new weighing or a new assay.",
        "Look at the correction with `oretrail show`; the corrected values are the ones judged.";
    AccreditationSuspended = "status.accreditation-suspended", Status, Warning, Review, NeedsCompleteness,
        "An accreditation that covers a step was suspended or withdrawn for that time.",
        "The authority acted.",
        "Ask the operator for a new accreditation.";
    KeyCompromised = "status.key-compromised", Status, Warning, Review, NeedsCompleteness,
        "An event was signed by a key that is reported to have been in other hands at that time.",
        "A stolen or leaked key.",
        "Ask the issuer to confirm the event by other means; it stays unproven until then.";
    CorrectionValue = "status.correction-value", Status, Breach, Admission, Local,
        "A correction puts a value that is none of the value it corrects: of another type, or out of range.",
        "A mistyped value, a bare number for an object, or the value of another member.",
        "State the whole value in the form that `oretrail show EVENT --json` prints.";
    TaintedUpstream = "status.tainted-upstream", Status, Warning, Review, Local,
        "An event upstream of the lot breaks a rule.",
        "See the finding on that event.",
        "Cure the finding on that event.";
    // bundle
    BundleManifest = "bundle.manifest", Bundle, Breach, Review, Local,
        "The bundle is not what its manifest says.",
        "Something was added to, taken out of or changed in the file after it was exported.",
        "Get the file again from its exporter.";
    BundleForeign = "bundle.foreign", Bundle, Breach, Review, Local,
        "The bundle holds something that does not belong to the lineage of its subject.",
        "A spliced or badly exported file.",
        "Get the file again from its exporter.";
    BundleHole = "bundle.hole", Bundle, Note, Review, Local,
        "An event of the lineage is declared to be left out.",
        "The exporter withheld it.",
        "Ask for a bundle with the event, or for an auditor's summary.";
    BundleIncomplete = "bundle.incomplete", Bundle, Note, Review, Local,
        "Nobody trusted states that the bundle leaves nothing out.",
        "The completeness statement is missing, or signed by somebody who is not trusted.",
        "Ask the ledger's operator or an auditor for a completeness statement.";
    OmittedReference = "bundle.omitted-reference", Bundle, Breach, Review, Local,
        "The completeness statement lists an event that the bundle neither holds nor declares as a hole.",
        "Something was cut out of the lineage.",
        "Get a bundle that holds the event.";
    UntrustedLedger = "bundle.untrusted-ledger", Bundle, Note, Review, Local,
        "The ledger is not in the verifier's trust file.",
        "A new supplier, or no trust file was given.",
        "Add the ledger to the trust file after checking its id and key by other means.";
}
