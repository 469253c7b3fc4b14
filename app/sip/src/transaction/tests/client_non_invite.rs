use super::*;

fn after(transport: Reliability, statuses: &[u16]) -> (ClientNonInvite, Vec<Effect>) {
    let mut effects = Vec::new();
    let mut machine = ClientNonInvite::new(request("BYE"), transport, at(0), &mut effects);
    assert_eq!(short(&mut effects), ["send BYE"]);
    for status in statuses {
        machine.receive(&response("BYE", *status), at(100), &mut effects);
    }
    effects.clear();
    (machine, effects)
}

fn times(log: &[(u64, Vec<String>)]) -> Vec<u64> {
    log.iter().filter(|(_, did)| *did == words("send BYE")).map(|(time, _)| *time).collect()
}

#[test]
fn cn1_made() {
    assert_eq!(after(UNRELIABLE, &[]).0.deadline(), Some(at(500)));
    assert_eq!(after(RELIABLE, &[]).0.deadline(), Some(at(32_000)));
}

#[test]
fn cn2_timer_e() {
    let (_, log) = elapse(after(UNRELIABLE, &[]).0, 20_000);
    assert_eq!(times(&log), [500, 1500, 3500, 7500, 11_500, 15_500, 19_500]);
}

#[test]
fn cn3_timer_f() {
    for before in [&[][..], &[100]] {
        let (machine, log) = elapse(after(RELIABLE, before).0, 60_000);
        assert_eq!(log, [(32_000, words("timed out"))]);
        assert!(machine.is_terminated());
    }
}

#[test]
fn cn4_provisional() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[]);
    machine.receive(&response("BYE", 100), at(100), &mut effects);
    assert_eq!(short(&mut effects), ["tell 100"]);
    assert_eq!(machine.deadline(), Some(at(4100)));
}

#[test]
fn cn5_timer_e_proceeding() {
    let (_, log) = elapse(after(UNRELIABLE, &[100]).0, 13_000);
    assert_eq!(times(&log), [4100, 8100, 12_100]);
}

#[test]
fn cn6_provisional_again() {
    let (mut machine, mut effects) = after(RELIABLE, &[100]);
    machine.receive(&response("BYE", 100), at(200), &mut effects);
    assert_eq!(short(&mut effects), ["tell 100"]);
    assert_eq!(machine.deadline(), Some(at(32_000)));
}

#[test]
fn cn7_final_unreliable() {
    for before in [&[][..], &[100]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.receive(&response("BYE", 200), at(1000), &mut effects);
        assert_eq!(short(&mut effects), ["tell 200"]);
        assert_eq!(machine.state(), &ClientNonInviteState::Completed { until: at(6000) });
    }
}

#[test]
fn cn8_final_reliable() {
    for before in [&[][..], &[100]] {
        let (mut machine, mut effects) = after(RELIABLE, before);
        machine.receive(&response("BYE", 481), at(1000), &mut effects);
        assert_eq!(short(&mut effects), ["tell 481"]);
        assert!(machine.is_terminated());
    }
}

#[test]
fn cn9_final_again() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[200]);
    machine.receive(&response("BYE", 200), at(200), &mut effects);
    assert_eq!(short(&mut effects), nothing());
    assert!(!machine.is_terminated());
}

#[test]
fn cn10_timer_k() {
    let (machine, log) = elapse(after(UNRELIABLE, &[200]).0, 60_000);
    assert_eq!(log, [(5100, nothing())]);
    assert!(machine.is_terminated());
}

#[test]
fn cn11_transport_failed() {
    for before in [&[][..], &[100]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.transport_failed(&mut effects);
        assert_eq!(short(&mut effects), ["transport failed"]);
        assert!(machine.is_terminated());
    }
}

#[test]
fn cn12_new_transport() {
    for before in [&[][..], &[100]] {
        let (machine, mut effects) = after(RELIABLE, before);
        machine.resend(&mut effects);
        assert_eq!(short(&mut effects), ["send BYE"]);
    }
}
