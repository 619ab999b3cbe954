//! The provenance of a lot as text: by element, origins with bars, stages, and the four buckets.

use super::format;
use super::names::Names;
use super::style::Tone;
use crate::event::Process;
use crate::policy::provenance::{
    Bucket, BucketLine, ElementLines, MassRange, OriginLine, ProvenanceReport, ShareRange, StageLine,
};
use crate::value::{Country, Fraction, Mass};

/// How many origins, and how many stages, are listed of an element; JSON has all.
const MOST_LINES: usize = 40;

/// The narrowest line that tables are made for.
const LEAST_WIDTH: usize = 60;

/// The report in lines of at most `width` characters.
#[must_use]
pub fn text(report: &ProvenanceReport, names: &Names, width: usize) -> String {
    let width = width.max(LEAST_WIDTH);
    let mut lines = vec![format!("provenance of {}", Tone::Bold.paint(names.lot_in_words(&report.subject)))];
    lines.push(format!("as of {} · masses are those of the element in the lot", report.as_of));
    if !report.sound {
        let why = "its ledgers are not trusted, or a rule of chain or custody is broken";
        lines.push(format!("{}: {why}; nothing below is proven", Tone::Doubtful.paint("not sound")));
    }
    if !report.complete {
        let why = "nobody vouches that nothing was left out";
        lines.push(format!("{}: {why}; nothing below is proven", Tone::Doubtful.paint("not complete")));
    }
    for element in &report.elements {
        lines.push(String::new());
        lines.extend(of_element(element, names, width));
    }
    if report.elements.is_empty() {
        lines.push("the lot lists none of these elements".to_owned());
    }
    lines.join("\n")
}

fn of_element(lines: &ElementLines, names: &Names, width: usize) -> Vec<String> {
    let name = format!("{} {}", lines.element.symbol(), lines.element.name());
    let mut out = vec![format!("{} · {}", Tone::Bold.paint(name), mass(&lines.mass))];
    out.push("  origins".to_owned());
    let (room, known): (Vec<_>, Vec<_>) = lines.origins.iter().partition(|line| is_room(line));
    let mut origins: Vec<_> = known.iter().take(MOST_LINES).map(|line| origin(line, names)).collect();
    origins.extend(room_left(&room, &lines.mass, names));
    out.extend(table(origins, width));
    out.extend(more(known.len(), "origin", "origins"));
    out.push("  stages".to_owned());
    let stages = lines.stages.iter().take(MOST_LINES).map(|line| stage(line, names)).collect();
    out.extend(table(stages, width));
    out.extend(more(lines.stages.len(), "step", "steps"));
    out.push("  four buckets (FY2023 NDAA s. 857), last pass of a loop".to_owned());
    out.extend(table(lines.buckets.iter().map(bucket).collect(), width));
    out
}

fn more(all: usize, one: &str, many: &str) -> Option<String> {
    let left = all.checked_sub(MOST_LINES).filter(|left| *left > 0)?;
    Some(format!("    and {} more, in the JSON", format::counted(left, one, many)))
}

fn origin(line: &OriginLine, names: &Names) -> Vec<String> {
    let what = match (&line.lot, &line.event) {
        (Some(lot), _) => names.lot(lot),
        (None, Some(event)) if !line.shown => {
            format!("withheld values leave room for it at {}", names.event(event))
        }
        (None, Some(event)) => format!("more came out than went in at {}", names.event(event)),
        (None, None) => String::new(),
    };
    let head = vec![bar(&line.share), share(&line.share), mass(&line.mass), country(line.country)];
    [head, vec![line.kind.to_string(), line.level.to_string(), what]].concat()
}

/// Whether nothing shows this origin, and values that are withheld leave room for it.
fn is_room(line: &OriginLine) -> bool {
    line.lot.is_none() && !line.shown
}

/// The room that withheld values leave, at however many steps, in one line.
fn room_left(room: &[&OriginLine], total: &MassRange, names: &Names) -> Option<Vec<String>> {
    if let [one] = room {
        return Some(origin(one, names));
    }
    let first = room.first()?;
    let most = room.iter().map(|line| u64::from(line.share.most.ppb())).sum::<u64>();
    let most = u32::try_from(most).ok().and_then(Fraction::new).unwrap_or(Fraction::MAX);
    let share_of = ShareRange { least: Fraction::ZERO, most };
    let masses: Option<Vec<Mass>> = room.iter().map(|line| line.mass.most).collect();
    let sum = masses.and_then(|masses| Mass::new(u64::try_from(Mass::sum_mg(masses)).ok()?));
    let mass_of = MassRange { least: Mass::ZERO, most: sum.or(total.most).min(total.most.or(sum)) };
    let what = format!("withheld values leave room for it at {} steps, named in the JSON", room.len());
    let head = vec![bar(&share_of), share(&share_of), mass(&mass_of), country(None)];
    Some([head, vec![first.kind.to_string(), first.level.to_string(), what]].concat())
}

/// The stage as a word; what is done to products taken back is no mining.
fn stage_word(line: &StageLine) -> &'static str {
    let is_collecting =
        |process: &Process| matches!(process, Process::Collect | Process::Dismantle | Process::Demagnetize);
    let collected = !line.processes.is_empty() && line.processes.iter().all(is_collecting);
    if collected { "collected" } else { line.stage.as_str() }
}

fn stage(line: &StageLine, names: &Names) -> Vec<String> {
    let processes: Vec<&str> = line.processes.iter().map(|process| process.as_str()).collect();
    let what = if processes.is_empty() { "as stated".to_owned() } else { processes.join(", ") };
    let when = match (line.from, line.to) {
        (Some(from), Some(to)) if from.date() == to.date() => from.date().to_string(),
        (Some(from), Some(to)) => format!("{} to {}", from.date(), to.date()),
        _ => "before it entered".to_owned(),
    };
    let place = line.facility.map_or_else(|| names.event(&line.event), |facility| names.facility(&facility));
    let against: Vec<&str> = line.against.iter().map(|code| code.as_str()).collect();
    let against = if against.is_empty() { String::new() } else { format!(" · against it: {}", against.join(", ")) };
    let head = vec![stage_word(line).to_owned(), country(line.country), share(&line.share), mass(&line.mass)];
    let evidence = format!("{} · time {}", line.place, line.time);
    [head, vec![evidence, format!("{what} · {place} · {when}{against}")]].concat()
}

fn bucket(line: &BucketLine) -> Vec<String> {
    let known = match (line.country, line.step) {
        (None, Bucket::Mined) => "origin unknown".to_owned(),
        (None, _) => "neither recorded nor stated".to_owned(),
        (Some(_), _) => line.level.to_string(),
    };
    let recycled = if line.recycled { ", recycled" } else { "" };
    let step = format!("{} {}", line.bucket, line.step);
    vec![
        step,
        bar(&line.share),
        share(&line.share),
        mass(&line.mass),
        country(line.country),
        format!("{known}{recycled}"),
    ]
}

fn country(country: Option<Country>) -> String {
    country.map_or_else(|| "??".to_owned(), |country| country.code().to_owned())
}

/// Columns as wide as their widest cell; a line that is too long is cut.
fn table(rows: Vec<Vec<String>>, width: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = format!("    {}", cells.collect::<Vec<_>>().join("  "));
        cut(line.trim_end(), width)
    };
    rows.iter().map(line).collect()
}

fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let mut kept: String = line.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// Twelve cells: full for what is sure, shaded for what may be.
fn bar(share: &ShareRange) -> String {
    const CELLS: u64 = 12;
    const WHOLE: u64 = 1_000_000_000;
    let cells = |ppb: u32| usize::try_from((u64::from(ppb) * CELLS + WHOLE / 2) / WHOLE).unwrap_or(0);
    let (least, most) = (cells(share.least.ppb()), cells(share.most.ppb()));
    let rest = 12usize.saturating_sub(most);
    format!("{}{}{}", "█".repeat(least), "▒".repeat(most.saturating_sub(least)), "·".repeat(rest))
}

fn share(share: &ShareRange) -> String {
    let (least, most) = (share.least.ppb(), share.most.ppb());
    // The bounds of an exact share differ by their own rounding only.
    if most.saturating_sub(least) <= 1 {
        return match percent(most) {
            zero if zero == "0" && most > 0 => "< 0.01 %".to_owned(),
            text => format!("{text} %"),
        };
    }
    format!("{} to {} %", percent(least), percent(most))
}

/// Parts per billion as a percentage with at most two decimals.
fn percent(ppb: u32) -> String {
    let hundredths = (u64::from(ppb) + 50_000) / 100_000;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn mass(range: &MassRange) -> String {
    match (range.least, range.most) {
        (Mass::ZERO, Some(Mass::ZERO)) => "< 1 mg".to_owned(),
        (least, Some(most)) if least == most => format::mass(most),
        (least, Some(most)) => format!("{} to {}", format::thousands(&least.to_string()), format::mass(most)),
        (Mass::ZERO, None) => "not known".to_owned(),
        (least, None) => format!("{} or more", format::mass(least)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(least: u32, most: u32) -> ShareRange {
        let fraction = |ppb| crate::value::Fraction::new(ppb).unwrap();
        ShareRange { least: fraction(least), most: fraction(most) }
    }

    fn kg(least: &str, most: Option<&str>) -> MassRange {
        MassRange { least: least.parse().unwrap(), most: most.map(|most| most.parse().unwrap()) }
    }

    #[test]
    fn shares_and_masses_read_as_ranges_where_they_are() {
        assert_eq!(share(&of(333_333_333, 333_333_334)), "33.33 %");
        assert_eq!(share(&of(0, 500_000_000)), "0 to 50 %");
        assert_eq!(share(&of(1_000_000_000, 1_000_000_000)), "100 %");
        assert_eq!(share(&of(1_000, 1_001)), "< 0.01 %");
        assert_eq!(share(&of(0, 0)), "0 %");
        assert_eq!(mass(&kg("0", Some("0"))), "< 1 mg");
        assert_eq!(mass(&kg("1234.5", Some("1234.5"))), "1,234.5 kg");
        assert_eq!(mass(&kg("0", Some("2"))), "0 to 2 kg");
        assert_eq!(mass(&kg("0", None)), "not known");
        assert_eq!(mass(&kg("1.5", None)), "1.5 kg or more");
    }

    #[test]
    fn room_that_withheld_values_leave_at_many_steps_is_one_line() {
        let line = |most: u32, kg_most: Option<&str>| OriginLine {
            kind: crate::policy::origin::OriginKind::Unknown,
            country: None,
            lot: None,
            event: Some(crate::value::EventId([1; 32])),
            level: crate::policy::trail::PlaceLevel::Declared,
            shown: false,
            mass: kg("0", kg_most),
            share: of(0, most),
        };
        let names = Names::default();
        let told = |lines: &[OriginLine], total: &MassRange| {
            room_left(&lines.iter().collect::<Vec<_>>(), total, &names).map(|cells| cells.join(" | "))
        };
        let total = kg("10", Some("12"));
        assert_eq!(told(&[], &total), None);
        assert!(told(&[line(1, Some("1"))], &total).unwrap().contains("at event 0101010101"));
        let two = [line(300_000_000, Some("3")), line(400_000_000, Some("4"))];
        let expected = "▒▒▒▒▒▒▒▒···· | 0 to 70 % | 0 to 7 kg | ?? | unknown | declared | ";
        let found = told(&two, &total).unwrap();
        assert!(found.starts_with(expected) && found.contains("at 2 steps, named in the JSON"), "{found}");
        let more = [line(700_000_000, Some("8")), line(700_000_000, Some("8"))];
        assert!(told(&more, &total).unwrap().contains("0 to 100 % | 0 to 12 kg"));
        let open = [line(1_000_000_000, None), line(1_000_000_000, None)];
        assert!(told(&open, &kg("0", None)).unwrap().contains("| not known |"));
        assert!(told(&open, &total).unwrap().contains("| 0 to 12 kg |"));
    }

    #[test]
    fn bars_are_full_for_what_is_sure_and_shaded_for_what_may_be() {
        assert_eq!(bar(&of(500_000_000, 500_000_000)), "██████······");
        assert_eq!(bar(&of(250_000_000, 1_000_000_000)), "███▒▒▒▒▒▒▒▒▒");
    }

    #[test]
    fn lines_are_cut_to_the_width() {
        let rows = vec![vec!["a".to_owned(), "x".repeat(200)], vec!["bcd".to_owned(), "y".to_owned()]];
        let lines = table(rows, 80);
        assert_eq!((lines[0].chars().count(), lines[1].as_str()), (80, "    bcd  y"));
        assert!(lines[0].ends_with('…'));
    }
}
