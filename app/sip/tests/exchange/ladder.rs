//! What went over the wire, and between the proxy and its services, as lines to be read.

use crate::messages::first_line;
use sip::message::Message;
use sip::proxy::{Answer, Event, Flow, Progress, Question};
use std::collections::BTreeMap;

/// A transcript of a bench: phones by their names, the exchange in the middle, services on its other side.
#[derive(Default)]
pub struct Ladder {
    phones: BTreeMap<Flow, String>,
    lines: Vec<String>,
}

impl Ladder {
    /// From now on, with these phones.
    pub fn begin(&mut self, phones: &[(Flow, &str)]) {
        self.phones = phones.iter().map(|(flow, name)| (*flow, (*name).into())).collect();
        self.lines.clear();
    }

    pub fn came(&mut self, flow: Flow, message: &Message) {
        self.line(flow, "-->", message);
    }

    pub fn went(&mut self, flow: Flow, message: &Message) {
        self.line(flow, "<--", message);
    }

    pub fn asked(&mut self, question: &Question) {
        self.lines.push(match question {
            Question::Serve { caller, request, .. } => {
                format!("         serve {} of {}", first_line(&request.clone().into()), caller.user)
            }
            Question::Keep { to, from, .. } => format!("         keep for {to} from {}", from.user),
            Question::Credentials { .. } | Question::Route { .. } => return,
        });
    }

    pub fn answered(&mut self, answer: &Answer) {
        self.lines.push(match answer {
            Answer::Served(response) => format!("         served {}", response.status.code()),
            Answer::Kept(Ok(())) => "         kept".into(),
            Answer::Kept(Err(refusal)) => format!("         not kept: {refusal:?}"),
            Answer::Credentials(_) | Answer::Route(_) => return,
        });
    }

    pub fn sends(&mut self, user: &str, request: &Message) {
        self.lines.push(format!("         send to {user}: {}", first_line(request)));
    }

    pub fn told(&mut self, event: &Event) {
        self.lines.push(match event {
            Event::Sent { response, .. } => {
                let came = response.as_ref().map_or("nothing".into(), |response| response.status.code().to_string());
                format!("         sent: {came}")
            }
            Event::Dialogs { user, dialogs } => {
                let calls: Vec<String> = dialogs
                    .iter()
                    .map(|call| {
                        let state = match call.state {
                            Progress::Trying => "trying",
                            Progress::Early => "early",
                            Progress::Confirmed => "confirmed",
                        };
                        format!("{state} with {} as {}", call.remote.user, call.direction.as_str())
                    })
                    .collect();
                let calls = if calls.is_empty() { "none".into() } else { calls.join(", ") };
                format!("         calls of {user}: {calls}")
            }
            Event::Call(_) | Event::Rejected { .. } => return,
        });
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    fn line(&mut self, flow: Flow, arrow: &str, message: &Message) {
        if let Some(name) = self.phones.get(&flow) {
            let headers = message.headers();
            let lines = ["Replaces", "Join", "Event", "Retry-After"].into_iter().filter_map(|name| {
                let (_, value) = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
                Some(format!("  {name}: {value}"))
            });
            self.lines.push(format!("{name:<8} {arrow} {}{}", first_line(message), lines.collect::<String>()));
        }
    }
}
