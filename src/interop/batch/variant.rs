//! Scenarios that build on another: its steps but for those that the file leaves out, changes, replaces or adds.
//!
//! `based_on` names a built-in scenario. `without` lists steps that are left out. `[[change]]` names a `step` and gives
//! members that take the place of those it has; with `before` or `after` it is moved beside another step. A `[[step]]` with `instead_of` replaces one, one with `before` or `after`
//! is put beside it; one with none of these follows the step above it in the file (the first: the last of the base).
//! Steps are left out first; then those up to the one that `earlier` names happen so many days earlier; then steps are put,
//! then changed and moved.
//! `together_with` lists scenarios whose own departures apply as well, before those of the file, whatever they build on.
//!
//! Members of the header that the file does not give are the base's, but for those that tell of expectations and trust.
//!
//! ```toml
//! oretrail = "batch/1"
//! title = "The same, but the blocks are ground in Latvia"
//! simulated = true
//! based_on = "magnet"
//! without = ["assay-swarf"]
//!
//! [[change]]
//! step = "nmx-1"
//! country = "LV"
//! geometry = { point = { lat = "56.95", lon = "24.1" }, radius_m = 500 }
//! ```
//!
//! In scope: putting the steps together, with the place of each. Not in scope: where scenarios are kept (the caller
//! passes a look-up), and whether what comes out can be played.

use super::error::{BatchError, Problem};
use super::header::Header;
use super::names::near;
use super::step::{Place, Step};
use serde_json::{Map, Value};

/// How many scenarios a file may build on, at whatever remove.
const MOST: usize = 8;

/// A TOML batch as it is written.
#[derive(Debug)]
pub(super) struct File {
    pub header: Header,
    pub steps: Vec<Step>,
    pub changes: Vec<Change>,
    /// Where the members of the header are.
    pub place: Place,
}

/// Members that take the place of those of a step of the base.
#[derive(Debug)]
pub(super) struct Change {
    pub place: Place,
    pub members: Map<String, Value>,
}

/// Header and steps of a scenario; those it builds on are looked up with `find`.
///
/// A file that builds on none is given back as it is. Establishes that every step which the file names is one of the base.
pub fn scenario<'a>(text: &str, find: &dyn Fn(&str) -> Option<&'a str>) -> Result<(Header, Vec<Step>), BatchError> {
    let mut files = vec![super::read::read_toml(text)?];
    while let Some(file) = files.last()
        && let Some(base) = file.header.based_on.clone()
    {
        let others = file.header.together_with.iter().enumerate().rev();
        let others = others.map(|(number, name)| (name, format!("/together_with/{number}")));
        let wanted: Vec<_> = others.chain([(&base, "/based_on".to_owned())]).collect();
        let mut found = Vec::new();
        for (name, pointer) in wanted {
            let fail = |problem: String| file.error(&pointer, Problem::Member(problem));
            if files.len() + found.len() > MOST {
                return Err(fail(format!("expected at most {MOST} scenarios that build on one another, found more")));
            }
            let text = find(name).ok_or_else(|| fail(format!("expected a built-in scenario, found `{name}`")))?;
            found.push(File::of_scenario(name, text)?);
        }
        files.extend(found);
    }
    let lowest = files.pop().map(|file| (file.header, file.steps)).unwrap_or_default();
    files.into_iter().rev().try_fold(lowest, |(header, steps), file| file.on(header, steps))
}

impl File {
    /// The file of a scenario that another builds on.
    fn of_scenario(name: &str, text: &str) -> Result<Self, BatchError> {
        let mut file = super::read::read_toml(text).map_err(|error| error.of(name))?;
        let steps = file.steps.iter_mut().map(|step| &mut step.place);
        let places = steps.chain(file.changes.iter_mut().map(|change| &mut change.place));
        places.chain([&mut file.place]).for_each(|place| place.scenario = Some(name.to_owned()));
        Ok(file)
    }

    /// A problem at a JSON pointer into the header.
    pub(super) fn error(&self, pointer: &str, problem: Problem) -> BatchError {
        BatchError::new(self.place.at(None, None, None, pointer.to_owned()), problem)
    }

    /// Refuses what only a simulated file may say, and what only one may that builds on another.
    pub(super) fn check(&self) -> Result<(), BatchError> {
        let header = &self.header;
        let scenario_only = [
            ("based_on", header.based_on.is_some()),
            ("together_with", !header.together_with.is_empty()),
            ("earlier", header.earlier.is_some()),
            ("without", !header.without.is_empty()),
            ("case", header.case.is_some()),
            ("withhold", !header.withhold.is_empty()),
            ("trust", header.trust != super::TrustHints::default()),
            ("expect_found", !header.expect_found.is_empty()),
            ("expect_doctored", !header.expect_doctored.is_empty()),
            ("expect_verdict", !header.expect_verdict.is_empty()),
        ];
        if let Some((member, _)) = scenario_only.iter().find(|(_, is_given)| *is_given && !header.simulated) {
            let problem = format!("expected `{member}` in simulated batches only, found it in one of real events");
            return Err(self.error(&format!("/{member}"), Problem::Member(problem)));
        }
        if header.based_on.is_some() {
            return Ok(());
        }
        let problem = |what: &str| Problem::Member(format!("expected `based_on` beside {what}, found none"));
        let lists = [("without", &header.without), ("together_with", &header.together_with)];
        if let Some((member, _)) = lists.iter().find(|(_, list)| !list.is_empty()) {
            return Err(self.error(&format!("/{member}"), problem(&format!("`{member}`"))));
        }
        if header.earlier.is_some() {
            return Err(self.error("/earlier", problem("`earlier`")));
        }
        if let Some(change) = self.changes.first() {
            return Err(change.error("", problem("`[[change]]`")));
        }
        match self.steps.iter().find_map(|step| step.members.mark().map(|(mark, _)| (step, mark))) {
            Some((step, mark)) => Err(step.error(format!("/{mark}"), problem(&format!("`{mark}`")))),
            None => Ok(()),
        }
    }

    /// This file, where it builds on no other.
    pub(super) fn by_itself(self) -> Result<Self, BatchError> {
        if self.header.based_on.is_none() {
            return Ok(self);
        }
        let problem = "expected a file by itself, found a scenario that builds on another".to_owned();
        Err(self.error("/based_on", Problem::Member(problem)))
    }

    /// What the file makes of the steps of its base.
    fn on(self, base: Header, steps: Vec<Step>) -> Result<(Header, Vec<Step>), BatchError> {
        let mut draft = Draft { base: self.header.based_on.clone().unwrap_or_default(), steps, last: None };
        for (number, name) in self.header.without.iter().enumerate() {
            let at = draft.find(name).map_err(|problem| self.error(&format!("/without/{number}"), problem))?;
            draft.steps.remove(at);
        }
        if let Some(earlier) = &self.header.earlier {
            let last = draft.find(&earlier.until).map_err(|problem| self.error("/earlier/until", problem))?;
            draft.steps.iter_mut().take(last + 1).for_each(|step| step.move_back(earlier.days));
        }
        for step in self.steps {
            draft.put(step)?;
        }
        for change in self.changes {
            draft.change(change)?;
        }
        for (number, step) in (1..).zip(&mut draft.steps) {
            step.number = number;
        }
        Ok((self.header.over(base), draft.steps))
    }
}

impl Header {
    /// This header, completed with what the base says.
    fn over(self, base: Self) -> Self {
        Self {
            title: self.title.or(base.title),
            description: self.description.or(base.description),
            ledger: self.ledger.or(base.ledger),
            subject: self.subject.or(base.subject),
            recipient: self.recipient.or(base.recipient),
            based_on: None,
            together_with: Vec::new(),
            without: Vec::new(),
            earlier: None,
            ..self
        }
    }
}

impl Change {
    fn error(&self, pointer: &str, problem: Problem) -> BatchError {
        BatchError::new(self.place.at(None, None, None, pointer.to_owned()), problem)
    }
}

/// The steps as they come together.
struct Draft {
    base: String,
    steps: Vec<Step>,
    /// Where the step that was put last is.
    last: Option<usize>,
}

impl Draft {
    /// Where the step of a name is.
    fn find(&self, name: &str) -> Result<usize, Problem> {
        let names = || self.steps.iter().filter_map(|step| step.members.name.as_deref());
        self.steps.iter().position(|step| step.members.name.as_deref() == Some(name)).ok_or_else(|| Problem::NoStep {
            text: name.to_owned(),
            base: self.base.clone(),
            near: near(names(), name),
        })
    }

    fn change(&mut self, mut change: Change) -> Result<(), BatchError> {
        let missing = Problem::Missing { member: "step", hint: "name the step of the base that is changed" };
        let name = match change.members.remove("step") {
            Some(Value::String(name)) => name,
            Some(_) => {
                return Err(change.error("/step", Problem::Member("expected the name of a step in quotes".to_owned())));
            }
            None => return Err(change.error("", missing)),
        };
        let at = self.find(&name).map_err(|problem| change.error("/step", problem))?;
        if let Some(member) =
            change.members.keys().find(|member| ["as", "kind", "instead_of"].contains(&member.as_str()))
        {
            let problem = format!("expected `{member}` to stay as it is; `[[step]]` with `instead_of` replaces a step");
            return Err(change.error(&format!("/{member}"), Problem::Member(problem)));
        }
        let mut step = self.steps.remove(at).changed(change.place, change.members)?;
        let to = match step.members.mark() {
            Some((mark, name)) => self.beside(mark, name).map_err(|problem| step.error(format!("/{mark}"), problem))?,
            None => at,
        };
        (step.members.before, step.members.after) = (None, None);
        self.steps.insert(to, step);
        Ok(())
    }

    /// Where a step belongs that is put before or after the one of a name, or in its stead.
    fn beside(&self, mark: &str, name: &str) -> Result<usize, Problem> {
        Ok(self.find(name)? + usize::from(mark == "after"))
    }

    fn put(&mut self, mut step: Step) -> Result<(), BatchError> {
        let at = match step.members.mark() {
            None => self.last.map_or(self.steps.len(), |last| last + 1),
            Some((mark, name)) => self.beside(mark, name).map_err(|problem| step.error(format!("/{mark}"), problem))?,
        };
        if let Some(name) = step.members.instead_of.take() {
            self.steps.remove(at);
            step.members.name.get_or_insert(name);
        }
        (step.members.before, step.members.after) = (None, None);
        self.steps.insert(at, step);
        self.last = Some(at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::When;

    const BASE: &str = "oretrail = \"batch/1\"\ntitle = \"Base\"\nsimulated = true\nsubject = \"c\"\n\
        [[step]]\nkind = \"party\"\nas = \"a\"\nname = \"A\"\n\
        [[step]]\nkind = \"party\"\nas = \"b\"\nname = \"B\"\ncountry = \"US\"\n\
        [[step]]\nkind = \"party\"\nas = \"c\"\n";

    fn on_base(text: &str) -> Result<(Header, Vec<Step>), BatchError> {
        let text = format!("oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"base\"\n{text}");
        let middle = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"base\"\nwithout = [\"a\"]";
        let endless = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"endless\"";
        scenario(&text, &|name| match name {
            "base" => Some(BASE),
            "middle" => Some(middle),
            "endless" => Some(endless),
            _ => None,
        })
    }

    fn names(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.members.name.as_deref().unwrap()).collect()
    }

    #[test]
    fn steps_are_left_out_replaced_and_added() {
        let text = "without = [\"a\"]\n\
            [[step]]\nkind = \"party\"\ninstead_of = \"b\"\n[[step]]\nkind = \"party\"\nas = \"b2\"\n\
            [[step]]\nkind = \"party\"\nas = \"first\"\nbefore = \"b\"\n\
            [[step]]\nkind = \"party\"\nas = \"last\"\nafter = \"c\"\n[[step]]\nkind = \"party\"\nas = \"very last\"\n";
        let (header, steps) = on_base(text).unwrap();
        assert_eq!(names(&steps), ["first", "b", "b2", "c", "last", "very last"]);
        assert_eq!(steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert!(steps.iter().all(|step| step.members.mark().is_none()));
        assert_eq!((header.title.as_deref(), header.subject.as_deref()), (Some("Base"), Some("c")));
        assert_eq!((header.based_on, header.without), (None, Vec::new()));
        let (_, steps) = on_base("[[change]]\nstep = \"a\"\nafter = \"b\"\n").unwrap();
        assert_eq!(names(&steps), ["b", "a", "c"]);
        let (_, steps) = on_base("[[step]]\nkind = \"party\"\nas = \"d\"\n").unwrap();
        assert_eq!(names(&steps), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_change_replaces_members_and_keeps_the_others() {
        let (_, steps) = on_base("[[change]]\nstep = \"b\"\ncountry = \"CN\"\nwhen = 2026-01-01T00:00:00Z\n").unwrap();
        assert_eq!((&steps[1].body["name"], &steps[1].body["country"]), (&"B".into(), &"CN".into()));
        assert!(steps[1].members.when.is_some());
        let at = steps[1].error("/country", Problem::Repeated("x".to_owned())).to_string();
        assert!(at.starts_with("step 2 (`b`), line 6 column 11, /country"), "{at}");
        let at = steps[1].error("/name", Problem::Repeated("x".to_owned())).to_string();
        assert!(at.starts_with("scenario `base`, step 2 (`b`), line 12 column 8, /name"), "{at}");
    }

    #[test]
    fn a_scenario_may_build_on_one_that_builds_on_another() {
        let text = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"middle\"\nwithout = [\"b\"]";
        let middle = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"base\"\nwithout = [\"a\"]";
        let (_, steps) = scenario(text, &|name| if name == "base" { Some(BASE) } else { Some(middle) }).unwrap();
        assert_eq!(names(&steps), ["c"]);
        let endless = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"endless\"";
        let error = scenario(endless, &|_| Some(endless)).unwrap_err().to_string();
        assert!(error.contains("at most 8 scenarios"), "{error}");
    }

    #[test]
    fn steps_of_the_base_can_happen_earlier() {
        let base = "oretrail = \"batch/1\"\nsimulated = true\n\
            [[step]]\nkind = \"party\"\nas = \"a\"\nwhen = { from = 2026-03-01T08:00:00Z, to = 2026-03-02T08:00:00Z }\n\
            valid_from = 2026-01-01T00:00:00Z\ndates = [\"2026-03-01\", \"no date\"]\n\
            [[step]]\nkind = \"party\"\nas = \"b\"\nwhen = 2026-03-03T08:00:00Z\n";
        let text =
            "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"base\"\nearlier = { until = \"a\", days = 365 }";
        let (header, steps) = scenario(text, &|_| Some(base)).unwrap();
        let time = |text: &str| text.parse().unwrap();
        let when = When::Period { from: time("2025-03-01T08:00:00Z"), to: time("2025-03-02T08:00:00Z") };
        assert_eq!((steps[0].members.when, header.earlier), (Some(when), None));
        assert_eq!(steps[0].body["valid_from"], "2025-01-01T00:00:00Z");
        assert_eq!(steps[0].body["dates"], serde_json::json!(["2025-03-01", "no date"]));
        assert_eq!(steps[1].members.when, Some(When::At(time("2026-03-03T08:00:00Z"))));
        let text = text.replace("\"a\"", "\"x\"");
        let error = scenario(&text, &|_| Some(base)).unwrap_err().to_string();
        assert!(error.contains("/earlier/until: expected the name of a step of `base`, found `x`"), "{error}");
    }

    #[test]
    fn departures_of_several_scenarios_apply_one_after_the_other() {
        let head = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"base\"\n";
        let first = format!("{head}without = [\"a\"]\n[[step]]\nkind = \"party\"\nas = \"d\"");
        let second = format!("{head}subject = \"e\"\n[[step]]\nkind = \"party\"\nas = \"e\"\nbefore = \"d\"");
        let find = |name: &str| match name {
            "base" => Some(BASE),
            "first" => Some(&*first),
            "second" => Some(&*second),
            _ => None,
        };
        let text = format!("{head}together_with = [\"first\", \"second\"]\nwithout = [\"b\"]");
        let (header, steps) = scenario(&text, &find).unwrap();
        assert_eq!((names(&steps), header.subject.as_deref()), (vec!["c", "e", "d"], Some("e")));
        let text = format!("{head}together_with = [\"third\"]");
        let error = scenario(&text, &find).unwrap_err().to_string();
        assert!(error.contains("line 4 column 18, /together_with/0: expected a built-in scenario"), "{error}");
    }

    #[test]
    fn what_does_not_fit_the_base_is_said_with_its_place() {
        for (text, expected) in [
            (
                "without = [\"a\", \"bb\"]",
                "line 4 column 17, /without/1: expected the name of a step of `base`, found `bb`",
            ),
            ("without = [\"bb\"]", "(did you mean `b`?)"),
            ("[[change]]\nstep = \"x\"", "line 5 column 8, /step: expected the name of a step of `base`, found `x`"),
            ("[[change]]\ncountry = \"CN\"", "line 4 column 1: expected `step`, found none"),
            ("[[change]]\nstep = 1", "line 5 column 8, /step: expected the name of a step in quotes"),
            ("[[change]]\nstep = \"a\"\nkind = \"key\"", "line 6 column 8, /kind: expected `kind` to stay as it is"),
            ("[[change]]\nstep = \"a\"\nwhen = \"now\"", "line 6 column 8, /when: expected a UTC time"),
            ("change = 1", "line 4 column 10: expected changes as `[[change]]`"),
            (
                "[[step]]\nkind = \"party\"\nafter = \"x\"",
                "step 1, line 6 column 9, /after: expected the name of a step",
            ),
            (
                "[[step]]\nkind = \"party\"\nafter = \"a\"\nbefore = \"a\"",
                "step 1, line 6 column 9, /after: expected one of `instead_of`, `before` and `after`",
            ),
        ] {
            let error = on_base(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = scenario("oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"no\"", &|_| None).unwrap_err();
        assert!(error.to_string().contains("line 3 column 12, /based_on: expected a built-in scenario, found `no`"));
    }

    #[test]
    fn only_a_scenario_that_builds_on_another_changes_steps() {
        for text in [
            "without = [\"a\"]",
            "together_with = [\"a\"]",
            "earlier = { until = \"a\", days = 1 }",
            "[[change]]\nstep = \"a\"",
            "[[step]]\nkind = \"party\"\nas = \"x\"\ninstead_of = \"a\"",
            "[[step]]\nkind = \"party\"\nas = \"x\"\nafter = \"a\"",
        ] {
            let text = format!("oretrail = \"batch/1\"\nsimulated = true\n{text}");
            let error = scenario(&text, &|_| None).unwrap_err().to_string();
            assert!(error.contains("expected `based_on` beside"), "{error}");
        }
    }

    #[test]
    fn a_batch_of_real_events_has_nothing_of_a_scenario() {
        for (text, member) in [
            ("based_on = \"magnet\"", "based_on"),
            ("case = \"A\"", "case"),
            ("withhold = [\"composition\"]", "withhold"),
            ("trust = { except = [\"x\"] }", "trust"),
            ("expect_found = [\"mass.element-gain\"]", "expect_found"),
            ("expect_doctored = [\"custody.stale-head\"]", "expect_doctored"),
            ("[[expect_verdict]]\npolicy = \"p\"\nverdict = \"CONFIRMED\"", "expect_verdict"),
        ] {
            let error = scenario(&format!("oretrail = \"batch/1\"\n{text}"), &|_| None).unwrap_err().to_string();
            assert!(error.contains(&format!("/{member}: expected `{member}` in simulated batches only")), "{error}");
        }
    }
}
