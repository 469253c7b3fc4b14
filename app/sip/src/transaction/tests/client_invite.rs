use super::*;

fn calling(transport: Reliability) -> (ClientInvite, Vec<Effect>) {
    let mut effects = Vec::new();
    let machine = ClientInvite::new(request("INVITE"), transport, at(0), &mut effects);
    (machine, effects)
}

fn after(transport: Reliability, statuses: &[u16]) -> (ClientInvite, Vec<Effect>) {
    let (mut machine, mut effects) = calling(transport);
    for status in statuses {
        machine.receive(&response("INVITE", *status), at(100), &mut effects);
    }
    effects.clear();
    (machine, effects)
}

#[test]
fn ci1_made() {
    let (machine, mut effects) = calling(UNRELIABLE);
    assert_eq!(short(&mut effects), ["send INVITE"]);
    assert_eq!(machine.deadline(), Some(at(500)));
    let (machine, _) = calling(RELIABLE);
    assert_eq!(machine.deadline(), Some(at(32_000)));
}

#[test]
fn ci2_timer_a() {
    let (machine, _) = calling(UNRELIABLE);
    let (_, log) = elapse(machine, 31_999);
    let times: Vec<u64> = log.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [500, 1500, 3500, 7500, 15_500, 31_500]);
    assert!(log.iter().all(|(_, did)| *did == words("send INVITE")));
}

#[test]
fn ci3_timer_b() {
    let (machine, _) = calling(RELIABLE);
    let (machine, log) = elapse(machine, 40_000);
    assert_eq!(log, [(32_000, words("timed out"))]);
    assert!(machine.is_terminated());
}

#[test]
fn ci4_provisional() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[]);
    machine.receive(&response("INVITE", 180), at(10), &mut effects);
    assert_eq!(short(&mut effects), ["tell 180"]);
    assert_eq!(machine.state(), &ClientInviteState::Proceeding);
    // Neither timer A nor timer B goes on.
    assert_eq!(machine.deadline(), None);
}

#[test]
fn ci5_success() {
    for before in [&[][..], &[180]] {
        let (mut machine, mut effects) = after(RELIABLE, before);
        machine.receive(&response("INVITE", 200), at(1000), &mut effects);
        assert_eq!(short(&mut effects), ["tell 200"]);
        assert_eq!(machine.state(), &ClientInviteState::Accepted { until: at(33_000) });
    }
}

#[test]
fn ci5_an_invite_is_forgotten_once_it_was_accepted_and_not_before() {
    let (mut machine, mut effects) = after(RELIABLE, &[180]);
    let request = machine.request().clone();
    machine.forget_request();
    assert_eq!(machine.request(), &request, "it may have to be cancelled");
    machine.receive(&response("INVITE", 200), at(1000), &mut effects);
    machine.forget_request();
    assert!(machine.request().headers.is_empty() && machine.request().body.is_empty());
    machine.receive(&response("INVITE", 200), at(2000), &mut effects);
    assert_eq!(short(&mut effects), ["tell 200", "tell 200"]);
    assert_eq!(machine.deadline(), Some(at(33_000)));
}

#[test]
fn ci6_refusal_unreliable() {
    for before in [&[][..], &[180]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.receive(&response("INVITE", 486), at(1000), &mut effects);
        let Some(Effect::Transmit(ack)) = effects.get(1) else { panic!("an ACK was expected") };
        let Message::Request(ack) = Message::parse(ack).unwrap() else { panic!("a request") };
        assert_eq!(short(&mut effects), ["tell 486", "send ACK"]);
        assert_eq!(machine.deadline(), Some(at(33_000)));
        // RFC 3261 17.1.1.3
        assert_eq!(Key::sent(&ack).unwrap().cancelled(), Key::sent(machine.request()).unwrap());
        let headers = &ack.headers;
        assert_eq!(headers.get::<crate::header::To>().unwrap().tag(), Some("b1"));
        assert_eq!(headers.get::<crate::header::CSeq>().unwrap().seq, 7);
        assert!(headers.contains(crate::message::HeaderName::Route));
    }
}

#[test]
fn ci7_refusal_reliable() {
    let (mut machine, mut effects) = after(RELIABLE, &[180]);
    machine.receive(&response("INVITE", 486), at(1000), &mut effects);
    assert_eq!(short(&mut effects), ["tell 486", "send ACK"]);
    assert!(machine.is_terminated());
}

#[test]
fn ci8_provisional_again() {
    let (mut machine, mut effects) = after(RELIABLE, &[100]);
    machine.receive(&response("INVITE", 183), at(200), &mut effects);
    assert_eq!(short(&mut effects), ["tell 183"]);
    assert_eq!(machine.state(), &ClientInviteState::Proceeding);
}

#[test]
fn ci9_refusal_again() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[486]);
    machine.receive(&response("INVITE", 486), at(200), &mut effects);
    assert_eq!(short(&mut effects), ["send ACK"]);
    machine.receive(&response("INVITE", 180), at(200), &mut effects);
    machine.receive(&response("INVITE", 200), at(200), &mut effects);
    assert_eq!(short(&mut effects), nothing());
}

#[test]
fn ci10_timer_d() {
    let (machine, _) = after(UNRELIABLE, &[486]);
    let (machine, log) = elapse(machine, 60_000);
    assert_eq!(log, [(32_100, nothing())]);
    assert!(machine.is_terminated());
}

#[test]
fn ci11_success_again() {
    let (mut machine, mut effects) = after(RELIABLE, &[200]);
    machine.receive(&response("INVITE", 200), at(600), &mut effects);
    assert_eq!(short(&mut effects), ["tell 200"]);
    machine.receive(&response("INVITE", 180), at(600), &mut effects);
    machine.receive(&response("INVITE", 486), at(600), &mut effects);
    assert_eq!(short(&mut effects), nothing());
}

#[test]
fn ci12_timer_m() {
    let (machine, _) = after(RELIABLE, &[200]);
    let (machine, log) = elapse(machine, 60_000);
    assert_eq!(log, [(32_100, nothing())]);
    assert!(machine.is_terminated());
}

#[test]
fn ci13_transport_failed() {
    for before in [&[][..], &[180], &[486]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.transport_failed(&mut effects);
        assert_eq!(short(&mut effects), ["transport failed"]);
        assert!(machine.is_terminated());
    }
}

#[test]
fn ci14_new_transport() {
    for before in [&[][..], &[180]] {
        let (machine, mut effects) = after(RELIABLE, before);
        machine.resend(&mut effects);
        assert_eq!(short(&mut effects), ["send INVITE"]);
    }
    let (machine, mut effects) = after(RELIABLE, &[200]);
    machine.resend(&mut effects);
    assert_eq!(short(&mut effects), nothing());
}

#[test]
fn cancel_leaves_only_while_proceeding() {
    assert_eq!(after(RELIABLE, &[]).0.cancel(), None);
    assert_eq!(after(RELIABLE, &[200]).0.cancel(), None);
    let (machine, _) = after(RELIABLE, &[100]);
    let cancel = machine.cancel().unwrap();
    assert_eq!(cancel.method, Method::Cancel);
    assert_eq!(cancel.uri, machine.request().uri);
    assert_eq!(Key::sent(&cancel).unwrap().cancelled(), Key::sent(machine.request()).unwrap());
    assert_eq!(cancel.headers.get::<crate::header::To>().unwrap().tag(), None);
}
