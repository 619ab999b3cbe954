//! The tables of FORMAT.md, from the types.

use crate::samples;
use oretrail::event::schema::{LEAF_OBJECTS, LIST_LIMITS, disclosures, signed};
use oretrail::event::{Kind, Target};
use oretrail::finding::Code;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// All tables by name.
pub fn all() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("kinds", kinds()),
        ("leaves", leaves()),
        ("references", references()),
        ("limits", limits()),
        ("texts", texts()),
        ("members", members()),
        ("enums", enums()),
        ("codes", codes()),
        ("processes", processes()),
        ("elements", elements()),
        ("groups", groups()),
        ("trust", file("trust", "Trust file")),
        ("policy", file("policy", "Policy pack")),
        ("spec", file("spec", "Specification file")),
        ("exception", file("exception", "Exception")),
        ("statement", file("statement", "Statement file")),
        ("bundle", file("bundle", "Bundle")),
        ("manifest", file("manifest", "Manifest")),
        ("report", file("report", "Report")),
        ("withhold", withhold()),
    ])
}

fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut out = format!("\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        writeln!(out, "| {} |", cells.join(" | ")).unwrap();
    }
    out
}

fn kinds() -> String {
    let rows = Kind::ALL.iter().map(|kind| {
        let class = match (kind.is_portable(), kind.is_custody()) {
            (true, _) => "portable",
            (_, true) => "custody",
            _ if *kind == Kind::Correct => "statement; portable where its target is",
            _ => "statement",
        };
        let withdraw = if kind.is_withdrawable() { "yes" } else { "no" };
        [
            format!("`{kind}`"),
            class.to_owned(),
            kind.words().to_owned(),
            withdraw.to_owned(),
            format!("[event-{kind}](event-{kind}.schema.json)"),
        ]
    });
    table(["kind", "class", "what it does", "can be withdrawn", "schema"], rows)
}

fn leaves() -> String {
    let rows = LEAF_OBJECTS.iter().flat_map(|object| {
        object.leaves.iter().map(|leaf| {
            let kind = object.kind.map_or("every kind".to_owned(), |kind| format!("`{kind}`"));
            let place = if object.place.is_empty() { "the payload".to_owned() } else { format!("`{}`", object.place) };
            let need = if leaf.required { "required" } else { "optional" };
            [kind, place, format!("`{}`", leaf.name), need.to_owned(), format!("`{}.{}`", object.name, leaf.name)]
        })
    });
    table(["kind", "object", "leaf", "", "schema of the value"], rows)
}

fn references() -> String {
    let mut found: BTreeMap<(Kind, &str), (&str, bool)> = BTreeMap::new();
    for sample in samples::all() {
        for reference in sample.body().references() {
            let names = match reference.target {
                Target::Event(_) => "event",
                Target::Party(_) => "party",
                Target::Facility(_) => "facility",
                Target::Lot(_) => "lot",
                Target::Ledger(_) => "ledger",
            };
            let before = found.insert((sample.kind, reference.position), (names, reference.is_subject));
            assert!(before.is_none_or(|before| before == (names, reference.is_subject)), "{}", reference.position);
        }
    }
    let rows = found.into_iter().map(|((kind, position), (names, is_subject))| {
        let standing = if is_subject { "subject" } else { "mention" };
        [format!("`{kind}`"), format!("`{position}`"), names.to_owned(), standing.to_owned()]
    });
    table(["kind", "position below `body`", "names a", ""], rows)
}

fn limits() -> String {
    let rows = LIST_LIMITS.iter().map(|limit| {
        [format!("`{}`", limit.kind), format!("`{}`", limit.list), limit.least.to_string(), limit.most.to_string()]
    });
    table(["kind", "list below `body`", "least", "most"], rows)
}

/// The definitions of all schemas, by name.
fn definitions() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let schemas = Kind::ALL.iter().map(|kind| signed(*kind)).chain([disclosures()]);
    for schema in schemas {
        let defs = schema["$defs"].as_object().cloned().unwrap_or_else(Map::new);
        found.extend(defs.into_iter().filter(|(name, _)| !name.contains('.')));
    }
    found
}

fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().trim_end_matches('.').to_owned()
}

fn texts() -> String {
    let rows = definitions().into_iter().filter_map(|(name, def)| {
        let pattern = def["pattern"].as_str()?.to_owned();
        Some([format!("`{name}`"), format!("`{pattern}`"), description(&def)])
    });
    table(["type", "pattern", "meaning"], rows)
}

/// The type of a member in words.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    match schema["type"].as_str() {
        Some("array") if schema.get("prefixItems").is_some() => {
            let items = schema["prefixItems"].as_array().cloned().unwrap_or_default();
            format!("list of {}", items.iter().map(type_of).collect::<Vec<_>>().join(", "))
        }
        Some("array") => format!("list of {}", type_of(&schema["items"])),
        Some("integer") => format!("integer from {} to {}", schema["minimum"], schema["maximum"]),
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}

fn rows_of(object: &Value) -> Vec<[String; 4]> {
    let required: BTreeSet<&str> =
        object["required"].as_array().map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let Some(properties) = object["properties"].as_object() else { return Vec::new() };
    let mut names: Vec<&String> = properties.keys().filter(|name| *name != "_sd").collect();
    names.sort_by_key(|name| (!required.contains(name.as_str()), name.as_str()));
    names
        .into_iter()
        .map(|name| {
            let need = if required.contains(name.as_str()) { "always" } else { "optional" };
            let member = &properties[name];
            [format!("`{name}`"), type_of(member), need.to_owned(), description(member)]
        })
        .collect()
}

fn members() -> String {
    let bodies: Vec<String> = Kind::ALL.iter().map(|kind| type_of(&signed(*kind)["properties"]["body"])).collect();
    let mut objects: Vec<(String, Value)> = definitions().into_iter().filter(|(_, def)| is_object(def)).collect();
    objects.sort_by_key(|(name, _)| (bodies.iter().position(|body| body == name).unwrap_or(usize::MAX), name.clone()));
    let sections = objects.iter().map(|(name, def)| {
        let body = bodies.iter().position(|body| body == name);
        let title = body.map_or(name.clone(), |at| format!("{name}: body of `{}`", Kind::ALL[at]));
        section(&title, name, def)
    });
    sections.collect()
}

/// The objects of a file, without those that events have too.
fn file(name: &str, title: &str) -> String {
    let schema: Value = serde_json::from_str(&oretrail::interop::schema::get(name).unwrap()).unwrap();
    let known = definitions();
    let defs = schema["$defs"].as_object().cloned().unwrap_or_else(Map::new);
    let own = defs.iter().filter(|(name, def)| !known.contains_key(*name) && is_object(def));
    section(title, "", &schema) + &own.map(|(name, def)| section(name, name, def)).collect::<String>()
}

fn is_object(def: &Value) -> bool {
    def["type"] == "object" || def["oneOf"][0]["type"] == "object" || def.get("prefixItems").is_some()
}

/// Heading, meaning and members of one object.
fn section(title: &str, name: &str, def: &Value) -> String {
    static LEAVES: LazyLock<Value> = LazyLock::new(disclosures);
    let mut out = format!("\n#### {title}\n\n{}.\n", description(def));
    let mut rows = rows_of(def);
    for leaf in LEAF_OBJECTS.iter().find(|object| object.name == name).map_or(&[][..], |object| object.leaves) {
        let schema = &LEAVES["$defs"][format!("{name}.{}", leaf.name)];
        let need = if leaf.required { "leaf, required" } else { "leaf" };
        rows.push([format!("`{}`", leaf.name), type_of(schema), need.to_owned(), description(schema)]);
    }
    if !rows.is_empty() {
        out.push_str(&table(["member", "type", "", "meaning"], rows));
    }
    if def.get("prefixItems").is_some() {
        writeln!(out, "\nA {}.", type_of(def)).unwrap();
    }
    let variants = def["oneOf"].as_array().cloned().unwrap_or_default();
    if !variants.is_empty() {
        out.push_str("\nExactly one of:\n");
    }
    for variant in &variants {
        let said = description(variant);
        let said = if said.is_empty() { "these members".to_owned() } else { said };
        let of = rows_of(variant).into_iter().map(|[member, of, need, _]| format!("{member} ({of}, {need})"));
        write!(out, "\n- {said}: {}", of.collect::<Vec<_>>().join(", ")).unwrap();
    }
    out + if variants.is_empty() { "" } else { "\n" }
}

/// A closed list: name, and each value with its meaning.
type List = (&'static str, Vec<(&'static str, &'static str)>);

macro_rules! lists {
    ($($path:path),+ $(,)?) => {
        vec![$({
            use $path as L;
            (stringify!($path).rsplit("::").next().unwrap().trim(), L::ALL.iter().map(|v| (v.as_str(), v.words())).collect())
        }),+]
    };
}

fn lists() -> Vec<List> {
    use oretrail::{event, value};
    lists!(
        event::AccreditAction,
        event::AssayStatus,
        event::CorrectAction,
        event::CorrectReason,
        event::CustodyModel,
        event::Decided,
        event::DispatchReason,
        event::DocumentKind,
        event::FacilityType,
        event::Finder,
        event::Form,
        event::KeyAction,
        event::Kind,
        event::LossKind,
        event::Method,
        event::Outcome,
        event::OutputRole,
        event::PackageKind,
        event::Process,
        event::Purpose,
        event::RecycledKind,
        event::ReferenceKind,
        event::RetireReason,
        event::RevocationReason,
        event::Role,
        event::Scheme,
        event::SourceKind,
        event::Stage,
        event::TakenKind,
        event::TransportMode,
        event::Verdict,
        oretrail::policy::evaluate::answer::ShareOf,
        oretrail::policy::evaluate::answer::VerdictBasis,
        oretrail::policy::exception::DesignPurpose,
        oretrail::policy::exception::DeterminationScope,
        oretrail::policy::exception::ItemKind,
        oretrail::policy::pack::Duty,
        oretrail::policy::pack::ExceptionKind,
        oretrail::policy::pack::ParameterName,
        oretrail::policy::pack::Passes,
        oretrail::policy::pack::ScrapOrigin,
        oretrail::policy::claim::text::ClaimType,
        oretrail::policy::spec::DecisionRule,
        oretrail::policy::spec::Property,
        oretrail::policy::spec::Unit,
        oretrail::policy::trail::PlaceLevel,
        oretrail::policy::trail::TimeLevel,
        oretrail::verify::report::Condition,
        oretrail::verify::report::Question,
        value::Analyte,
        value::Basis,
        value::Element,
    )
}

fn enums() -> String {
    let lists = lists();
    for (name, def) in definitions() {
        let Some(values) = def["enum"].as_array() else { continue };
        let (_, list) =
            lists.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is not listed"));
        assert!(values.iter().zip(list).all(|(a, b)| a == b.0), "{name}");
    }
    let mut out = String::new();
    for (name, values) in lists {
        writeln!(out, "\n#### {name}").unwrap();
        let rows = values.into_iter().map(|(value, words)| [format!("`{value}`"), words.to_owned()]);
        out.push_str(&table(["value", "meaning"], rows));
    }
    out
}

fn codes() -> String {
    let rows = Code::ALL.iter().map(|code| {
        let blocks = if oretrail::finding::Finding::new(*code, "", "").blocks() { "yes" } else { "" };
        [
            format!("`{code}`"),
            code.severity().to_string(),
            code.pass().to_string(),
            code.reach().to_string(),
            blocks.to_owned(),
            code.meaning().to_owned(),
        ]
    });
    table(["code", "severity", "pass", "reach", "keeps from being applied", "meaning"], rows)
}

/// What admission knows of processes.
fn processes() -> String {
    use oretrail::event::Process;
    use oretrail::rules::data::{Operation, facts};
    let rows = Process::ALL.iter().map(|process| {
        let facts = facts(*process);
        let adds: Vec<&str> = facts.adds.iter().map(|analyte| analyte.as_str()).collect();
        let pieces = if Operation::of(&[*process]).keeps_pieces() { "yes" } else { "" };
        let stage = facts.stage.map_or("", |stage| stage.as_str());
        [format!("`{process}`"), stage.to_owned(), adds.join(", "), pieces.to_owned()]
    });
    table(["process", "stage", "may add", "keeps pieces"], rows)
}

fn elements() -> String {
    use oretrail::rules::data::pick_up_ppb;
    use oretrail::value::{Analyte, Element};
    let rows = Element::ALL.iter().map(|element| {
        let weight = element.standard_atomic_weight();
        let oxide = Analyte::oxide_of(*element).map_or("", |oxide| oxide.as_str());
        let pick_up = match pick_up_ppb(*element) {
            0 => "0".to_owned(),
            ppb => oretrail::value::decimal::format(ppb, 9),
        };
        [element.symbol().to_owned(), weight.to_string(), oxide.to_owned(), pick_up]
    });
    table(["element", "atomic weight in micro-daltons", "oxide", "pick-up"], rows)
}

fn groups() -> String {
    use oretrail::value::Analyte;
    let rows = Analyte::ALL.iter().filter(|analyte| !analyte.members().is_empty()).map(|group| {
        let members: Vec<&str> = group.members().iter().map(|member| member.as_str()).collect();
        [format!("`{group}`"), members.join(", ")]
    });
    table(["group", "sum of"], rows)
}

/// Names for groups of leaves that an exporter can withhold.
fn withhold() -> String {
    let rows = oretrail::bundle::GROUPS.iter().map(|(group, leaves)| {
        let leaves: Vec<String> = leaves.iter().map(|leaf| format!("`{leaf}`")).collect();
        [format!("`{group}`"), leaves.join(", ")]
    });
    table(["group", "leaves"], rows)
}
