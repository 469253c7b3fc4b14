use super::*;

fn with_via(method: &str, via: &str) -> Request {
    let text = request(method).to_bytes();
    let text = std::string::String::from_utf8(text).unwrap();
    parse_request(&text.replace("SIP/2.0/UDP alice.invalid;branch=z9hG4bKabc", via))
}

#[test]
fn ack_and_cancel_find_their_invite() {
    let invite = Key::server(&request("INVITE")).unwrap();
    assert_eq!(Key::server(&request("ACK")).unwrap(), invite);
    let cancel = Key::server(&request("CANCEL")).unwrap();
    assert_ne!(cancel, invite);
    assert_eq!(cancel.cancelled(), invite);
}

#[test]
fn the_same_branch_of_another_sender_is_another_transaction() {
    let one = with_via("BYE", "SIP/2.0/WSS a.invalid;branch=z9hG4bKx");
    let other = with_via("BYE", "SIP/2.0/WSS b.invalid;branch=z9hG4bKx");
    let upper = with_via("BYE", "SIP/2.0/WSS A.INVALID;branch=z9hG4bKx");
    let port = with_via("BYE", "SIP/2.0/WSS a.invalid:5061;branch=z9hG4bKx");
    assert_ne!(Key::server(&one).unwrap(), Key::server(&other).unwrap());
    assert_ne!(Key::server(&one).unwrap(), Key::server(&port).unwrap());
    assert_eq!(Key::server(&one).unwrap(), Key::server(&upper).unwrap());
}

#[test]
fn a_response_finds_the_request_it_answers() {
    let sent = request("INVITE");
    assert_eq!(Key::client(&response("INVITE", 180)).unwrap(), Key::sent(&sent).unwrap());
    assert_ne!(Key::client(&response("CANCEL", 200)).unwrap(), Key::sent(&sent).unwrap());
}

#[test]
fn clients_from_before_rfc_3261_are_told_apart_by_their_headers() {
    let invite = with_via("INVITE", "SIP/2.0/UDP old.example.com");
    let again = with_via("INVITE", "SIP/2.0/UDP old.example.com;branch=1");
    let ack = with_via("ACK", "SIP/2.0/UDP old.example.com");
    assert_eq!(Key::server(&invite).unwrap(), Key::server(&again).unwrap());
    assert_eq!(Key::server(&invite).unwrap(), Key::server(&ack).unwrap());
}
