use super::*;

const NOW: Instant = Instant::from_millis(10_000);

fn named() -> Upload {
    let mut upload = Upload::default();
    upload.push(b"head", 1_000);
    assert_eq!(upload.poll(NOW), Some(Ask::Name));
    upload.said(Said::Name("n".to_owned()), NOW);
    upload
}

fn take(number: u32, until: u32, bytes: &[u8]) -> Option<Ask> {
    Some(Ask::Take("n".to_owned(), Piece { number, until, bytes: bytes.into() }))
}

#[test]
fn up0_nothing_is_asked_before_there_is_a_sound() {
    let mut upload = Upload::default();
    assert_eq!(upload.poll(NOW), None);
    upload.end();
    assert_eq!(upload.poll(NOW), None);
    assert!(upload.is_over(), "a recording of nothing is none");
    let mut upload = Upload::default();
    upload.push(b"head", 1_000);
    assert_eq!(upload.poll(NOW), Some(Ask::Name));
    assert_eq!(upload.poll(NOW), None, "once");
}

#[test]
fn up1_up2_pieces_follow_one_another() {
    let mut upload = named();
    assert_eq!(upload.poll(NOW), take(0, 1_000, b"head"));
    upload.push(b"two", 2_000);
    upload.push(b"three", 3_000);
    assert_eq!(upload.poll(NOW), None, "one at a time");
    upload.said(Said::Taken, NOW);
    assert_eq!(upload.poll(NOW), take(1, 3_000, b"twothree"));
    upload.said(Said::Taken, NOW);
    assert_eq!(upload.poll(NOW), None);
    upload.push(b"four", 4_000);
    assert_eq!(upload.poll(NOW), take(2, 4_000, b"four"));
}

#[test]
fn up3_up4_what_may_have_come_is_sent_again_as_it_was() {
    let mut upload = named();
    assert_eq!(upload.poll(NOW), take(0, 1_000, b"head"));
    upload.said(Said::Nothing, NOW);
    upload.push(b"two", 2_000);
    assert_eq!(upload.poll(NOW), None);
    let at = upload.deadline().unwrap();
    assert_eq!(at, NOW + FIRST);
    assert_eq!(upload.poll(at), take(0, 1_000, b"head"));
    upload.said(Said::Nothing, at);
    assert_eq!(upload.deadline(), Some(at + FIRST * 2));
    let at = at + FIRST * 2;
    assert_eq!(upload.poll(at), take(0, 1_000, b"head"));
    upload.said(Said::Taken, at);
    assert_eq!(upload.poll(at), take(1, 2_000, b"two"));
}

#[test]
fn up3_a_name_is_asked_for_again() {
    let mut upload = Upload::default();
    upload.push(b"head", 1_000);
    assert_eq!(upload.poll(NOW), Some(Ask::Name));
    upload.said(Said::Nothing, NOW);
    assert_eq!(upload.poll(NOW + FIRST), Some(Ask::Name));
}

#[test]
fn up3_who_waits_asks_every_two_seconds_at_last_and_says_so() {
    let mut upload = named();
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..20 {
        assert!(upload.poll(now).is_some());
        upload.said(Said::Nothing, now);
        waits.push(upload.deadline().unwrap().since(now).as_millis());
        now = upload.deadline().unwrap();
        assert_eq!(upload.is_late(), waits.len() >= 3);
    }
    assert_eq!(waits[..5], [250, 500, 1_000, 2_000, 2_000]);
    assert_eq!(waits.last(), Some(&2_000));
    assert!(upload.poll(now).is_some());
    upload.said(Said::Taken, now);
    assert!(!upload.is_late(), "it is back");
}

#[test]
fn up5_who_is_refused_sends_and_keeps_nothing() {
    let mut upload = named();
    assert!(upload.poll(NOW).is_some());
    upload.push(b"two", 2_000);
    upload.said(Said::No(RecordingFailure::NoRoom), NOW);
    upload.push(b"three", 3_000);
    assert_eq!(upload.failure(), Some(RecordingFailure::NoRoom));
    assert_eq!((upload.poll(NOW), upload.deadline(), upload.waiting.len()), (None, None, 0));
    assert!(upload.is_over());
}

#[test]
fn up6_what_waits_has_an_end_and_is_sent_all_the_same() {
    let mut upload = named();
    upload.said(Said::Nothing, NOW);
    let megabyte = vec![7; 1 << 20];
    for second in 0..15 {
        upload.push(&megabyte, second);
    }
    assert_eq!(upload.failure(), None);
    upload.push(&megabyte, 16_000);
    assert_eq!(upload.failure(), Some(RecordingFailure::TooMuch));
    upload.push(b"small", 17_000);
    let mut sent = 0;
    while let Some(Ask::Take(_, piece)) = upload.poll(NOW) {
        assert!(piece.bytes.len() <= LARGEST);
        assert!(piece.until < 16_000, "what was not kept is not counted");
        sent += piece.bytes.len();
        upload.said(Said::Taken, NOW);
    }
    assert_eq!(sent, 4 + 15 * (1 << 20), "without a gap");
    assert!(upload.is_over());
}

#[test]
fn up7_it_is_over_when_the_last_piece_is_there() {
    let mut upload = named();
    upload.push(b"last", 2_000);
    upload.end();
    upload.push(b"late", 3_000);
    assert!(!upload.is_over());
    assert_eq!(upload.poll(NOW), take(0, 2_000, b"headlast"));
    upload.said(Said::Nothing, NOW);
    assert!(!upload.is_over());
    assert_eq!(upload.poll(NOW + FIRST), take(0, 2_000, b"headlast"));
    upload.said(Said::Taken, NOW + FIRST);
    assert!(upload.is_over());
    assert_eq!(upload.failure(), None);
}

#[test]
fn what_is_said_to_nothing_changes_nothing() {
    let mut upload = named();
    upload.said(Said::Taken, NOW);
    upload.said(Said::No(RecordingFailure::Removed), NOW);
    assert_eq!(upload.failure(), None);
    assert_eq!(upload.poll(NOW), take(0, 1_000, b"head"));
}
