//! What material must have been through before it had a form: what has to be stated of it where it enters a ledger.

use crate::event::{Form, Stage};
use crate::value::Element;

/// Stages in the order of making.
const STAGES: [Stage; 7] =
    [Stage::Mined, Stage::Refined, Stage::Separated, Stage::Reduced, Stage::Melted, Stage::Produced, Stage::EndItem];

/// How many of [`STAGES`] a rare earth has been through in a form; `None` where the form does not say.
const fn rare_earth_stages(form: Form) -> Option<usize> {
    Some(match form {
        Form::Ore => 1,
        Form::Concentrate | Form::Mrec | Form::Carbonate | Form::Chloride => 2,
        Form::Oxide | Form::Fluoride => 3,
        Form::Metal | Form::Iron | Form::Borate | Form::Ferroboron | Form::Cobalt | Form::OtherMetal => 4,
        Form::AlloyFlake | Form::AlloyIngot => 5,
        Form::Powder | Form::Block | Form::Blank | Form::Magnet | Form::Scrap | Form::EndOfLife => 6,
        Form::Component | Form::EndItem => 7,
        Form::Residue | Form::InProcess => return None,
    })
}

/// The same of other elements. What lies between mine and alloy has no fixed names for them: see [`is_making`].
const fn other_stages(form: Form) -> Option<usize> {
    match form {
        Form::Ore | Form::Concentrate | Form::Borate => Some(1),
        Form::Mrec | Form::Carbonate | Form::Chloride | Form::Oxide | Form::Fluoride => Some(2),
        _ => rare_earth_stages(form),
    }
}

/// Whether an element in material of this form has been through a stage. `next` is the stage of what was done with the
/// material then, which decides for forms that may be of any stage.
pub(super) fn has_passed(form: Form, element: Element, stage: Stage, next: Option<Stage>) -> bool {
    let known = if element.is_rare_earth() { rare_earth_stages(form) } else { other_stages(form) };
    let before = |next: Stage| STAGES.iter().position(|stage| *stage == next).unwrap_or(STAGES.len());
    let count = known.or_else(|| next.map(before)).unwrap_or(STAGES.len());
    STAGES.iter().take(count).any(|passed| *passed == stage)
}

/// Whether a stage is one of those between mine and alloy, which stand for each other in elements that are no rare earths:
/// where one of them is stated, the others need not be.
pub(super) const fn is_making(stage: Stage) -> bool {
    matches!(stage, Stage::Refined | Stage::Separated | Stage::Reduced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_was_done_before() {
        let passed = |form, element, next| {
            let stages = STAGES.iter().filter(|stage| has_passed(form, element, **stage, next));
            stages.map(|stage| stage.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(passed(Form::Oxide, Element::Nd, None), "mined refined separated");
        assert_eq!(passed(Form::Iron, Element::Fe, None), "mined refined separated reduced");
        assert_eq!(passed(Form::Borate, Element::B, None), "mined");
        assert_eq!(passed(Form::Scrap, Element::Nd, None), "mined refined separated reduced melted produced");
        assert_eq!(passed(Form::InProcess, Element::Nd, Some(Stage::Separated)), "mined refined");
        let all = "mined refined separated reduced melted produced end-item";
        assert_eq!(passed(Form::InProcess, Element::Nd, None), all);
    }
}
