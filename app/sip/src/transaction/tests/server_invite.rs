use super::*;

fn after(transport: Reliability, statuses: &[u16]) -> (ServerInvite, Vec<Effect>) {
    let mut effects = Vec::new();
    let mut machine = ServerInvite::new(&request("INVITE"), transport, at(0));
    for status in statuses {
        machine.respond(&response("INVITE", *status), at(100), &mut effects);
    }
    effects.clear();
    (machine, effects)
}

fn confirmed() -> (ServerInvite, Vec<Effect>) {
    let (mut machine, mut effects) = after(UNRELIABLE, &[486]);
    machine.receive(&request("ACK"), at(200), &mut effects);
    (machine, effects)
}

#[test]
fn si1_made() {
    let (machine, _) = after(RELIABLE, &[]);
    assert!(machine.is_proceeding());
    assert_eq!(machine.deadline(), Some(at(200)));
}

#[test]
fn si2_trying() {
    let (_, log) = elapse(after(RELIABLE, &[]).0, 60_000);
    assert_eq!(log, [(200, words("send 100"))]);
    let (_, log) = elapse(after(RELIABLE, &[180]).0, 60_000);
    assert_eq!(log, []);
    let (mut machine, mut effects) = after(RELIABLE, &[]);
    machine.respond_trying(&mut effects);
    machine.respond_trying(&mut effects);
    assert_eq!(short(&mut effects), ["send 100"]);
    machine.receive(&request("INVITE"), at(100), &mut effects);
    assert_eq!(short(&mut effects), ["send 100"]);
    assert_eq!(elapse(machine, 60_000).1, []);
}

#[test]
fn si3_invite_again() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[]);
    machine.receive(&request("INVITE"), at(100), &mut effects);
    assert_eq!(short(&mut effects), nothing());
    let (mut machine, mut effects) = after(UNRELIABLE, &[180]);
    machine.receive(&request("INVITE"), at(500), &mut effects);
    assert_eq!(short(&mut effects), ["send 180"]);
}

#[test]
fn si4_provisional() {
    let (mut machine, mut effects) = after(RELIABLE, &[]);
    machine.respond(&response("INVITE", 180), at(10), &mut effects);
    machine.respond(&response("INVITE", 183), at(10), &mut effects);
    assert_eq!(short(&mut effects), ["send 180", "send 183"]);
    assert!(machine.is_proceeding());
}

#[test]
fn si5_success() {
    let (mut machine, mut effects) = after(RELIABLE, &[180]);
    machine.respond(&response("INVITE", 200), at(1000), &mut effects);
    assert_eq!(short(&mut effects), ["send 200"]);
    assert_eq!(machine.state(), &ServerInviteState::Accepted { until: at(33_000) });
}

#[test]
fn si6_refusal() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[180]);
    machine.respond(&response("INVITE", 486), at(1000), &mut effects);
    assert_eq!(short(&mut effects), ["send 486"]);
    assert_eq!(machine.deadline(), Some(at(1500)));
    let (machine, _) = after(RELIABLE, &[486]);
    assert_eq!(machine.deadline(), Some(at(32_100)));
}

#[test]
fn si7_invite_again_completed() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[486]);
    machine.receive(&request("INVITE"), at(200), &mut effects);
    assert_eq!(short(&mut effects), ["send 486"]);
}

#[test]
fn si8_timer_g() {
    let (_, log) = elapse(after(UNRELIABLE, &[486]).0, 20_000);
    let times: Vec<u64> = log.iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [600, 1600, 3600, 7600, 11_600, 15_600, 19_600]);
    assert!(log.iter().all(|(_, did)| *did == words("send 486")));
}

#[test]
fn si9_timer_h() {
    let (machine, log) = elapse(after(RELIABLE, &[486]).0, 60_000);
    assert_eq!(log, [(32_100, words("unacknowledged"))]);
    assert!(machine.is_terminated());
}

#[test]
fn si10_ack_unreliable() {
    let (machine, mut effects) = confirmed();
    assert_eq!(short(&mut effects), nothing());
    assert_eq!(machine.state(), &ServerInviteState::Confirmed { until: at(5200) });
}

#[test]
fn si11_ack_reliable() {
    let (mut machine, mut effects) = after(RELIABLE, &[486]);
    machine.receive(&request("ACK"), at(200), &mut effects);
    assert!(machine.is_terminated());
}

#[test]
fn si12_confirmed_absorbs() {
    let (mut machine, mut effects) = confirmed();
    machine.receive(&request("INVITE"), at(300), &mut effects);
    machine.receive(&request("ACK"), at(300), &mut effects);
    machine.respond(&response("INVITE", 200), at(300), &mut effects);
    assert_eq!(short(&mut effects), nothing());
}

#[test]
fn si13_timer_i() {
    let (machine, log) = elapse(confirmed().0, 60_000);
    assert_eq!(log, [(5200, nothing())]);
    assert!(machine.is_terminated());
}

#[test]
fn si14_accepted_absorbs() {
    let (mut machine, mut effects) = after(RELIABLE, &[200]);
    machine.receive(&request("INVITE"), at(300), &mut effects);
    machine.respond(&response("INVITE", 486), at(300), &mut effects);
    assert_eq!(short(&mut effects), nothing());
}

#[test]
fn si15_accepted_ack() {
    let (mut machine, mut effects) = after(RELIABLE, &[200]);
    machine.receive(&request("ACK"), at(300), &mut effects);
    assert_eq!(short(&mut effects), ["tell ACK"]);
    assert!(!machine.is_terminated());
}

#[test]
fn si16_success_again() {
    let (mut machine, mut effects) = after(RELIABLE, &[200]);
    machine.respond(&response("INVITE", 200), at(600), &mut effects);
    assert_eq!(short(&mut effects), ["send 200"]);
}

#[test]
fn si17_timer_l() {
    let (machine, log) = elapse(after(RELIABLE, &[200]).0, 60_000);
    assert_eq!(log, [(32_100, nothing())]);
    assert!(machine.is_terminated());
}

#[test]
fn si18_transport_failed() {
    for before in [&[][..], &[486]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.transport_failed(&mut effects);
        assert_eq!(short(&mut effects), ["transport failed"]);
        assert!(machine.is_terminated());
    }
}

#[test]
fn si19_new_transport() {
    for (before, sent) in [(&[][..], nothing()), (&[180], words("send 180")), (&[486], words("send 486"))] {
        let (machine, mut effects) = after(RELIABLE, before);
        machine.resend(&mut effects);
        assert_eq!(short(&mut effects), sent);
    }
}
