//! One list of hostile texts goes through every field, header and file that people and programs can fill, and every page that
//! shows it has the elements and attributes of a page of plain words, and nothing else: text is text.

use crate::house::{ALICE, BOB, Browser, House, Tab, accounts, browser, calling, sign_in};
use app::history::Report;
use app::lease::{FromTab, ToTab};
use app::messages::Received;
use app::phone::{Call, Cause, Direction, Ended, LineState, Party, Phase};
use app::quality::Tally;
use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, header, redirect};
use server::store::calling::Group;
use sip::proxy::{self, Order};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What the journey with this name types in a browser, too.
const HOSTILE: &str = include_str!("../../../end2end/fixtures/hostile.json");

/// Plain words, among them what is no number, no name, and too long: with all that pages say of those.
const PLAIN: [&str; 6] =
    ["plain words", "1003", "+49 30 123", "two\nlines", "", "a-word-that-is-much-longer-than-any-field-takes"];

/// An element with its attributes, those with addresses with what these begin with.
type Shape = (String, Vec<String>);

struct Visit {
    house: House,
    alice: Browser,
    bob: Browser,
    tab: Tab,
    epoch: u64,
    seen: BTreeSet<Shape>,
    texts: Vec<String>,
}

impl Visit {
    async fn open() -> Self {
        let house = House::open().await;
        let alice = house.signed_in(ALICE).await;
        let mut tab = alice.tab("tab", None).await;
        let epoch = tab.granted().await;
        let bob = house.signed_in(BOB).await.browser;
        Self { house, alice: alice.browser, bob, tab, epoch, seen: BTreeSet::new(), texts: Vec::new() }
    }

    /// Looks at what came: nothing of it is a failure, and what is a page is read as a browser reads it.
    async fn look(&mut self, response: Response) {
        let (status, path) = (response.status(), response.url().path().to_owned());
        assert!(!status.is_server_error(), "{path}: {status}");
        for (name, value) in response.headers() {
            assert_ne!(name.as_str(), "x-ran", "{path}");
            let sets = name == header::SET_COOKIE && value.to_str().is_ok_and(|value| value.contains("ran=1"));
            assert!(!sets, "{path}: {value:?}");
        }
        let kind =
            response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
        let body = response.text().await.unwrap();
        if !kind.starts_with("text/html") {
            assert!(!kind.contains("xml") && !kind.contains("script") || path.starts_with("/pkg"), "{path}: {kind}");
            return;
        }
        let mut text = String::new();
        for token in tokens(&body) {
            match token {
                Token::StartTag(tag) => {
                    let name = words(&tag.name);
                    let attributes = tag.attributes.iter().map(|(name, value)| attribute(&words(name), &words(value)));
                    self.seen.insert((name, attributes.collect()));
                    text.extend(tag.attributes.values().map(|value| format!("\n{}", words(value))));
                }
                Token::String(string) => text.push_str(&words(&string)),
                Token::Comment(comment) => assert!(comment.len() < 8, "{path}: {comment:?}"),
                Token::EndTag(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        self.texts.push(text);
    }

    async fn get(&mut self, path: &str) {
        let response = self.alice.get(path).await;
        self.look(response).await;
    }

    /// A form of Alice, and the page that it leads to.
    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Option<String> {
        let response = self.alice.submit(path, fields).await;
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        if let Some(to) = &to {
            assert!(to.starts_with('/') && !to.starts_with("//"), "{path} leads to {to}");
        }
        self.look(response).await;
        if let Some(to) = &to {
            self.get(to).await;
        }
        to
    }

    async fn upload(&mut self, name: &str, bytes: Vec<u8>) {
        let part = Part::bytes(bytes).file_name(name.to_owned());
        let url = format!("{}/contacts/import", self.alice.origin);
        let request = self.alice.client.post(url).header(header::ORIGIN, &self.alice.origin);
        let response = request.multipart(Form::new().part("file", part)).send().await.unwrap();
        self.look(response).await;
    }

    /// Whether some page that was seen since the last time has this as text.
    fn reads(&mut self, text: &str) -> bool {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = one_line(text);
        std::mem::take(&mut self.texts).iter().any(|seen| one_line(seen).contains(&wanted))
    }

    async fn contacts(&mut self, text: &str) {
        let fields = [
            ("name", text),
            ("company", text),
            ("kind", text),
            ("number", text),
            ("kind", "work"),
            ("number", "7"),
            ("groups", text),
            ("note", text),
        ];
        let Some(page) = self.submit("/contacts", &fields).await else { return };
        self.get(&format!("{page}/edit")).await;
        self.submit(&format!("{page}/favourite"), &[("on", "on"), ("back", text)]).await;
        let q = encoded(text);
        for path in ["/contacts?q=", "/contacts?group=", "/contacts?show=", "/contacts?after=", "/contacts/new?name="] {
            self.get(&format!("{path}{q}&number={q}")).await;
        }
        assert!(self.reads(&first_line(text)), "a contact called {text:?}");
    }

    /// What is saved is text in every program, and read again as it was.
    async fn files(&mut self) {
        let table = self.alice.get("/contacts/contacts.csv").await.text().await.unwrap();
        is_no_formula(&table);
        for file in ["contacts.csv", "contacts.vcf", "contacts.vcf?version=4"] {
            let saved = self.alice.get(&format!("/contacts/{file}")).await.bytes().await.unwrap().to_vec();
            self.texts.clear();
            self.upload("back", saved.clone()).await;
            let said = self.texts.join("\n");
            assert!(self.reads("0 added, 0 changed"), "{file}: {said}\n{}", String::from_utf8_lossy(&saved));
        }
        let table = self.alice.get("/history/calls.csv").await.text().await.unwrap();
        is_no_formula(&table);
    }

    async fn imports(&mut self, text: &str) {
        let line = text.replace(['\r', '\n'], " ");
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{line}\r\nORG:{line}\r\nTEL;TYPE={line}:{line}\r\nCATEGORIES:{line}\r\nNOTE:{line}\r\n\
             UID:{line}\r\nX-{line}:{line}\r\n{text}\r\nPHOTO;VALUE=uri:{line}\r\nEND:VCARD\r\n{text}\r\n"
        );
        self.upload(&line, card.into_bytes()).await;
        self.upload("x.vcf", [text.as_bytes(), b"\xff\xfe\x00"].concat()).await;
        let cell = format!("\"{}\"", text.replace('"', "\"\""));
        let table =
            format!("Name,Company,Work,Groups,Note,{cell}\n{cell},{cell},{cell},{cell},{cell},{cell}\n{text}\n{cell}");
        self.upload("x.csv", table.into_bytes()).await;
        self.upload("x.csv", format!("{text}\n{text}\n").into_bytes()).await;
    }

    async fn calls(&mut self, text: &str, place: usize) {
        let remote = Party { number: text.to_owned(), name: text.to_owned() };
        let report = Report {
            call_id: format!("{place}{text}"),
            local_tag: format!("{place}{text}"),
            direction: Direction::Incoming,
            remote: remote.clone(),
            begun: server::clock::now() - 60_000,
            answered: None,
            ended: server::clock::now(),
            cause: Cause::CancelledThere,
            heard: Tally::default(),
        };
        self.tab.say(FromTab::Report(report)).await;
        while !matches!(self.tab.hear_any().await, ToTab::Recorded(_)) {}
        let q = encoded(text);
        self.get("/history").await;
        self.get(&format!("/history?q={q}&show={q}&before={q}")).await;
        assert!(self.reads(beginning(text)) || has_controls(text), "a call from {text:?}");

        let ringing = Call::new(1, Direction::Incoming, remote.clone(), Phase::RingingHere);
        let talking = Call::new(2, Direction::Outgoing, remote.clone(), Phase::Talking);
        let cause = Cause::Unfit { lacks: text.to_owned(), remedies: vec![text.to_owned()] };
        let ended = Some(Ended { key: 3, direction: Direction::Incoming, remote, cause });
        let state =
            LineState { calls: vec![ringing, talking], ended, dialled: text.to_owned(), ..LineState::default() };
        let epoch = self.epoch;
        self.tab.say(FromTab::Publish { epoch, state, snapshot: Vec::new(), to_lose: false, last: false }).await;
        // What is said over this socket is heard in its order.
        self.tab.say(FromTab::Alive).await;
        while self.tab.hear_any().await != ToTab::Alive {}
        self.get(&format!("/?call={q}")).await;
        let form = [("number", text), ("name", text), ("kind", "audio/webm")];
        self.submit("/recordings", &form).await;
        self.submit("/recordings", &[("number", "1002"), ("name", text), ("kind", text)]).await;
        self.get("/recordings").await;
    }

    async fn messages(&mut self, text: &str, place: usize) {
        let from = |number: &str| Party { number: number.to_owned(), name: text.to_owned() };
        let cpim = format!("From: {text} <sip:a@b>\r\nSubject: {text}\r\n\r\nContent-Type: text/plain\r\n\r\n{text}");
        for (kind, body, number) in [
            ("text/plain", text, "1002"),
            ("text/plain", text, text),
            ("text/html", text, "1002"),
            ("message/cpim", &cpim, "1002"),
            (text, text, "1002"),
        ] {
            let id = u64::try_from(place).unwrap();
            let call_id = format!("{place}{kind}{number}");
            let (content_type, body) = (kind.to_owned(), body.as_bytes().to_vec());
            self.tab.say(FromTab::Message(Received { id, call_id, from: from(number), content_type, body })).await;
            while !matches!(self.tab.hear_any().await, ToTab::Answer { .. }) {}
        }
        self.get("/messages/1002").await;
        assert!(self.reads(beginning(text)) || has_controls(text), "a message that says {text:?}");
        let q = encoded(text);
        let draft = format!("draft{place:015}");
        self.submit("/messages/1002", &[("text", text), ("draft", &draft)]).await;
        self.submit(&format!("/messages/{q}"), &[("text", text), ("draft", text)]).await;
        for path in ["/messages".to_owned(), format!("/messages?q={q}&to={q}&before={q}"), format!("/messages/{q}")] {
            self.get(&path).await;
        }
    }

    async fn settings(&mut self, text: &str) {
        for field in ["always", "busy", "unanswered", "unreachable", "ringing"] {
            self.submit("/settings", &[(field, text), ("auto-answer", text)]).await;
        }
        let devices = [("microphone", text), ("speaker", text), ("ringer", text), ("camera", text), ("ringtone", text)];
        self.submit("/settings/sound", &devices).await;
        self.submit("/settings/status", &[("status", text), ("note", text)]).await;
        self.submit("/settings/status", &[("status", "away"), ("note", text), ("anew", "1")]).await;
        self.submit("/settings/messages", &[("texts", text)]).await;
        self.submit("/settings/password", &[("current", text), ("new", text), ("again", "another")]).await;
        let q = encoded(text);
        self.get(&format!("/settings?saved={q}")).await;
        self.get(&format!("/{q}/{q}?{q}={q}")).await;
        for path in ["/", "/contacts"] {
            let response = self.bob.get(path).await;
            self.look(response).await;
        }
    }

    async fn strangers(&mut self, text: &str) {
        let q = encoded(text);
        let stranger = self.house.browser();
        let response = stranger.get(&format!("/login?expired={q}&next={q}&{q}")).await;
        self.look(response).await;
        let response = stranger.log_in(text, "a guess").await;
        self.look(response).await;
        let plain: String = text.chars().filter(|sign| !sign.is_control() && sign.is_ascii()).collect();
        // A header takes no line breaks, and no client sends them.
        let client = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).user_agent(plain);
        let windows = Browser { client: client.build().unwrap(), origin: self.house.url("") };
        drop(sign_in(windows, ALICE).await);
        self.get("/settings/sessions").await;
    }

    /// All of it.
    async fn goes_through(&mut self, texts: &[String]) {
        for (place, text) in texts.iter().enumerate() {
            self.settings(text).await;
            self.contacts(text).await;
            self.imports(text).await;
            self.calls(text, place).await;
            self.messages(text, place).await;
        }
        self.files().await;
    }
}

#[tokio::test]
async fn no_text_becomes_anything_else_in_any_field_header_or_file() {
    let plain: Vec<String> = PLAIN.map(str::to_owned).into();
    let mut quiet = Visit::open().await;
    quiet.goes_through(&plain).await;
    quiet.strangers("plain words").await;
    let known = quiet.seen;

    let hostile: Vec<String> = serde_json::from_str(HOSTILE).unwrap();
    let mut visit = Visit::open().await;
    named(&visit.house, &hostile).await;
    visit.goes_through(&hostile).await;
    for text in hostile.iter().step_by(4) {
        visit.strangers(text).await;
    }
    let strange: Vec<&Shape> = visit.seen.iter().filter(|shape| !is_known(&known, shape)).collect();
    assert!(strange.is_empty(), "{strange:#?}");
    // And everybody is still there.
    assert!(accounts(visit.house.data.path()).await.list().await.unwrap().len() > 2);
    browser(visit.house.url("")).get("/login").await.error_for_status().unwrap();
}

/// People and groups with these names, as far as they may be called so.
async fn named(house: &House, texts: &[String]) {
    let (people, store) = (accounts(house.data.path()).await, calling(house.data.path()).await);
    let mut taken = 0;
    for (number, text) in texts.iter().enumerate() {
        let added = people.add(&format!("2{number:03}"), text, Zeroizing::new("fresh paint".to_owned())).await;
        taken += usize::from(added.is_ok());
        let ring =
            proxy::Group { members: vec![ALICE.0.to_owned()], order: Order::AtOnce, ringing: None, otherwise: None };
        let group = Group { extension: format!("6{number:03}"), name: text.clone(), ring };
        taken += usize::from(store.add_group(group).await.is_ok());
    }
    assert!(taken > texts.len(), "most of them may be names: {taken}");
}

/// As a browser reads it, but for the tree: what is text in one element alone (a title, a text area) is so here, too.
fn tokens(html: &str) -> Vec<Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let tokens = Tokenizer::new_with_emitter(html, emitter).map(|token| token.unwrap_or_else(|never| match never {}));
    tokens.collect()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The attribute's name; of an address also where it leads, and what runs in full.
fn attribute(name: &str, value: &str) -> String {
    match name {
        "href" | "src" | "action" | "formaction" | "data" | "poster" | "xlink:href" => {
            let own = value.starts_with('/') && !value.starts_with("//") || value.starts_with('#');
            if own { format!("{name} of ours") } else { format!("{name}={value}") }
        }
        "style" | "srcdoc" | "http-equiv" | "rel" => format!("{name}={value}"),
        name if name.starts_with("on") => format!("{name}={value}"),
        name => name.to_owned(),
    }
}

/// Whether pages of plain words have it: an attribute that says more (what is wrong, what is chosen) may be missing there.
fn is_known(known: &BTreeSet<Shape>, (name, attributes): &Shape) -> bool {
    let of_name = || known.iter().filter(|(known, _)| known == name);
    of_name().next().is_some() && attributes.iter().all(|it| of_name().any(|(_, known)| known.contains(it)))
}

/// What spreadsheets would compute does not begin any field.
fn is_no_formula(table: &str) {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(table.as_bytes());
    let mut fields = 0;
    for record in reader.records() {
        for field in &record.unwrap() {
            let begins = field.trim_start_matches([' ', '\u{a0}']).chars().next();
            assert!(
                !begins.is_some_and(|sign| "=+-@\t\r\n\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(sign)),
                "{field:?}"
            );
            fields += 1;
        }
    }
    assert!(fields > 50, "{fields}");
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|sign| !sign.is_control()).take(20).collect()
}

/// As much as is shown of a text however long it is.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| text.split_at(end).0)
}

fn has_controls(text: &str) -> bool {
    text.chars().any(|sign| sign.is_control())
}

/// As part of an address, which has an end.
fn encoded(text: &str) -> String {
    text.bytes().take(1_500).map(|byte| format!("%{byte:02X}")).collect()
}
