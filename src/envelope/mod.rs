//! Layer 2: the envelope, what goes around a statement so that its bytes can be trusted: strict JSON.

pub mod json;
