//! The closed lists of names that a pack is written in, beside those of events.

use crate::value::closed_enum::closed_enum;

closed_enum!(
    /// What a pack asks of whom.
    Duty, "a duty", {
        Prohibition = "prohibition", "stages must not have taken place in certain countries";
        Disclosure = "disclosure", "the countries of stages must be known";
        RecycledContent = "recycled-content", "the share recovered from waste must be known";
    }
);

closed_enum!(
    /// What a verifier may set.
    ParameterName, "a parameter", {
        Elements = "elements", "which elements count";
        HkMo = "hk-mo", "whether Hong Kong and Macao count as China";
        Evidence = "evidence", "the least evidence level of a place for every element";
        MaxForbiddenShare = "max_forbidden_share", "the most of an element that may have come through a forbidden country";
        MaxUnprovenShare = "max_unproven_share", "the most of an element whose way may stay unproven";
        RecycledMinShare = "recycled_min_share", "the least share of recycled material";
        ProductMagnets = "product_magnets_kg", "the mass of magnets in the product, in kg";
        ProductThreshold = "product_threshold_kg", "the mass of magnets in a product up to which the rule does not apply, in kg";
    }
);

closed_enum!(
    /// An exception that a rule may know.
    ExceptionKind, "an exception", {
        Cots = "cots", "end item that is commercially available off the shelf";
        ElectronicDevice = "electronic-device", "electronic device";
        Nonavailability = "nonavailability", "a determination that compliant material is not available";
        Threshold = "threshold", "purchase at or below a threshold";
        OutsideUse = "outside-use", "bought abroad for use abroad";
        DefenceOrSpace = "defence-or-space", "product primarily designed for defence or space";
        Recycled = "recycled", "made of recycled material by steps in certain countries";
    }
);

closed_enum!(
    /// How often a stage counts where material went round a loop.
    Passes, "which passes count", {
        Every = "every", "every pass, as prohibitions ask";
        Last = "last", "the last pass, as disclosures ask";
    }
);

closed_enum!(
    /// Whether the origin of scrap that enters a lineage is asked for.
    ScrapOrigin, "how the origin of scrap counts", {
        Tested = "tested", "like that of any other material";
        Free = "free", "not at all";
    }
);
