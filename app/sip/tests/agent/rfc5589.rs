//! The transfers of RFC 5589 and the features of RFC 5359 that are made of them, between three phones, as ladders. Each is
//! also run with each phone's page replaced after each of its inputs, and with its connection lost there: whatever the
//! moment, all three users must notice the same.

use super::network::Seen;
use super::transfer::transfer;
use super::transferee::accept;
use super::{ALICE, BOB, CAROL, Net, trio};
use sip::Duration;
use sip::agent::{Phase, Registration, TransferProgress};
use sip::header::Replaces;
use sip::message::{Message, Method, Response, Status};

const ALL: [usize; 3] = [ALICE, BOB, CAROL];

/// What is left to notice at the end of a flow.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    seen: Vec<Seen>,
    registration: Registration,
    phases: Vec<Phase>,
}

fn left(net: &Net) -> Vec<Left> {
    let of = |phone: usize| {
        let phone = net.phone(phone);
        let phases = phone.agent.calls().map(|call| call.phase).collect();
        Left { seen: phone.seen.clone(), registration: phone.registration(), phases }
    };
    ALL.map(of).into()
}

fn check(name: &str, flow: fn(&mut Net)) {
    let mut plain = trio();
    flow(&mut plain);
    insta::assert_snapshot!(name, plain.ladder());
    let expected = left(&plain);
    for phone in ALL {
        for inputs in 1..=plain.phone(phone).inputs {
            let mut replaced = trio();
            replaced.replace_after(phone, inputs);
            flow(&mut replaced);
            let who = &replaced.phone(phone).user;
            assert_eq!(left(&replaced), expected, "{name}: {who} replaced after input {inputs}\n{}", replaced.ladder());
        }
    }
}

/// Each phone takes two calls; Alice called Bob, who answered.
fn talk(net: &mut Net) {
    for phone in ALL {
        net.phone_mut(phone).configure(|config| config.max_calls = 2);
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
}

/// Bob takes on what Alice asks.
fn agree(net: &mut Net) {
    net.settle();
    accept(net);
    net.settle();
}

/// And Alice called Carol: her answer is still to come.
fn consult(net: &mut Net) {
    talk(net);
    net.dial(ALICE, "carol");
    net.settle();
}

/// Alice brings her two calls together.
fn bring_together(net: &mut Net) {
    let calls = net.phone(ALICE).calls();
    net.on(ALICE, "brings them together", |agent, now| agent.transfer_to(calls[0], calls[1], now)).unwrap();
}

/// The dialog that Bob's phone rings in, as Alice sees it.
fn ringing_dialog(net: &Net) -> Replaces {
    let ringing = net.exchange.received.iter().find_map(|message| match message {
        Message::Response(response) if response.status == Status::RINGING => Some(response),
        Message::Response(_) | Message::Request(_) => None,
    });
    let headers = &ringing.unwrap().headers;
    let (from, to) = (headers.get::<sip::header::From>().unwrap(), headers.get::<sip::header::To>().unwrap());
    let call_id = headers.get::<sip::header::CallId>().unwrap();
    Replaces::new(&call_id, from.tag().unwrap(), to.tag().unwrap()).unwrap()
}

macro_rules! flows {
    ($($(#[$doc:meta])* $name:ident $flow:expr;)+) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            check(stringify!($name), $flow);
        }
    )+};
}

flows! {
    /// RFC 5589 6.1, RFC 5359 2.4: basic transfer.
    basic |net| {
        talk(net);
        transfer(net, ALICE, "carol");
        agree(net);
        net.answer(CAROL);
        net.settle();
        net.hang_up(BOB);
        net.settle();
    };

    /// RFC 5589 6.2: the target is busy.
    failed_target_busy |net| {
        talk(net);
        for user in ["one", "two"] {
            net.phone_mut(CAROL).holds = true;
            net.dial(CAROL, user);
        }
        transfer(net, ALICE, "carol");
        agree(net);
        net.hang_up(ALICE);
        net.settle();
    };

    /// RFC 5589 6.3: the target does not answer.
    failed_target_does_not_answer |net| {
        net.phone_mut(CAROL).configure(|config| config.ringing = Duration::from_secs(20));
        for phone in ALL {
            net.phone_mut(phone).configure(|config| config.max_calls = 2);
            net.start(phone);
        }
        net.dial(ALICE, "bob");
        net.settle();
        net.answer(BOB);
        net.settle();
        transfer(net, ALICE, "carol");
        agree(net);
        net.run(Duration::from_secs(24));
        net.hang_up(ALICE);
        net.settle();
    };

    /// RFC 5589 6.2: the transferee does not want to.
    refused_by_the_transferee |net| {
        talk(net);
        transfer(net, ALICE, "carol");
        net.settle();
        let call = net.phone(BOB).calls()[0];
        net.on(BOB, "rejects the transfer", |agent, now| agent.reject_transfer(call, now)).unwrap();
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    };

    /// The transferor hangs up at once (RFC 5589 6, in the way of old phones): what it wanted is done all the same.
    transferor_hangs_up_at_once |net| {
        talk(net);
        transfer(net, ALICE, "carol");
        agree(net);
        net.hang_up(ALICE);
        net.settle();
        net.answer(CAROL);
        net.settle();
    };

    /// The called side passes it on.
    transferred_by_the_called |net| {
        talk(net);
        transfer(net, BOB, "carol");
        net.settle();
        let call = net.phone(ALICE).calls()[0];
        net.on(ALICE, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap();
        net.settle();
        net.answer(CAROL);
        net.settle();
    };

    /// RFC 5589 7.1, RFC 5359 2.5: attended transfer.
    attended |net| {
        consult(net);
        net.on(CAROL, "answers", |agent, now| {
            let call = agent.calls().next().unwrap().id;
            agent.answer(call, now)
        })
        .unwrap();
        net.settle();
        bring_together(net);
        agree(net);
        net.hang_up(BOB);
        net.settle();
    };

    /// RFC 5589 7.1, with both on hold, as it is usual; what fails is resumed.
    attended_from_hold |net| {
        consult(net);
        net.answer(CAROL);
        net.settle();
        for call in net.phone(ALICE).calls() {
            net.on(ALICE, "holds", |agent, now| agent.hold(call, now)).unwrap();
            net.settle();
        }
        bring_together(net);
        net.settle();
        net.exchange.refuse(Method::Invite, Status::NOT_ACCEPTABLE_HERE);
        accept(net);
        net.settle();
        let first = net.phone(ALICE).calls()[0];
        net.on(ALICE, "resumes", |agent, now| agent.resume(first, now)).unwrap();
        net.settle();
        bring_together(net);
        agree(net);
    };

    /// RFC 5589 7.4: the target refuses the new call; both old ones go on.
    attended_failed |net| {
        consult(net);
        net.answer(CAROL);
        net.settle();
        bring_together(net);
        net.settle();
        net.exchange.refuse(Method::Invite, Status::NOT_ACCEPTABLE_HERE);
        accept(net);
        net.settle();
        net.hang_up(ALICE);
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    };

    /// RFC 5589 7.3: the target's server knows nothing of Replaces, and its phone rings like any other time.
    attended_without_replaces |net| {
        consult(net);
        net.answer(CAROL);
        net.settle();
        bring_together(net);
        net.settle();
        net.exchange.answer(Method::Invite, |invite| {
            let mut response = Response::to_request(invite, Status::OK);
            response.set_to_tag("elsewhere");
            response.headers.push_raw("Contact", "<sip:carol-page@carol.invalid>").unwrap();
            response.headers.push_raw("Content-Type", "application/sdp").unwrap();
            response.body = b"answer of another phone".to_vec();
            response
        });
        accept(net);
        net.run(Duration::from_secs(6));
    };

    /// RFC 5589 7.6: semi-attended, as a blind transfer.
    semi_attended |net| {
        consult(net);
        bring_together(net);
        agree(net);
        net.answer(CAROL);
        net.settle();
    };

    /// RFC 5589 7.6: even before the target rings.
    semi_attended_before_it_rings |net| {
        talk(net);
        net.dial(ALICE, "carol");
        bring_together(net);
        agree(net);
        net.answer(CAROL);
        net.settle();
    };

    /// RFC 5359 2.10: call pick-up.
    picked_up |net| {
        for phone in ALL {
            net.start(phone);
        }
        net.dial(ALICE, "bob");
        net.settle();
        let dialog = ringing_dialog(net).with_early_only();
        let target = "sip:alice@example.com".parse().unwrap();
        net.on(CAROL, "picks up", |agent, now| agent.replace(target, dialog, now)).unwrap();
        net.settle();
        net.hang_up(CAROL);
        net.settle();
    };

    /// A call is taken over by another phone (RFC 3891 1).
    taken_over |net| {
        talk(net);
        let dialog = ringing_dialog(net);
        let target = "sip:alice@example.com".parse().unwrap();
        net.on(CAROL, "takes over", |agent, now| agent.replace(target, dialog, now)).unwrap();
        net.settle();
    };

    /// The transferor's connection is lost while the target rings.
    connection_lost_in_a_transfer |net| {
        talk(net);
        transfer(net, ALICE, "carol");
        agree(net);
        net.run(Duration::from_secs(10));
        net.reachable = false;
        net.cut(ALICE);
        net.answer(CAROL);
        net.run(Duration::from_secs(5));
        net.reachable = true;
        net.run(Duration::from_secs(20));
    };

    /// Both connections are lost when it is accepted.
    connections_lost_as_it_is_accepted |net| {
        talk(net);
        transfer(net, ALICE, "carol");
        net.settle();
        accept(net);
        net.cut(BOB);
        net.cut(ALICE);
        net.run(Duration::from_secs(5));
        net.answer(CAROL);
        net.run(Duration::from_secs(5));
    };
}

/// At each moment of a basic transfer, each phone in turn loses its connection, and finds a new one: the transfer is done
/// all the same, or, if the exchange could not pass on REFER or INVITE, known to have failed.
#[test]
fn a_lost_connection_costs_no_call() {
    let steps: [fn(&mut Net); 3] = [
        |net| transfer(net, ALICE, "carol"),
        |net| {
            accept(net);
        },
        |net| net.answer(CAROL),
    ];
    for at in 0..steps.len() {
        for phone in ALL {
            for after in [0, 5, 15, 25, 35, 45, 55] {
                let mut net = trio();
                talk(&mut net);
                for (number, step) in steps.iter().enumerate() {
                    step(&mut net);
                    if number == at {
                        net.run(Duration::from_millis(after));
                        net.cut(phone);
                    }
                    net.run(Duration::from_secs(40));
                    let asked = net.phone(BOB).agent.calls().any(|call| call.transfer_asked);
                    if (number == 0 && !asked) || (number == 1 && net.phone(CAROL).phase().is_none()) {
                        break;
                    }
                }
                if net.phone(ALICE).transfers().last() == Some(&TransferProgress::Answered) {
                    assert_eq!(net.phone(ALICE).calls(), [], "step {at}, {phone}, {after} ms\n{}", net.ladder());
                    // A BYE that could not be passed on is not noticed by Bob.
                    let with_alice = net.phone(BOB).calls()[0];
                    if net.phone(BOB).calls().len() > 1 {
                        net.on(BOB, "hangs up on Alice", |agent, now| agent.hangup(with_alice, now)).unwrap();
                        net.settle();
                    }
                } else {
                    assert_eq!(net.phone(CAROL).calls(), [], "step {at}, {phone}, {after} ms\n{}", net.ladder());
                }
                let calls: usize = ALL.iter().map(|phone| net.phone(*phone).calls().len()).sum();
                assert_eq!(calls, 2, "step {at}, {phone}, {after} ms\n{}", net.ladder());
            }
        }
    }
}
