//! The report as Markdown.

use super::Report;
use super::siege::Outcome;
use std::fmt::Write as _;

pub(crate) fn write(report: &Report) -> String {
    let mut table = String::new();
    latencies(&mut table, report);
    memory(&mut table, report);
    ends(&mut table, report);
    table
}

fn latencies(table: &mut String, report: &Report) {
    let _ = writeln!(
        table,
        "| What honest people do, p50 / p99 in ms | alone | beside the flood | times as long | beside everything | times as \
         long |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    );
    for (index, (name, alone)) in report.quiet.outcomes.iter().enumerate() {
        let mut beside = Outcome::default();
        for day in &report.besieged {
            beside.latencies.extend(&day.outcomes[index].1.latencies);
        }
        beside.latencies.sort_unstable();
        let of = |outcome: &Outcome| (outcome.percentile(0.5), outcome.percentile(0.99));
        let alone = of(alone);
        let pair = |(median, worst): (f64, f64)| format!("{median:.2} / {worst:.2}");
        let ratio = |(median, worst): (f64, f64)| format!("{:.1} / {:.1}", median / alone.0, worst / alone.1);
        let (flooded, beside) = (of(&report.flooded.outcomes[index].1), of(&beside));
        let cells = [pair(alone), pair(flooded), ratio(flooded), pair(beside), ratio(beside)];
        let _ = writeln!(table, "| {name} | {} |", cells.join(" | "));
    }
    table.push('\n');
}

fn memory(table: &mut String, report: &Report) {
    let megabytes = |bytes: &u64| format!("{:.1}", *bytes as f64 / 1e6);
    let all: Vec<String> = report.memory.iter().map(megabytes).collect();
    let rests: Vec<String> = report.rests.iter().map(|rest| format!("{:.1}", rest.as_secs_f64())).collect();
    let _ = writeln!(table, "Memory (PSS) before, after the flood, and after each round, MB: {}.", all.join(", "));
    let _ = writeln!(table, "Until sockets, files and queues were what they were before, s: {}.\n", rests.join(", "));
}

fn ends(table: &mut String, report: &Report) {
    let _ = writeln!(
        table,
        "| What hostile clients do | How it ends, how often, and after how long at most |\n| --- | --- |"
    );
    for (attack, ends) in report.tally.rows() {
        let each = |(end, ended): (&String, &super::siege::tally::Ended)| {
            format!("{end}: {} ({:.1} s)", ended.times, ended.longest.as_secs_f64())
        };
        let ends: Vec<String> = ends.iter().map(each).collect();
        let _ = writeln!(table, "| {attack} | {} |", ends.join("; "));
    }
}
