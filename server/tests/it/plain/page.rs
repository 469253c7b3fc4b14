//! A page that holds its line, step by step.

use crate::house::{House, Tab};
use sip::message::{HeaderName, Message, Request, Response, Status};

pub struct Page {
    sip: Tab,
    extension: &'static str,
    seq: u32,
    /// What keeps the line.
    _tab: Tab,
}

impl Page {
    pub async fn of(house: &House, person: (&'static str, &'static str)) -> Self {
        let visitor = house.signed_in(person).await;
        let mut tab = visitor.tab("tab", None).await;
        let epoch = tab.granted().await;
        let sip = visitor.sip(epoch, person.0).await;
        Self { sip, extension: person.0, seq: 0, _tab: tab }
    }

    /// Calls a number with this description; the 100 was heard.
    pub async fn invite(&mut self, to: &str, id: &str, sdp: &str) {
        let headers = "Content-Type: application/sdp\r\n";
        self.send("INVITE", &format!("sip:{to}@tabphone"), &format!("<sip:{to}@tabphone>"), id, headers, sdp).await;
        assert_eq!(self.response().await.status, Status::TRYING);
    }

    /// Sends a request within the call that this response made: what was sent. The 100 of an INVITE was heard.
    pub async fn within(&mut self, method: &str, made: &Response, sdp: &str) -> String {
        let raw = |name: HeaderName| made.headers.raw(&name).next().unwrap_or_default().to_owned();
        let target = raw(HeaderName::Contact);
        let target = target.trim_start_matches('<').split('>').next().unwrap().to_owned();
        let mut headers = format!("Route: {}\r\n", raw(HeaderName::RecordRoute));
        if !sdp.is_empty() {
            headers += "Content-Type: application/sdp\r\n";
        }
        if method == "ACK" {
            self.seq -= 1;
        }
        let text = self.send(method, &target, &raw(HeaderName::To), &raw(HeaderName::CallId), &headers, sdp).await;
        if method == "INVITE" {
            assert_eq!(self.response().await.status, Status::TRYING);
        }
        text
    }

    pub async fn answer(&mut self, request: &Request, status: Status, sdp: &str) {
        let mut response = Response::to_request(request, status);
        response.set_to_tag("page");
        response.headers.push_raw("Contact", "<sip:u@x.invalid;transport=ws>").unwrap();
        if !sdp.is_empty() {
            response.headers.push_raw("Content-Type", "application/sdp").unwrap();
            response.body = sdp.as_bytes().to_vec();
        }
        self.sip.say_raw(&String::from_utf8(response.to_bytes()).unwrap()).await;
    }

    pub async fn request(&mut self, method: &str) -> Request {
        match self.next().await {
            Message::Request(request) if request.method.as_str() == method => request,
            other => panic!("{other:?}"),
        }
    }

    pub async fn response(&mut self) -> Response {
        match self.next().await {
            Message::Response(response) => response,
            Message::Request(request) => panic!("{request:?}"),
        }
    }

    async fn next(&mut self) -> Message {
        let text = self.sip.hear_raw().await;
        assert!(!text.contains("Tabphone-Origin"), "{text}");
        Message::parse(text.as_bytes()).unwrap()
    }

    async fn send(&mut self, method: &str, uri: &str, to: &str, id: &str, headers: &str, body: &str) -> String {
        self.seq += 1;
        let (seq, own, length) = (self.seq, self.extension, body.len());
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK{id}{method}{seq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{own}@tabphone>;tag={id}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {seq} {method}\r\n\
             Contact: <sip:u@x.invalid;transport=ws>\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        self.sip.say_raw(&text).await;
        text
    }
}
