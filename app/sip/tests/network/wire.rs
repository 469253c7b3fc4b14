use super::Exchange;
use sip::Instant;
use sip::header::{CSeq, Contact, Via};
use sip::message::{Headers, Message, Method, Request, Response, Status};
use sip::uri::Uri;
use std::collections::{BTreeMap, VecDeque};

/// Next to no exchange: it answers REGISTER, and passes all else on between phones without touching it.
#[derive(Default)]
pub struct Wire {
    /// Who is there, by the name that their connection was opened for.
    flows: BTreeMap<String, u64>,
    out: VecDeque<(u64, Vec<u8>)>,
    /// What becomes of requests, in order, before the usual happens.
    pub script: VecDeque<Reply>,
    /// All that came, in order.
    pub received: Vec<Message>,
    /// Users without a phone here, whom the test plays: what they are asked waits for its answer.
    pub played: Vec<String>,
    /// Whether it keeps what does not reach a phone until that is registered again, as an exchange with transactions.
    pub keeps: bool,
    kept: BTreeMap<String, Vec<Vec<u8>>>,
    /// Requests without any response: for whom, their transaction, and themselves.
    unanswered: Vec<(String, (String, String), Vec<u8>)>,
    /// Whether pings stay without pong.
    pub pongless: bool,
    /// What was answered by the script, which a repetition gets once more (RFC 3261 17.2).
    answered: BTreeMap<(String, Method), Response>,
}

/// What becomes of one request.
pub enum Reply {
    /// The first request of this method is answered so.
    Answer(Method, Box<dyn FnMut(&Request) -> Response>),
    /// The first request of this method gets lost.
    Lose(Method),
}

impl Wire {
    /// Answers the next request of this method with this status.
    pub fn refuse(&mut self, method: Method, status: Status) {
        self.answer(method, move |request| Response::to_request(request, status));
    }

    /// Answers the next request of this method.
    pub fn answer(&mut self, method: Method, answer: impl FnMut(&Request) -> Response + 'static) {
        self.script.push_back(Reply::Answer(method, Box::new(answer)));
    }

    /// Loses the next request of this method.
    pub fn lose(&mut self, method: Method) {
        self.script.push_back(Reply::Lose(method));
    }

    /// All requests of this method that came.
    pub fn requests(&self, method: &Method) -> Vec<&Request> {
        let requests = self.received.iter().filter_map(|message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        });
        requests.filter(|request| request.method == *method).collect()
    }

    /// Sends this to a user.
    pub fn send(&mut self, user: &str, bytes: Vec<u8>) {
        if let Some(flow) = self.flows.get(user) {
            self.out.push_back((*flow, bytes));
        }
    }

    fn request(&mut self, flow: u64, request: &Request, bytes: &[u8]) {
        let via = request.headers.get::<Via>().map(|via| via.to_string()).unwrap_or_default();
        let name = (via, request.method.clone());
        if let Some(response) = self.answered.get(&name) {
            return self.reply(flow, response.clone());
        }
        let scripted = self.script.iter().position(|reply| match reply {
            Reply::Answer(method, _) | Reply::Lose(method) => *method == request.method,
        });
        match scripted.and_then(|at| self.script.remove(at)) {
            Some(Reply::Answer(_, mut answer)) => {
                let response = answer(request);
                self.answered.insert(name, response.clone());
                return self.reply(flow, response);
            }
            Some(Reply::Lose(_)) => return,
            None => {}
        }
        if request.method == Method::Register {
            self.reply(flow, accept(request));
            return self.deliver(flow);
        }
        let Some(user) = user_of(&request.uri) else {
            return self.reply(flow, Response::to_request(request, Status::NOT_FOUND));
        };
        if self.played.contains(&user) {
            return;
        }
        if self.keeps && request.method != Method::Ack {
            self.unanswered.push((user.clone(), transaction(&request.headers), bytes.to_vec()));
        }
        match self.flows.get(&user) {
            Some(to) => self.out.push_back((*to, bytes.to_vec())),
            None if self.keeps => self.undelivered(&user, bytes.to_vec()),
            None if request.method == Method::Ack => {}
            None => self.reply(flow, Response::to_request(request, Status::NOT_FOUND)),
        }
    }

    /// A phone is back: it gets what it missed, and is asked again what it did not answer.
    fn deliver(&mut self, flow: u64) {
        let Some((user, _)) = self.flows.iter().find(|(_, other)| **other == flow) else { return };
        let unanswered = self.unanswered.iter().filter(|(to, _, _)| to == user).map(|(_, _, bytes)| bytes.clone());
        let mut all = self.kept.remove(user).unwrap_or_default();
        for bytes in unanswered {
            if !all.contains(&bytes) {
                all.push(bytes);
            }
        }
        self.out.extend(all.into_iter().map(|bytes| (flow, bytes)));
    }

    fn reply(&mut self, flow: u64, mut response: Response) {
        response.set_to_tag("wire");
        self.out.push_back((flow, response.to_bytes()));
    }
}

impl Exchange for Wire {
    fn opened(&mut self, flow: u64, user: &str, _now: Instant) {
        self.flows.insert(user.into(), flow);
    }

    fn closed(&mut self, flow: u64, _now: Instant) {
        self.flows.retain(|_, other| *other != flow);
    }

    fn received(&mut self, flow: u64, bytes: &[u8], _now: Instant) {
        if bytes == b"\r\n\r\n" {
            if !self.pongless {
                self.out.push_back((flow, b"\r\n".to_vec()));
            }
            return;
        }
        let Ok(message) = Message::parse(bytes) else { return };
        self.received.push(message.clone());
        match message {
            Message::Request(request) => self.request(flow, &request, bytes),
            Message::Response(response) => {
                let Ok(via) = response.headers.get::<Via>() else { return };
                let host = via.host.to_string();
                let user = host.strip_suffix(".invalid").unwrap_or_default();
                let answered = transaction(&response.headers);
                self.unanswered.retain(|(_, transaction, _)| *transaction != answered);
                if let Some(to) = self.flows.get(user) {
                    self.out.push_back((*to, bytes.to_vec()));
                } else if self.keeps {
                    self.undelivered(user, bytes.to_vec());
                }
            }
        }
    }

    fn timeout(&mut self, _now: Instant) {}

    fn poll(&mut self) -> Option<(u64, Vec<u8>)> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn undelivered(&mut self, user: &str, bytes: Vec<u8>) {
        let is_message = |bytes: &[u8]| matches!(Message::parse(bytes), Ok(Message::Request(_))) || is_response(bytes);
        if self.keeps && is_message(&bytes) {
            self.kept.entry(user.into()).or_default().push(bytes);
        }
    }
}

/// A response that is not to a REGISTER: those are for the connection that asked.
fn is_response(bytes: &[u8]) -> bool {
    match Message::parse(bytes) {
        Ok(Message::Response(response)) => {
            response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method != Method::Register)
        }
        Ok(Message::Request(_)) | Err(_) => false,
    }
}

/// Names a transaction.
fn transaction(headers: &Headers) -> (String, String) {
    let branch = headers.get::<Via>().ok().and_then(|via| via.branch().map(ToString::to_string));
    let method = headers.get::<CSeq>().map(|cseq| cseq.method.to_string());
    (branch.unwrap_or_default(), method.unwrap_or_default())
}

/// 200 with the binding as it was asked for.
fn accept(request: &Request) -> Response {
    let mut response = Response::to_request(request, Status::OK);
    let expires = request.headers.get::<sip::header::Expires>().unwrap().0;
    if let Ok(Contact::Addr(mut contact)) = request.headers.get::<Contact>()
        && expires > 0
    {
        contact.params.set("expires", Some(&expires.to_string())).unwrap();
        response.headers.push(&Contact::Addr(contact));
    }
    response
}

/// The user of `sip:bob@example.com`, and of the contact `sip:bob-page@bob.invalid`.
fn user_of(uri: &Uri) -> Option<String> {
    let uri = uri.as_sip()?;
    let host = uri.host.to_string();
    match host.strip_suffix(".invalid") {
        Some(user) => Some(user.into()),
        None => uri.user_unescaped(),
    }
}
