//! What browsers report: a page tried to do what the content security policy does not allow (Reporting API, CSP3 5.3).
//! Either a fault of ours or an attack; whoever looks after the server reads of it in the log.

use crate::socket::Budget;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// Where reports go.
pub(super) const PATH: &str = "/reports";

/// The largest report, and the longest text of one that is logged.
const LARGEST: usize = 16 * 1024;
const LONGEST: usize = 200;
/// How many are logged at once, and how many a second in the long run: anybody can send some.
const BURST: f64 = 20.0;
const RATE: f64 = 0.1;

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    body: Violation,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Violation {
    #[serde(rename = "documentURL")]
    document_url: String,
    #[serde(rename = "blockedURL")]
    blocked_url: String,
    effective_directive: String,
}

pub(super) fn router() -> Router {
    let budget = Arc::new(Mutex::new(Budget::new(BURST, RATE)));
    Router::new().route(PATH, post(take).layer(DefaultBodyLimit::max(LARGEST))).with_state(budget)
}

async fn take(State(budget): State<Arc<Mutex<Budget>>>, body: axum::body::Bytes) -> StatusCode {
    // Their type is application/reports+json, which Json as an extractor insists not to know.
    let Ok(Json(reports)) = Json::<Vec<Report>>::from_bytes(&body) else { return StatusCode::BAD_REQUEST };
    for Report { body } in reports {
        if budget.lock().unwrap_or_else(PoisonError::into_inner).spend() {
            let (page, blocked) = (shown(&body.document_url), shown(&body.blocked_url));
            let directive = shown(&body.effective_directive);
            tracing::warn!(?page, ?directive, ?blocked, "a browser stopped what no page of ours does");
        }
    }
    StatusCode::NO_CONTENT
}

/// The beginning, without what may be somebody's number.
fn shown(text: &str) -> String {
    text.split(['?', '#']).next().unwrap_or_default().chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_understood_and_nothing_private_of_it_shown() {
        let report = br#"[{"age":1,"type":"csp-violation","url":"https://phone.example/?call=1001","body":{
            "blockedURL":"https://evil.example/x.js?cookie=1","disposition":"enforce",
            "documentURL":"https://phone.example/?call=1001","effectiveDirective":"script-src-elem","statusCode":200}}]"#;
        let Json(reports) = Json::<Vec<Report>>::from_bytes(report).unwrap();
        let Violation { document_url, blocked_url, effective_directive } = &reports[0].body;
        assert_eq!(shown(document_url), "https://phone.example/");
        assert_eq!(shown(blocked_url), "https://evil.example/x.js");
        assert_eq!(effective_directive, "script-src-elem");
        assert_eq!(shown(&"a".repeat(1000)).len(), LONGEST);
    }
}
