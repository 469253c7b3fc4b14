//! Documents that are there to do harm, or that are broken in the ways that harm takes.

use sip::body::dialog_info::DialogInfo;
use sip::body::pidf::Presence;
use sip::body::{BodyErrorKind, limits};

/// What becomes of a presence document.
fn kind(body: impl AsRef<[u8]>) -> Result<(), BodyErrorKind> {
    Presence::parse(body.as_ref()).map(|_| ()).map_err(|error| error.kind)
}

fn note(body: impl AsRef<[u8]>) -> Option<String> {
    Presence::parse(body.as_ref()).expect("it is well-formed").note().map(String::from)
}

#[test]
fn no_document_type_is_read() {
    let laughs =
        "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><presence><note>&lol2;</note></presence>";
    assert_eq!(kind(laughs), Err(BodyErrorKind::Doctype));
    let external = "<!DOCTYPE presence [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><presence><note>&x;</note></presence>";
    assert_eq!(kind(external), Err(BodyErrorKind::Doctype));
    for doctype in [
        "<!DOCTYPE presence>",
        "<!DOCTYPE presence SYSTEM 'http://example.com/x.dtd'>",
        "<!DOCTYPE presence PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'x.dtd'>",
        "<!DOCTYPE presence PUBLIC '-//IETF//DTD RFCxxxx XPIDF 1.0//EN' 'x' [<!ENTITY a 'b'>]>",
    ] {
        assert_eq!(kind(format!("{doctype}<presence/>")), Err(BodyErrorKind::Doctype), "{doctype}");
    }
    let xpidf = "<!DOCTYPE presence PUBLIC '-//IETF//DTD RFCxxxx XPIDF 1.0//EN' 'http://example.com/'>";
    assert_eq!(kind(format!("{xpidf}<presence><note>&x;</note></presence>")), Err(BodyErrorKind::Entity));
    let other = DialogInfo::parse(format!("{xpidf}<dialog-info/>").as_bytes()).map_err(|error| error.kind);
    assert_eq!(other, Err(BodyErrorKind::Doctype));
}

#[test]
fn only_the_entities_of_xml_are_known() {
    assert_eq!(
        note("<presence><note>&lt;&amp;&quot;&apos;&gt;&#65;&#x1F600;</note></presence>").as_deref(),
        Some("<&\"'>A\u{1F600}")
    );
    for entity in ["&xxe;", "&#0;", "&#xD800;", "&#x110000;", "&#xFFFE;", "&#99999999999;", "&AMP;"] {
        assert_eq!(kind(format!("<presence><note>{entity}</note></presence>")), Err(BodyErrorKind::Entity), "{entity}");
        assert_eq!(kind(format!("<presence entity='{entity}'/>")), Err(BodyErrorKind::Entity), "{entity}");
    }
    assert_eq!(note("<presence><note>a & b; &; &# R&D</note></presence>").as_deref(), Some("a & b; &; &# R&D"));
}

#[test]
fn what_is_too_large_is_refused() {
    let deep = |depth: usize| format!("<presence>{}{}</presence>", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!(kind(deep(limits::DEPTH - 1)), Ok(()));
    assert_eq!(kind(deep(limits::DEPTH)), Err(BodyErrorKind::TooDeep));
    assert_eq!(kind("<a>".repeat(20_000)), Err(BodyErrorKind::TooDeep));
    assert_eq!(kind(format!("<presence>{}</presence>", "<a/>".repeat(limits::ELEMENTS))), Err(BodyErrorKind::TooMany));
    let attributes: String = (0..=limits::ATTRIBUTES).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(kind(format!("<presence{attributes}/>")), Err(BodyErrorKind::TooMany));
    assert_eq!(
        kind(format!("<presence>{}</presence>", "<tuple/>".repeat(limits::TUPLES + 1))),
        Err(BodyErrorKind::TooMany)
    );
    assert_eq!(
        kind(format!("<presence>{}</presence>", "<note>a</note>".repeat(limits::NOTES + 1))),
        Err(BodyErrorKind::TooMany)
    );
    assert_eq!(kind(format!("<presence entity='{}'/>", "x".repeat(60_000))), Ok(()));
    assert_eq!(note(format!("<presence><note>{}</note></presence>", "&".repeat(60_000))), Some("&".repeat(60_000)));
    let error = Presence::parse(&[b' '; limits::BODY + 1]).expect_err("it is too large");
    assert_eq!((error.kind, error.offset), (BodyErrorKind::TooLarge, limits::BODY));
    assert_eq!(error.status().code(), 413);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for body in [
        "",
        " ",
        "presence",
        "<presence>",
        "<presence",
        "</presence>",
        "<presence></present>",
        "<presence/><presence/>",
        "<presence><tuple></presence></tuple>",
        "<p:presence></presence>",
        "<presence><note>]]></note></presence>",
        "<presence><!-- a</presence>",
        "<presence><![CDATA[ a</presence>",
        "<presence entity=a/>",
        "<presence entity='<'/>",
        "<presence>\0</presence>",
        "<presence>\u{1}</presence>",
        "<presence\0/>",
        "<presence entity='\u{8}'/>",
        "a<presence/>",
    ] {
        assert_eq!(kind(body), Err(BodyErrorKind::Syntax), "{body:?}");
    }
}

#[test]
fn encodings_are_told_apart() {
    assert_eq!(note("\u{FEFF}<presence><note>é</note></presence>").as_deref(), Some("é"));
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<presence><note>caf\xe9</note></presence>";
    assert_eq!(note(latin).as_deref(), Some("café"));
    assert_eq!(
        note("<?xml version='1.0' encoding='ISO-8859-1'?><presence><note>café</note></presence>").as_deref(),
        Some("café")
    );
    assert_eq!(kind(b"<presence><note>caf\xe9</note></presence>"), Err(BodyErrorKind::Encoding));
    assert_eq!(
        kind(b"<?xml version='1.0' encoding='UTF-8'?><presence><note>caf\xe9</note></presence>"),
        Err(BodyErrorKind::Encoding)
    );
    for encoding in ["UTF-16", "utf-7", "EBCDIC-CP-US", "x"] {
        assert_eq!(
            kind(format!("<?xml version='1.0' encoding='{encoding}'?><presence/>")),
            Err(BodyErrorKind::Encoding),
            "{encoding}"
        );
    }
    let utf_16: Vec<u8> = "\u{FEFF}<presence/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(kind(&utf_16), Err(BodyErrorKind::Encoding));
    let after = b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<presence><note>\xe9\xe9</note>&x;</presence>";
    let error = Presence::parse(after).expect_err("an unknown entity");
    assert_eq!(
        (error.kind, error.offset, error.line),
        (BodyErrorKind::Entity, 69, 2),
        "offsets are of the bytes as they came"
    );
}

#[test]
fn text_may_be_written_in_any_way() {
    assert_eq!(
        note("<presence><note>a<!-- b --><![CDATA[<c>&x;]]><?d e?> f</note></presence>").as_deref(),
        Some("a<c>&x; f")
    );
    assert_eq!(note("<presence><note>a\r\nb\rc</note></presence>").as_deref(), Some("a\nb\nc"));
    assert_eq!(note("\r\n <?xml version='1.0'?><presence><note>a</note></presence>\r\n\0\0").as_deref(), Some("a"));
    assert_eq!(note("<x:presence><y:note xml:lang='en'>a</y:note></x:presence>").as_deref(), Some("a"));
    let twice = Presence::parse(b"<presence xmlns:dm='a' xmlns:dm='a' entity='sip:a' entity='sip:a'/>")
        .expect("it is tolerated");
    assert_eq!(twice.entity.as_deref(), Some("sip:a"), "Asterisk's modules write attributes twice");
}

#[test]
fn an_attribute_of_another_namespace_is_not_the_elements_own() {
    let read = |attributes: &str| {
        let document = format!("<presence xmlns:x=\"other\" entity=\"sip:a\"><tuple {attributes}/></presence>");
        Presence::parse(document.as_bytes()).map(|presence| presence.tuples[0].id.clone())
    };
    for mixed in ["x:id=\"evil\" id=\"t\"", "id=\"t\" x:id=\"evil\""] {
        assert_eq!(read(mixed), Ok(Some("t".into())), "{mixed}");
    }
    assert_eq!(read("x:id=\"evil\""), Ok(None));
    for twice in ["id=\"t\" id=\"evil\"", "x:y=\"1\" id=\"t\" x:y=\"2\""] {
        assert_eq!(read(twice).map_err(|error| error.kind), Err(BodyErrorKind::Syntax), "{twice}");
    }
}
