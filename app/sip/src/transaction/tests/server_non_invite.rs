use super::*;

fn after(transport: Reliability, statuses: &[u16]) -> (ServerNonInvite, Vec<Effect>) {
    let mut effects = Vec::new();
    let mut machine = ServerNonInvite::new(transport);
    for status in statuses {
        machine.respond(&response("BYE", *status), at(100), &mut effects);
    }
    effects.clear();
    (machine, effects)
}

#[test]
fn sn1_made() {
    let (machine, _) = after(UNRELIABLE, &[]);
    assert_eq!(machine.state(), &ServerNonInviteState::Trying);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn sn2_again_unanswered() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[]);
    machine.receive(&request("BYE"), &mut effects);
    assert_eq!(short(&mut effects), nothing());
}

#[test]
fn sn3_provisional() {
    let (mut machine, mut effects) = after(RELIABLE, &[]);
    machine.respond(&response("BYE", 100), at(10), &mut effects);
    machine.respond(&response("BYE", 182), at(10), &mut effects);
    assert_eq!(short(&mut effects), ["send 100", "send 182"]);
}

#[test]
fn sn4_again_provisional() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[100]);
    machine.receive(&request("BYE"), &mut effects);
    assert_eq!(short(&mut effects), ["send 100"]);
}

#[test]
fn sn5_final_unreliable() {
    for before in [&[][..], &[100]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.respond(&response("BYE", 200), at(1000), &mut effects);
        assert_eq!(short(&mut effects), ["send 200"]);
        assert_eq!(machine.deadline(), Some(at(33_000)));
    }
}

#[test]
fn sn6_final_reliable() {
    for before in [&[][..], &[100]] {
        let (mut machine, mut effects) = after(RELIABLE, before);
        machine.respond(&response("BYE", 200), at(1000), &mut effects);
        assert_eq!(short(&mut effects), ["send 200"]);
        assert!(machine.is_terminated());
    }
}

#[test]
fn sn7_again_final() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[200]);
    machine.receive(&request("BYE"), &mut effects);
    assert_eq!(short(&mut effects), ["send 200"]);
}

#[test]
fn sn8_one_final_response() {
    let (mut machine, mut effects) = after(UNRELIABLE, &[200]);
    machine.respond(&response("BYE", 500), at(200), &mut effects);
    assert_eq!(short(&mut effects), nothing());
    machine.receive(&request("BYE"), &mut effects);
    assert_eq!(short(&mut effects), ["send 200"]);
}

#[test]
fn sn9_timer_j() {
    let (mut machine, _) = after(UNRELIABLE, &[200]);
    machine.timeout(at(32_099));
    assert!(!machine.is_terminated());
    machine.timeout(at(32_100));
    assert!(machine.is_terminated());
}

#[test]
fn sn10_transport_failed() {
    for before in [&[][..], &[100], &[200]] {
        let (mut machine, mut effects) = after(UNRELIABLE, before);
        machine.transport_failed(&mut effects);
        assert_eq!(short(&mut effects), ["transport failed"]);
        assert!(machine.is_terminated());
    }
}
