use sip::body::dialog_info::DialogInfo;
use sip::body::reginfo::RegInfo;
use sip::header::{Event, SubscriptionState};
use sip::message::Request;
use sip::proxy::SendId;
use std::collections::BTreeMap;

/// What the notifier tells: numbers rise by one, nobody learns what is not theirs, and what is over is over.
#[derive(Default)]
pub(super) struct Notices(BTreeMap<u64, Told>);

/// What a subscription was told.
#[derive(Default)]
struct Told {
    next: Option<u32>,
    over: bool,
}

impl Notices {
    /// A NOTIFY leaves for a user.
    pub(super) fn sent(&mut self, id: SendId, user: &str, request: &Request) {
        let text = || String::from_utf8_lossy(&request.body).into_owned();
        let event: Event = request.headers.get().expect("it says what it is about");
        let state: SubscriptionState = request.headers.get().expect("it says how its subscription stands");
        let own = format!("sip:{user}@{}", super::DOMAIN);
        let told = self.0.entry(id.0 >> 24).or_default();
        let over = state.to_string().starts_with("terminated");
        assert!(over || !told.over, "{user} is told something after the end: {}", text());
        told.over = over;
        if request.body.is_empty() {
            return;
        }
        let number = match event.package() {
            "dialog" => DialogInfo::parse(&request.body).expect("a document").version,
            "reg" => {
                let document = RegInfo::parse(&request.body).expect("a document");
                for registration in &document.registrations {
                    assert_eq!(registration.aor, own, "{user} is told of phones that are not theirs: {}", text());
                }
                document.version
            }
            "message-summary" => {
                assert!(text().contains(&own), "{user} is told of a mailbox that is not theirs: {}", text());
                return;
            }
            _ => return,
        };
        let number = number.expect("it is numbered");
        assert!(told.next.is_none_or(|next| next == number), "{number} is not {:?}: {}", told.next, text());
        assert!(told.next.is_some() || number == 0, "the first one is not 0: {}", text());
        told.next = Some(number + 1);
    }
}
