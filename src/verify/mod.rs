//! Layer 5: verification. Signatures, links, tree, rules and questions, from bytes to a report; no network, no clock, no
//! store: dates and trust are arguments, so a verdict can be reproduced in thirty years.

pub mod judge;
pub mod questions;
pub mod replay;
pub mod report;
pub mod reviewed;
pub mod subset;
mod subset_view;
pub mod trail;
mod union_view;
