//! `tabphone check`: a configuration looked at from end to end, without changing anything.

mod data;
mod listen;
mod pbx;
mod plain;
mod relays;
mod stun;
mod tls;

use super::serve::Serve;
use super::{CommandError, print};
use crate::site::Files;
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    serve: Serve,
    /// Say it as JSON: one list of objects.
    #[arg(long)]
    json: bool,
}

/// How it is with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and should not be left so.
    Warning,
    /// It does not work.
    Problem,
}

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) about: &'static str,
    /// How it is.
    pub(super) verdict: Verdict,
    /// In words.
    pub(super) words: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub(super) fn ok(about: &'static str, words: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Ok, words: words.into(), advice: None }
    }

    /// It works; what to do so that it works well.
    pub(super) fn warning(about: &'static str, words: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Warning, words: words.into(), advice: Some(advice.into()) }
    }

    /// It does not work; what to do.
    pub(super) fn problem(about: &'static str, words: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { about, verdict: Verdict::Problem, words: words.into(), advice: Some(advice.into()) }
    }
}

impl Check {
    /// Fails if there is a problem; warnings are none.
    pub(super) async fn run(self, file: Option<&Path>) -> Result<ExitCode, CommandError> {
        let findings = look(&self.serve, file).await;
        let said = if self.json {
            serde_json::to_string_pretty(&findings).map(|json| json + "\n").unwrap_or_default()
        } else {
            findings.iter().map(line).collect()
        };
        print(&said)?;
        let fails = findings.iter().any(|finding| finding.verdict == Verdict::Problem);
        Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Everything that is looked at, in the order in which it is told.
async fn look(serve: &Serve, file: Option<&Path>) -> Vec<Finding> {
    let mut findings = vec![configuration(file)];
    findings.extend(data::look(&serve.data).await);
    findings.push(site(serve));
    findings.extend(reached(serve).await);
    findings.extend(plain::look(&serve.plain.clone().into()).await);
    findings.extend(pbx::look(&serve.pbx).await);
    findings.extend(relays::look(serve).await);
    findings
}

/// The addresses, the certificate, and what people open.
async fn reached(serve: &Serve) -> Vec<Finding> {
    let listen = crate::listen::Options::from(serve.listen.clone());
    let (transport, origin) = (listen.transport(), serve.origin.as_deref());
    let mut findings = vec![listen::look(listen.address, transport).await];
    findings.extend(match listen.redirect {
        Some(address) => Some(listen::redirect(address).await),
        None => None,
    });
    findings.extend(listen.tls.as_ref().map(|tls| tls::look(tls, &serve.data.data, origin)));
    findings.push(listen::origin(listen.address, transport, origin));
    if let Some(peer) = serve.peer() {
        let shared = serve.data.database.is_some() || serve.data.database_file.is_some();
        findings.push(listen::peers(&peer, shared).await);
    }
    findings
}

/// That it can be understood was seen before.
fn configuration(file: Option<&Path>) -> Finding {
    let about = "configuration";
    match file {
        Some(file) => Finding::ok(about, format!("read from {}", file.display())),
        None => Finding::ok(about, "from flags and the environment; there is no file"),
    }
}

fn site(serve: &Serve) -> Finding {
    let files = Files::choose(serve.site.clone());
    match files.missing().as_slice() {
        [] => Finding::ok("site", format!("in {}", files.place())),
        missing => Finding::problem(
            "site",
            format!("{} is missing in {}", missing.join(", "), files.place()),
            "use a released program, which has the site inside, build it with `make build`, or say where it is with --site",
        ),
    }
}

fn line(finding: &Finding) -> String {
    let Finding { about, verdict, words, advice } = finding;
    let verdict = match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    };
    let mut line = format!("{verdict:<8} {about:<14} {words}\n");
    if let Some(advice) = advice {
        // Writing to a String does not fail.
        let _ = writeln!(line, "{:23} {advice}", "");
    }
    line
}
