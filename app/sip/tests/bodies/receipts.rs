//! Messages with fields of their own (RFC 3862), and the receipts that they ask for (RFC 5438).

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sip::body::cpim::Cpim;
use sip::body::imdn::{Disposition, Receipt, ReceiptError, Wanted, ask, asks, is_receipt, message_id};
use sip::body::multipart::Part;
use sip::body::{BodyErrorKind, limits};

const EVERY: [Disposition; 11] = [
    Disposition::Delivered,
    Disposition::DeliveryFailed,
    Disposition::DeliveryForbidden,
    Disposition::DeliveryError,
    Disposition::Processed,
    Disposition::Stored,
    Disposition::ProcessingForbidden,
    Disposition::ProcessingError,
    Disposition::Displayed,
    Disposition::DisplayForbidden,
    Disposition::DisplayError,
];

const ALL: Wanted = Wanted { positive_delivery: true, negative_delivery: true, processing: true, display: true };

/// The message of RFC 5438 7.1.1, whose fields no empty line parts.
const MESSAGE: &str = "From: Alice <im:alice@example.com>\n\
    To: Bob <im:bob@example.com>\n\
    NS: imdn <urn:ietf:params:imdn>\n\
    imdn.Message-ID: 34jk324j\n\
    DateTime: 2006-04-04T12:16:49-05:00\n\
    imdn.Disposition-Notification: positive-delivery, negative-delivery\n\
    Content-type: text/plain\n\
    Content-length: 12\n\
    \n\
    Hello World\n";

/// The receipt of RFC 5438 7.2.1.
const RECEIPT: &str = "From: Bob <im:bob@example.com>\r\n\
    To: Alice <im:alice@example.com>\r\n\
    NS: imdn <urn:ietf:params:imdn>\r\n\
    imdn.Message-ID: d834jied93rf\r\n\
    \r\n\
    Content-type: message/imdn+xml\r\n\
    Content-Disposition: notification\r\n\
    \r\n\
    <imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\r\n\
     <message-id>34jk324j</message-id>\r\n\
     <datetime>2008-04-04T12:16:49-05:00</datetime>\r\n\
     <display-notification>\r\n\
      <status>\r\n\
       <displayed/>\r\n\
      </status>\r\n\
     </display-notification>\r\n\
    </imdn>\r\n";

fn read(body: &str) -> Cpim {
    Cpim::parse(body.as_bytes()).expect(body)
}

fn asking(wanted: Wanted) -> Cpim {
    let part = Part::new("text/plain", b"Hello").unwrap();
    let mut message = Cpim::new("Alice <sip:alice@example.com>", "Bob <sip:bob@example.com>", part).unwrap();
    ask(&mut message, "34jk324j", "2026-04-04T12:16:49Z", wanted).unwrap();
    message
}

fn answer(message: &Cpim, disposition: Disposition) -> Result<Cpim, ReceiptError> {
    Receipt::for_message(message, disposition, "d834jied93rf", "2026-04-04T12:17:03Z")
}

fn error(body: impl AsRef<[u8]>) -> BodyErrorKind {
    Cpim::parse(body.as_ref()).expect_err("it is refused").kind
}

fn receipt_error(body: &str) -> BodyErrorKind {
    Receipt::parse(body.as_bytes()).expect_err(body).kind
}

#[test]
fn the_examples_of_rfc_5438_are_read() {
    let message = read(MESSAGE);
    assert_eq!(message.sender(), Some("im:alice@example.com"));
    assert_eq!(message.recipient(), Some("im:bob@example.com"));
    assert_eq!(message_id(&message), Some("34jk324j"));
    assert_eq!(asks(&message), Wanted { positive_delivery: true, negative_delivery: true, ..Wanted::default() });
    assert_eq!(message.part.body, b"Hello World\n");
    assert!(!is_receipt(&message));

    let answer = read(RECEIPT);
    assert!(is_receipt(&answer));
    let receipt = Receipt { datetime: Some("2008-04-04T12:16:49-05:00".into()), ..displayed() };
    assert_eq!(Receipt::find(&answer), Ok(Some(receipt)));
}

fn displayed() -> Receipt {
    Receipt {
        message_id: "34jk324j".into(),
        datetime: None,
        recipient: None,
        original_recipient: None,
        disposition: Disposition::Displayed,
    }
}

#[test]
fn an_example_of_rfc_3862_is_read() {
    let message = read(
        "From: MR SANDERS <im:piglet@100akerwood.com>\r\n\
         To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n\
         DateTime: 2000-12-13T13:40:00-08:00\r\n\
         Subject: the weather will be fine today\r\n\
         Subject:;lang=fr beau temps prevu pour aujourd'hui\r\n\
         NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n\
         Require: MyFeatures.VitalMessageOption\r\n\
         MyFeatures.VitalMessageOption: Confirmation-requested\r\n\
         MyFeatures.WackyMessageOption: Use-silly-font\r\n\
         \r\n\
         Content-type: text/xml; charset=utf-8\r\n\
         Content-ID: <1234567890@foo.com>\r\n\
         \r\n\
         <body>\r\nHere is the text of my message.\r\n</body>",
    );
    assert_eq!(message.sender(), Some("im:piglet@100akerwood.com"));
    assert_eq!(message.subject().as_deref(), Some("the weather will be fine today"));
    let option = message.name_in("mid:MessageFeatures@id.foo.com", "", "WackyMessageOption");
    assert_eq!(message.header(&option), Some("Use-silly-font"));
    assert!(message.part.media_type().is_some_and(|media_type| media_type.is("text/xml")));
    assert_eq!(message.part.content_id().map(|id| id.to_string()).as_deref(), Some("<1234567890@foo.com>"));
    assert_eq!(message.part.body, b"<body>\r\nHere is the text of my message.\r\n</body>");
    assert_eq!(asks(&message), Wanted::default());
    let french = read("Subject:;lang=fr beau\\u0020temps \\\\ \\x\\ud800\r\n\r\n\r\n");
    assert_eq!(french.subject().as_deref(), Some("beau temps \\ x\u{FFFD}"));
}

#[test]
fn each_receipt_that_is_asked_for_is_made_and_read() {
    for disposition in EVERY {
        let message = Cpim::parse(&asking(ALL).compose()).unwrap();
        let answer = answer(&message, disposition).unwrap();
        let answer = Cpim::parse(&answer.compose()).unwrap();
        assert_eq!(answer.sender(), Some("sip:bob@example.com"));
        assert_eq!(answer.recipient(), Some("sip:alice@example.com"));
        assert_eq!(message_id(&answer), Some("d834jied93rf"));
        assert_eq!(answer.header("DateTime"), Some("2026-04-04T12:17:03Z"));
        assert_eq!(answer.part.disposition().kind.as_str(), "notification");
        let receipt = Receipt {
            datetime: Some("2026-04-04T12:16:49Z".into()),
            recipient: Some("sip:bob@example.com".into()),
            disposition,
            ..displayed()
        };
        assert_eq!(Receipt::find(&answer), Ok(Some(receipt)));
    }
}

#[test]
fn nothing_is_told_that_was_not_asked_for() {
    let wanted = Wanted { positive_delivery: true, display: true, ..Wanted::default() };
    let message = asking(wanted);
    assert_eq!(asks(&message), wanted);
    for disposition in EVERY {
        let told = answer(&message, disposition).is_ok();
        assert_eq!(told, wanted.covers(disposition), "{disposition:?}");
        assert_eq!(answer(&asking(Wanted::default()), disposition), Err(ReceiptError::NotAsked));
    }
    assert!(wanted.covers(Disposition::DisplayForbidden) && !wanted.covers(Disposition::DeliveryFailed));
}

#[test]
fn a_receipt_has_no_receipt() {
    let mut receipt = answer(&asking(ALL), Disposition::Delivered).unwrap();
    assert_eq!(asks(&receipt), Wanted::default());
    // Also not when it asks for one, and whichever of its two marks it lacks.
    ask(&mut receipt, "again", "2026-04-04T12:18:00Z", ALL).unwrap();
    let mut without_type = receipt.clone();
    without_type.part.headers.remove(sip::message::HeaderName::ContentType);
    let mut without_disposition = receipt.clone();
    without_disposition.part.headers.remove(sip::message::HeaderName::ContentDisposition);
    for receipt in [receipt, without_type, without_disposition] {
        assert!(is_receipt(&receipt));
        assert_eq!(answer(&receipt, Disposition::Displayed), Err(ReceiptError::NotAsked));
    }
}

#[test]
fn a_receipt_goes_back_over_those_who_want_to_see_it() {
    let message = read(
        "From: <sip:alice@example.com>\r\nTo: <sip:bob@example.com>\r\nNS: x <urn:ietf:params:imdn>\r\n\
         x.Message-ID: 1\r\nx.Disposition-Notification: Display;a=b\r\nx.Original-To: <sip:all@example.com>\r\n\
         x.IMDN-Record-Route: <sip:list@example.com>\r\nx.IMDN-Record-Route: <sip:gate@example.com>\r\n\r\n\r\nHello",
    );
    let answer = answer(&message, Disposition::Displayed).unwrap();
    let route: Vec<_> = answer.all("imdn.IMDN-Route").collect();
    assert_eq!(route, ["<sip:list@example.com>", "<sip:gate@example.com>"]);
    let receipt = Receipt::find(&answer).unwrap().unwrap();
    assert_eq!(receipt.original_recipient.as_deref(), Some("sip:all@example.com"));
    assert_eq!(receipt.datetime.as_deref(), Some("2026-04-04T12:17:03Z"), "the message has no time");
}

#[test]
fn what_lacks_a_name_or_an_address_has_no_receipt() {
    let asks = "imdn.Disposition-Notification: display\r\n";
    let nameless = read(&format!("From: <sip:a@b>\r\nTo: <sip:b@b>\r\n{asks}\r\n\r\nx"));
    assert_eq!(answer(&nameless, Disposition::Displayed), Err(ReceiptError::NoMessageId));
    let nobody = read(&format!("To: <sip:b@b>\r\nimdn.Message-ID: 1\r\n{asks}\r\n\r\nx"));
    assert_eq!(answer(&nobody, Disposition::Displayed), Err(ReceiptError::NoAddress));
}

#[test]
fn no_field_is_injected() {
    let part = || Part::new("text/plain", b"x").unwrap();
    for hostile in ["<sip:a@b>\r\nTo: <sip:c@b>", "<sip:a@b>\n\n", "<sip:a@b>\0"] {
        assert!(Cpim::new(hostile, "<sip:b@b>", part()).is_err());
        assert!(Cpim::new("<sip:b@b>", hostile, part()).is_err());
        let mut message = asking(ALL);
        assert!(ask(&mut message, hostile, "now", ALL).is_err());
        let refused = Receipt::for_message(&message, Disposition::Displayed, "1", hostile);
        assert!(matches!(refused, Err(ReceiptError::Invalid(_))), "{refused:?}");
    }
    let mut message = asking(ALL);
    message.headers.push_raw("imdn.Original-To", "</original-recipient-uri><x>&lt;").unwrap();
    let receipt = Receipt::find(&answer(&message, Disposition::Displayed).unwrap()).unwrap().unwrap();
    assert_eq!(receipt.original_recipient.as_deref(), Some("/original-recipient-uri><x>&lt;"));
}

#[test]
fn hostile_messages_are_refused() {
    assert_eq!(error("no field\r\n\r\n"), BodyErrorKind::Field);
    assert_eq!(error("From: <sip:a@b>\r\n\r\nno field\r\n\r\n"), BodyErrorKind::Field);
    assert_eq!(error(b"From: \xff\r\n\r\n"), BodyErrorKind::Encoding);
    assert_eq!(error("Subject: a\0b\r\n\r\n\r\n"), BodyErrorKind::Field);
    assert_eq!(error("a: b\r\n".repeat(200)), BodyErrorKind::Field);
    assert_eq!(error(format!("a: {}\r\n", "b".repeat(9000))), BodyErrorKind::Field);
    assert_eq!(error("x".repeat(limits::BODY + 1)), BodyErrorKind::TooLarge);
    assert_eq!(Cpim::parse(b""), Ok(Cpim::default()));
}

#[test]
fn hostile_receipts_are_refused() {
    assert_eq!(receipt_error("<!DOCTYPE imdn><imdn/>"), BodyErrorKind::Doctype);
    assert_eq!(receipt_error("<imdn><message-id>&x;</message-id></imdn>"), BodyErrorKind::Entity);
    assert_eq!(receipt_error("<presence/>"), BodyErrorKind::Root);
    assert_eq!(receipt_error("<imdn>"), BodyErrorKind::Syntax);
    assert_eq!(receipt_error(&"<imdn>".repeat(limits::DEPTH + 1)), BodyErrorKind::TooDeep);
    assert_eq!(receipt_error("<imdn><message-id>1</message-id></imdn>"), BodyErrorKind::Missing);
    // A status of another kind of receipt is none.
    let wrong = "<imdn><message-id>1</message-id><display-notification><status><stored/></status></display-notification></imdn>";
    assert_eq!(receipt_error(wrong), BodyErrorKind::Missing);
    let nameless = "<imdn><delivery-notification><status><delivered/></status></delivery-notification></imdn>";
    assert_eq!(receipt_error(nameless), BodyErrorKind::Missing);
}

proptest! {
    #[test]
    fn messages_are_read_as_they_were_written(
        subject in prop_oneof![any::<String>(), "[ \\\\;\t\r\n\0lang=u0a]{0,12}"], value in "[ -~]{0,20}",
        body in vec(any::<u8>(), 0..60),
    ) {
        let mut message = asking(ALL);
        message.part.body = body;
        message.headers.push_raw("imdn.Other", &value).unwrap();
        message.set_subject(&subject).unwrap();
        let read = Cpim::parse(&message.compose());
        prop_assert_eq!(read.as_ref(), Ok(&message));
        prop_assert_eq!(message.subject(), Some(subject));
    }

    #[test]
    fn receipts_are_read_as_they_were_written(
        id in "[!-~]{1,20}", texts in vec(option::of("[!-~é]{1,12}"), 3..=3), which in 0..EVERY.len(),
    ) {
        let [datetime, recipient, original_recipient] = texts.try_into().unwrap();
        let receipt =
            Receipt { message_id: id, datetime, recipient, original_recipient, disposition: EVERY[which] };
        prop_assert_eq!(Receipt::parse(receipt.compose().as_bytes()), Ok(receipt));
    }

    #[test]
    fn nothing_panics_on_what_is_nearly_a_receipt(
        of_message in any::<bool>(), at in any::<prop::sample::Index>(), length in 0..40_usize,
        instead in prop_oneof![vec(any::<u8>(), 0..4), "[<>&;/='\":\\\\\r\nu]{0,6}".prop_map(String::into_bytes)],
    ) {
        let mut bytes = if of_message { MESSAGE } else { RECEIPT }.as_bytes().to_vec();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + length);
        bytes.splice(at..end, instead);
        if let Ok(message) = Cpim::parse(&bytes) {
            let again = Cpim::parse(&message.compose());
            prop_assert_eq!(again.as_ref(), Ok(&message), "{}", bytes.escape_ascii());
            let _ = (message.subject(), Receipt::find(&message), answer(&message, Disposition::Delivered));
        }
        let _ = Receipt::parse(&bytes);
    }
}
