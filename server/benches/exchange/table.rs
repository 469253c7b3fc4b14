//! The reports as Markdown.

use super::kamailio;
use super::round::{Measurement, Operation, Report, SOCKETS};
use std::fmt::Write as _;

/// At most so many kB of memory for each registered socket.
const MEMORY_GOAL: f64 = 20.0;

const ROWS: [Operation; 5] =
    [Operation::SessionRefresh, Operation::SignedRefresh, Operation::DigestPair, Operation::Call, Operation::Open];

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Open => "connection opened and registered with a digest pair",
            Self::SessionRefresh => "REGISTER refresh, nothing signed",
            Self::SignedRefresh => "REGISTER refresh, signed with the nonce's next count",
            Self::DigestPair => "REGISTER, 401, REGISTER, 200",
            Self::Call => "call, INVITE and BYE signed",
        }
    }

    /// At most so many µs of CPU.
    const fn goal(self) -> Option<f64> {
        match self {
            Self::SessionRefresh | Self::SignedRefresh => Some(15.0),
            Self::DigestPair => Some(25.0),
            Self::Call => Some(120.0),
            Self::Open => None,
        }
    }
}

/// What was measured with one core for each.
pub(crate) fn pinned(ours: &[Report], theirs: &[Report], echoes: Vec<f64>) -> String {
    let mut table = format!("One core for the server, one for the load; medians of {} rounds.\n\n", ours.len());
    operations(&mut table, ours, theirs);
    if let Some(each) = middle(echoes) {
        let each = round(each);
        let _ = writeln!(table, "A REGISTER that is only sent back, over the same sockets: {each} µs of CPU.\n");
    }
    memory(&mut table, ours, theirs);
    goals(&mut table, ours, theirs);
    table
}

/// What was measured where everybody runs anywhere.
pub(crate) fn unpinned(ours: &[Report], theirs: &[Report]) -> String {
    let mut table = "Server and load on any core, one round.\n\n".to_owned();
    operations(&mut table, ours, theirs);
    table
}

fn operations(table: &mut String, ours: &[Report], theirs: &[Report]) {
    let rival = if theirs.is_empty() { "—".to_owned() } else { format!("Kamailio {}", kamailio::version()) };
    let _ = writeln!(
        table,
        "| Operation | CPU each, µs: goal | Tabphone | {rival} | Each second: Tabphone | {rival} | \
         p50 / p99, ms: Tabphone | {rival} |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for row in ROWS {
        let goal = row.goal().map_or(String::new(), |goal| format!("{goal:.0}"));
        let name = row.offered().map_or(row.name().to_owned(), |rate| format!("{} (latency at {rate}/s)", row.name()));
        let _ = write!(table, "| {name} | {goal} ");
        for value in [|m: &Measurement| Some(m.cpu), |m: &Measurement| Some(m.rate)] {
            for reports in [ours, theirs] {
                let number = median(reports, row, value);
                let _ = write!(table, "| {} ", number.map_or("—".to_owned(), round));
            }
        }
        for reports in [ours, theirs] {
            match (median(reports, row, |m| m.p50), median(reports, row, |m| m.p99)) {
                (Some(p50), Some(p99)) => drop(write!(table, "| {p50:.2} / {p99:.2} ")),
                _ => table.push_str("| — "),
            }
        }
        table.push_str("|\n");
    }
    table.push('\n');
}

fn memory(table: &mut String, ours: &[Report], theirs: &[Report]) {
    let _ = writeln!(table, "| Memory (PSS) | Goal | Tabphone | Kamailio |\n| --- | ---: | ---: | ---: |");
    let empty = |reports: &[Report]| middle(reports.iter().map(|report| report.memory[0] as f64 / 1e6).collect());
    let cell = |value: Option<f64>, unit: &str| value.map_or("—".to_owned(), |value| format!("{value:.1} {unit}"));
    let _ = writeln!(table, "| without sockets | | {} | {} |", cell(empty(ours), "MB"), cell(empty(theirs), "MB"));
    for (index, sockets) in SOCKETS.into_iter().enumerate() {
        let each = |reports| cell(each_socket(reports, index), "kB");
        let _ = writeln!(
            table,
            "| each of {sockets} registered sockets | {MEMORY_GOAL:.0} kB | {} | {} |",
            each(ours),
            each(theirs)
        );
    }
    table.push('\n');
}

/// Says plainly what was not reached.
fn goals(table: &mut String, ours: &[Report], theirs: &[Report]) {
    let mut missed = Vec::new();
    for row in ROWS {
        let cpu = |reports| median(reports, row, |m| Some(m.cpu));
        if let (Some(cpu), Some(goal)) = (cpu(ours), row.goal())
            && cpu > goal
        {
            missed.push(format!("{}: {} µs instead of {goal:.0}", row.name(), round(cpu)));
        }
        if let (Some(own), Some(other)) = (cpu(ours), cpu(theirs))
            && own > other
        {
            missed.push(format!("{}: Kamailio takes less", row.name()));
        }
    }
    if let Some(each) = each_socket(ours, 1).filter(|each| *each > MEMORY_GOAL) {
        missed.push(format!("memory: {each:.1} kB instead of {MEMORY_GOAL:.0}"));
    }
    let said =
        if missed.is_empty() { "All goals are met.".to_owned() } else { format!("Missed: {}.", missed.join("; ")) };
    let _ = writeln!(table, "{said}");
}

fn each_socket(reports: &[Report], index: usize) -> Option<f64> {
    let each = |report: &Report| {
        report.memory[index + 1].saturating_sub(report.memory[0]) as f64 / 1e3 / SOCKETS[index] as f64
    };
    middle(reports.iter().map(each).collect())
}

fn median(reports: &[Report], row: Operation, value: impl Fn(&Measurement) -> Option<f64>) -> Option<f64> {
    let of = |report: &Report| value(report.measurements.iter().find(|m| m.operation == row)?);
    middle(reports.iter().filter_map(of).collect())
}

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn round(number: f64) -> String {
    if number < 100.0 { format!("{number:.1}") } else { format!("{number:.0}") }
}
