use super::craft::{CONTACT, Draft, address};
use super::{FLOWS, Hostile, MALLORY, get};
use crate::exchange::Whole;
use sip::Instant;
use sip::header::{CallId, Via};
use sip::message::{Message, Method, Request, Response, Status};

/// What is sent within dialogs.
const WITHIN: [&str; 10] = ["BYE", "BYE", "INVITE", "UPDATE", "REFER", "INFO", "NOTIFY", "MESSAGE", "ACK", "PRACK"];
/// How many are sent where more are wanted than may wait.
const FLOOD: usize = 80;
/// More subscriptions than a user may have.
const SUBSCRIPTIONS: u32 = 270;

impl Hostile {
    /// One attempt at something.
    pub(super) fn strike(&mut self, exchange: &mut Whole, now: Instant) {
        let which = self.random.index(FLOWS);
        let messages = match self.random.range(0, 24) {
            0..=4 => self.within_dialog(),
            5 | 6 => self.cancel(),
            7 | 8 => self.join(),
            9..=11 => self.forged_response(),
            12 | 13 => self.replay(),
            14 => self.as_another(),
            15 => self.register_another(),
            16 | 17 => self.register(),
            18 => self.watch(),
            19 => self.oversize(),
            20 => vec![self.own("INVITE", MALLORY, "", "")],
            21 if self.floods => self.flood(),
            22 => {
                let flow = self.flows[which];
                return crate::network::Exchange::closed(exchange, flow, now);
            }
            _ if self.kind.twice => vec![self.own("MESSAGE", "nobody", "", "hello")],
            _ => self.with_a_false_name(),
        };
        for bytes in messages {
            self.send(which, &bytes, exchange, now);
        }
    }

    /// Something came over a connection of theirs.
    pub(super) fn answer(&mut self, flow: u64, bytes: &[u8], exchange: &mut Whole, now: Instant) {
        let which = self.flows.iter().position(|own| *own == flow).unwrap_or(0);
        let Ok(Message::Request(request)) = Message::parse(bytes) else { return };
        if let Some(call) = get::<CallId>(&request.headers).map(|id| id.to_string())
            && !call.starts_with(MALLORY)
        {
            self.theirs.insert(call);
        }
        if request.method == Method::Ack {
            return;
        }
        if request.method == Method::Invite && self.random.percent(15) {
            let spiral = self.spiral(request);
            return self.send(which, &spiral, exchange, now);
        }
        for _ in 0..self.random.range(1, 4) {
            let response = self.response(&request);
            let which = if self.random.percent(80) { which } else { self.random.index(FLOWS) };
            self.send(which, &response, exchange, now);
        }
    }

    /// What they say to a request: anything.
    fn response(&mut self, request: &Request) -> Vec<u8> {
        const CODES: [u16; 14] = [100, 180, 180, 183, 199, 200, 200, 202, 302, 401, 480, 481, 486, 603];
        let code = CODES[self.random.index(CODES.len())];
        let mut response = Response::to_request(request, Status::new(code).unwrap());
        response.set_to_tag(&format!("m{}", self.random.range(0, 4)));
        let to = if self.random.percent(50) || self.kind.twice { MALLORY.into() } else { self.victim() };
        let contact = if code == 302 { format!("Contact: <{}>\r\n", address(&to)) } else { CONTACT.into() };
        marked(&response.to_bytes(), &contact)
    }

    /// Sends what came back to where it came from, as a proxy would.
    fn spiral(&mut self, mut request: Request) -> Vec<u8> {
        request.uri = address(MALLORY).parse().unwrap();
        let via = format!("SIP/2.0/WS mallory.invalid;branch=z9hG4bKspiral{}", self.fresh());
        request.headers.push_front(&via.parse::<Via>().unwrap());
        request.to_bytes()
    }

    /// A request in a dialog of others, with all that is known of it.
    fn within_dialog(&mut self) -> Vec<Vec<u8>> {
        let Some(dialog) = self.dialog() else { return Vec::new() };
        let method = WITHIN[self.random.index(WITHIN.len())];
        let (mut from, mut to) = (dialog.from, dialog.to);
        let (mut own_tag, mut tag) = (dialog.from_tag, dialog.to_tag);
        if self.random.percent(50) {
            std::mem::swap(&mut from, &mut to);
            std::mem::swap(&mut own_tag, &mut tag);
        }
        if self.random.percent(30) {
            from = format!("<{}>;tag={own_tag}", address(MALLORY));
        }
        if self.random.percent(15) {
            to = to.replace(&tag, "guessed");
        }
        let route = if self.random.percent(85) { dialog.route.as_str() } else { "" };
        let refer = if method == "REFER" { "Refer-To: <sip:mallory@example.com>\r\n" } else { "" };
        let event = if method == "NOTIFY" { "Event: refer\r\nSubscription-State: terminated\r\n" } else { "" };
        let rack = if method == "PRACK" { "RAck: 1 1 INVITE\r\n" } else { "" };
        let more = format!("{CONTACT}{route}{refer}{event}{rack}");
        let uri = if self.random.percent(70) { dialog.contact } else { address("mallory") };
        let seq =
            if method == "ACK" { dialog.seq } else { dialog.seq + u32::try_from(self.random.range(1, 9)).unwrap() };
        let (from, to, call_id) = (from.as_str(), to.as_str(), dialog.call_id.as_str());
        let draft = Draft { method, uri: &uri, from, to, call_id, seq, more: &more, body: "" };
        vec![self.write(&draft)]
    }

    /// CANCEL for a call of others, with its own branch.
    fn cancel(&mut self) -> Vec<Vec<u8>> {
        let invite = |hostile: &mut Self| match hostile.overheard() {
            Some(Message::Request(request)) if request.method == Method::Invite => Some(request),
            Some(Message::Request(_) | Message::Response(_)) | None => None,
        };
        let Some(request) = (0..8).find_map(|_| invite(self)) else { return Vec::new() };
        vec![marked(&sip::transaction::cancel(&request).to_bytes(), "")]
    }

    /// INVITE that would take the place of somebody in a dialog of others, or join them.
    fn join(&mut self) -> Vec<Vec<u8>> {
        let Some(dialog) = self.dialog() else { return Vec::new() };
        let how = if self.random.percent(70) { "Replaces" } else { "Join" };
        let (one, other) = (&dialog.from_tag, &dialog.to_tag);
        let (one, other) = if self.random.percent(50) { (one, other) } else { (other, one) };
        let route = if self.random.percent(30) { dialog.route.as_str() } else { "" };
        let more = format!("{how}: {};to-tag={one};from-tag={other}\r\n{route}", dialog.call_id);
        let victim = self.victim();
        vec![self.own("INVITE", &victim, &more, "")]
    }

    /// A response to a request of others.
    fn forged_response(&mut self) -> Vec<Vec<u8>> {
        let invite =
            |message: &Message| matches!(message, Message::Request(request) if request.method == Method::Invite);
        let found = (0..4).find_map(|_| self.overheard().filter(invite)).or_else(|| self.overheard());
        let Some(message) = found else { return Vec::new() };
        match message {
            Message::Request(request) if request.method != Method::Ack => vec![self.response(&request)],
            Message::Response(mut response) => {
                const CODES: [u16; 4] = [200, 486, 603, 401];
                response.status = Status::new(CODES[self.random.index(CODES.len())]).unwrap();
                vec![marked(&response.to_bytes(), "")]
            }
            Message::Request(_) => Vec::new(),
        }
    }

    /// What others said, once more; sometimes with something added.
    fn replay(&mut self) -> Vec<Vec<u8>> {
        let at = self.random.index(self.heard.len().max(1));
        let Some(bytes) = self.heard.get(at).cloned() else { return Vec::new() };
        if self.random.percent(50) || !bytes.ends_with(b"\r\n") || bytes.len() < 4 {
            return vec![bytes];
        }
        // The same signature, as another transaction.
        let fresh = self.fresh();
        let text = String::from_utf8_lossy(&bytes).replacen("branch=z9hG4bK", &format!("branch=z9hG4bKm{fresh}"), 1);
        let text = if self.random.percent(50) { text.replacen("nc=0000000", "nc=0000001", 1) } else { text };
        vec![marked(text.as_bytes(), "")]
    }

    /// A request that says that it is from somebody else.
    fn as_another(&mut self) -> Vec<Vec<u8>> {
        const METHODS: [&str; 5] = ["INVITE", "MESSAGE", "OPTIONS", "SUBSCRIBE", "PUBLISH"];
        let method = METHODS[self.random.index(METHODS.len())];
        let (victim, other, number) = (self.victim(), self.victim(), self.fresh());
        let (uri, call_id) = (address(&other), format!("{MALLORY}-{number}"));
        let (from, to) = (format!("<{}>;tag=m{number}", address(&victim)), format!("<{uri}>"));
        let more = format!("{CONTACT}Event: presence\r\nP-Asserted-Identity: <{}>\r\n", address(&victim));
        let draft = Draft { method, uri: &uri, from: &from, to: &to, call_id: &call_id, seq: 1, more: &more, body: "" };
        let mut messages = vec![self.write(&draft)];
        // Or with a contact that is somebody else's number.
        let own = format!("<{}>;tag=m{number}", address(MALLORY));
        let contact = format!("Contact: <{}>\r\nEvent: presence\r\n", address(&victim));
        let call_id = format!("{call_id}c");
        let draft = Draft { from: &own, more: &contact, call_id: &call_id, ..draft };
        if method == "INVITE" {
            messages.push(self.write(&draft));
        }
        messages
    }

    /// REGISTER for somebody else.
    fn register_another(&mut self) -> Vec<Vec<u8>> {
        let (victim, number) = (self.victim(), self.fresh());
        let (aor, own) = (address(&victim), address(MALLORY));
        let froms = [format!("<{aor}>;tag=r{number}"), format!("<{own}>;tag=r{number}")];
        let from = &froms[self.random.index(2)];
        let contact = if self.random.percent(30) { "Contact: *\r\nExpires: 0\r\n" } else { CONTACT };
        let call_id =
            if self.random.percent(50) { format!("registration-of-{victim}-0") } else { format!("{MALLORY}-{number}") };
        let to = format!("<{aor}>");
        let draft = Draft {
            method: "REGISTER",
            uri: "sip:example.com",
            from,
            to: &to,
            call_id: &call_id,
            seq: 900,
            more: contact,
            body: "",
        };
        vec![self.write(&draft)]
    }

    /// REGISTER of their own: more phones than there may be, or one that has a contact of somebody else's.
    fn register(&mut self) -> Vec<Vec<u8>> {
        let number = self.random.range(0, 14);
        let (own, fresh) = (address(MALLORY), self.fresh());
        let stolen = self.dialog().map(|dialog| dialog.contact).filter(|_| number == 0);
        let uri = stolen.unwrap_or_else(|| format!("sip:mallory-{number}@mallory.invalid;transport=ws"));
        let expires = self.random.range(0, 600);
        let instance = format!("+sip.instance=\"<urn:uuid:00000000-0000-4000-9000-{number:012x}>\"");
        let more = format!("Contact: <{uri}>;{instance}\r\nExpires: {expires}\r\nSupported: outbound, gruu, path\r\n");
        let (from, to) = (format!("<{own}>;tag=r{fresh}"), format!("<{own}>"));
        let call_id = format!("registration-of-mallory-{number}");
        let seq = u32::try_from(fresh).unwrap();
        let draft = Draft {
            method: "REGISTER",
            uri: "sip:example.com",
            from: &from,
            to: &to,
            call_id: &call_id,
            seq,
            more: &more,
            body: "",
        };
        vec![self.write(&draft)]
    }

    /// SUBSCRIBE to what the exchange knows, of somebody whose business it is not.
    fn watch(&mut self) -> Vec<Vec<u8>> {
        const PACKAGES: [&str; 4] = ["presence", "dialog", "reg", "message-summary"];
        let package = PACKAGES[self.random.index(PACKAGES.len())];
        let to = if self.kind.tells { self.victim() } else { "nobody".into() };
        let expires = self.random.range(60, 600);
        let more = format!("Event: {package}\r\nExpires: {expires}\r\n");
        vec![self.own("SUBSCRIBE", &to, &more, "")]
    }

    /// Something far too large, or that has gone too far.
    fn oversize(&mut self) -> Vec<Vec<u8>> {
        let body = "x".repeat(usize::try_from(self.random.range(1, 70_000)).unwrap());
        let field = format!("X-Long: {}\r\n", "y".repeat(usize::try_from(self.random.range(1, 9_000)).unwrap()));
        let vias = "Via: SIP/2.0/WS mallory.invalid;branch=z9hG4bKx\r\n".repeat(self.random.index(90));
        let fields = "X-More: 1\r\n".repeat(self.random.index(300));
        let all = [(&*field, &*body), (&*vias, ""), (&*fields, ""), ("Max-Forwards: 0\r\n", "")];
        let (more, body) = all[self.random.index(all.len())];
        let methods = ["INVITE", "MESSAGE", "OPTIONS"];
        let method = methods[self.random.index(methods.len())];
        vec![self.own(method, MALLORY, more, body)]
    }

    /// As many as there may be, and more.
    fn flood(&mut self) -> Vec<Vec<u8>> {
        if self.kind.tells && self.random.percent(20) {
            let more = "Event: presence\r\nExpires: 300\r\n";
            return (0..SUBSCRIPTIONS)
                .map(|_| {
                    let victim = self.victim();
                    self.own("SUBSCRIBE", &victim, more, "")
                })
                .collect();
        }
        let (to, count) = match self.random.range(0, 10) {
            // What is answered is remembered: much more of it than of what waits.
            0 => ("nobody", Whole::max_load().all + FLOOD),
            1..=5 => (MALLORY, FLOOD),
            _ => ("nobody", FLOOD),
        };
        (0..count).map(|_| self.own("INVITE", to, "", "")).collect()
    }

    /// A call or a message that they may well send, but with names in it that are not theirs.
    fn with_a_false_name(&mut self) -> Vec<Vec<u8>> {
        let (victim, other) = (self.victim(), self.victim());
        let victim = address(&victim);
        let names = format!(
            "P-Asserted-Identity: <{victim}>\r\nP-Preferred-Identity: <{victim}>\r\n\
             Remote-Party-ID: <{victim}>;screen=yes\r\nReferred-By: <{victim}>\r\n"
        );
        let methods = ["INVITE", "MESSAGE", "OPTIONS", "INVITE"];
        let method = methods[self.random.index(methods.len())];
        vec![self.own(method, &other, &names, "hello")]
    }
}

/// Adds the mark of who is hostile, and further lines.
fn marked(bytes: &[u8], more: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let (first, rest) = text.split_once("\r\n").unwrap_or((&text, ""));
    format!("{first}\r\n{}\r\n{more}{rest}", super::MARK).into_bytes()
}
