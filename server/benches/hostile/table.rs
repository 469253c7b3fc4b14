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
        "| What honest people do | Times, all done | p50 / p99, ms: alone | beside hostile clients | times as long |\n\
         | --- | ---: | ---: | ---: | ---: |"
    );
    for (index, (name, alone)) in report.quiet.outcomes.iter().enumerate() {
        let mut beside = Outcome::default();
        for day in &report.besieged {
            beside.latencies.extend(&day.outcomes[index].1.latencies);
        }
        beside.latencies.sort_unstable();
        let of = |outcome: &Outcome| (outcome.percentile(0.5), outcome.percentile(0.99));
        let (alone, all) = (of(alone), (beside.latencies.len(), of(&beside)));
        let _ = writeln!(
            table,
            "| {name} | {} | {:.2} / {:.2} | {:.2} / {:.2} | {:.1} / {:.1} |",
            all.0,
            alone.0,
            alone.1,
            all.1.0,
            all.1.1,
            all.1.0 / alone.0,
            all.1.1 / alone.1,
        );
    }
    table.push('\n');
}

fn memory(table: &mut String, report: &Report) {
    let megabytes = |bytes: &u64| format!("{:.1}", *bytes as f64 / 1e6);
    let all: Vec<String> = report.memory.iter().map(megabytes).collect();
    let rests: Vec<String> = report.rests.iter().map(|rest| format!("{:.1}", rest.as_secs_f64())).collect();
    let _ = writeln!(table, "Memory (PSS) before, and after each round, MB: {}.", all.join(", "));
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
