//! The indices find what a look at every context finds.

use super::*;
use crate::message::{Method, Request};
use crate::proxy::context::{Client, Leg, Server, Stage};
use crate::proxy::response_context::ResponseContext;
use crate::registrar::Party;
use crate::transaction::{Reliability, ServerNonInvite};
use alloc::format;
use alloc::string::{String, ToString};
use proptest::prelude::*;

/// What a context is found by, as drawn.
#[derive(Clone, Debug)]
struct Drawn {
    key: u8,
    flow: Option<u64>,
    answered: bool,
    gone: Option<u64>,
    question: bool,
    caller: Option<(u8, u8)>,
    legs: Vec<(u8, u8)>,
}

#[derive(Clone, Debug)]
enum Step {
    Put(u64, Drawn),
    /// Taken out, and put back as another.
    Change(u64, Drawn),
    /// Taken out, and over.
    End(u64),
    Forget(u64),
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let end = || (0..4_u8, 0..6_u8);
    let parts = (
        0..4_u8,
        proptest::option::of(0..4_u64),
        any::<bool>(),
        proptest::option::of(0..8_u64),
        any::<bool>(),
        proptest::option::of(end()),
        proptest::collection::vec(end(), 0..3),
    );
    parts.prop_map(|(key, flow, answered, gone, question, caller, legs)| Drawn {
        key,
        flow,
        answered,
        gone,
        question,
        caller,
        legs,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..6_u64, drawn()).prop_map(|(id, drawn)| Step::Put(id, drawn)),
        3 => (0..6_u64, drawn()).prop_map(|(id, drawn)| Step::Change(id, drawn)),
        1 => (0..6_u64).prop_map(Step::End),
        1 => (0..6_u64).prop_map(Step::Forget),
    ]
}

fn key(number: u8) -> Key {
    let mut request = Request::new(Method::Options, "sip:a".parse().unwrap());
    request.headers.push_raw("Via", &format!("SIP/2.0/WS a.invalid;branch=z9hG4bK{number}")).unwrap();
    Key::server(&request).unwrap()
}

/// Devices from 4 on are phones that did not register.
fn end((user, device): (u8, u8)) -> Endpoint {
    let user = user.to_string();
    if device < 4 {
        Endpoint { user, device: device.to_string() }
    } else {
        Endpoint::unregistered(user, Flow(u64::from(device)))
    }
}

fn leg(target: Endpoint) -> Leg {
    Leg { target, callee: None, branch: String::new(), call: None, until: None, client: Client::Over, cancel: None }
}

fn plain(key: Key) -> Context {
    Context {
        key,
        flow: None,
        caller: None,
        gone: None,
        keep: None,
        begun: None,
        request: Request::new(Method::Options, "sip:a".parse().unwrap()),
        reasons: Vec::new(),
        tag: String::new(),
        server: Server::Other(ServerNonInvite::new(Reliability::Reliable)),
        stage: Stage::Settled,
    }
}

fn context(id: u64, drawn: Drawn) -> Box<Context> {
    let legs = drawn
        .legs
        .into_iter()
        .enumerate()
        .map(|(index, target)| Leg { branch: format!("z9hG4bK{id}.{index}"), ..leg(end(target)) });
    let legs: Vec<Leg> = legs.collect();
    let stage = if drawn.question {
        Stage::Locating { question: QuestionId(id), user: "u".to_string() }
    } else {
        Stage::Forked { responses: ResponseContext::other(legs.len()), legs }
    };
    let mut server = Server::Other(ServerNonInvite::new(Reliability::Reliable));
    if drawn.answered {
        server.abandon();
    }
    Box::new(Context {
        server,
        flow: drawn.flow.map(Flow),
        caller: drawn.caller.map(|it| (Party { user: end(it).user, name: None }, end(it))),
        gone: drawn.gone.map(Instant::from_millis),
        stage,
        ..plain(key(drawn.key))
    })
}

fn model<'a>(contexts: &'a Contexts, is: impl Fn(&Context) -> bool + 'a) -> Vec<u64> {
    let is = |entry: &Entry| entry.context.as_deref().is_some_and(&is);
    contexts.all.iter().filter(|(_, entry)| is(entry)).map(|(id, _)| *id).collect()
}

fn check(contexts: &Contexts) -> Result<(), TestCaseError> {
    for number in 0..4_u8 {
        let key = key(number);
        let named: Vec<u64> = contexts.named(&key).map(|(id, _)| id).collect();
        prop_assert_eq!(named, model(contexts, |c| c.key == key));
        let user = number.to_string();
        prop_assert_eq!(contexts.of_user(&user), model(contexts, |c| ends(c).any(|end| end.user == user)));
    }
    for flow in (0..6).map(Flow) {
        prop_assert_eq!(contexts.of_flow(flow), model(contexts, |c| c.flow == Some(flow)));
        let came = || contexts.values().filter(|context| context.flow == Some(flow));
        let load = Load { all: came().count(), waiting: came().filter(|context| context.server.is_waiting()).count() };
        prop_assert_eq!(contexts.load(flow), load);
        let lone = model(contexts, |c| ends(c).any(|end| end.flow() == Some(flow)));
        prop_assert_eq!(contexts.of_unregistered(flow), lone);
    }
    for now in (0..9).map(Instant::from_millis) {
        prop_assert_eq!(contexts.due(now), model(contexts, |c| c.deadline().is_some_and(|at| at <= now)));
    }
    prop_assert_eq!(contexts.deadline(), contexts.values().filter_map(Context::deadline).min());
    for id in 0..6 {
        let asked = model(contexts, |c| questions(c).any(|open| open == QuestionId(id)));
        prop_assert_eq!(contexts.asked(QuestionId(id)), asked.first().copied());
        for index in 0..3 {
            let branch = format!("z9hG4bK{id}.{index}");
            let there = contexts.get(id).is_some_and(|context| context.legs().len() > index);
            prop_assert_eq!(contexts.sent(&branch), there.then_some((id, index)));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_indices_find_what_a_look_at_every_context_finds(steps in proptest::collection::vec(step(), 0..24)) {
        let mut contexts = Contexts::default();
        for step in steps {
            match step {
                Step::Put(id, drawn) => contexts.put(id, context(id, drawn)),
                Step::Change(id, drawn) => {
                    if contexts.take(id).is_some() {
                        prop_assert_eq!(contexts.get(id).map(|_| ()), None);
                        contexts.put(id, context(id, drawn));
                    }
                }
                Step::End(id) => {
                    let _ = contexts.take(id);
                    contexts.forget(id);
                }
                Step::Forget(id) => contexts.forget(id),
            }
            check(&contexts)?;
        }
        let kept = |(id, entry): (&u64, &Entry)| Some((*id, entry.context.clone()?));
        let restored = Contexts::from(contexts.all.iter().filter_map(kept).collect::<BTreeMap<_, _>>());
        check(&restored)?;
        let ids = (0..6).collect::<Vec<_>>();
        for id in ids {
            contexts.forget(id);
        }
        prop_assert_eq!(std::format!("{contexts:?}"), std::format!("{:?}", Contexts::default()));
    }
}
