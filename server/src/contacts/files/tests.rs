use super::*;
use crate::store::contacts::{Kind, Number};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use proptest::string::string_regex;
use std::io::Cursor;

fn names(read: &Read) -> Vec<&str> {
    read.contacts.iter().map(|(_, details)| details.name.as_str()).collect()
}

fn card(lines: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{}\r\nEND:VCARD\r\n", lines.replace('\n', "\r\n"))
}

fn number(kind: Kind, number: &str) -> Number {
    Number { kind, number: number.to_owned() }
}

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_pixel(8, 8, Rgb([1, 2, 3]))).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn cards_of_all_versions_are_read() {
    let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;Dr.\r\n\
                TEL;CELL;PREF:+49 170 1\r\nTEL;HOME;VOICE:030 1\r\nTEL;FAX:030 2\r\n\
                NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Gr=C3=BC=\r\n=C3=9Fe=0D=0Aan alle\r\nEND:VCARD\r\n\
                BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana María\r\nORG:Acme\\, Inc.;Sales\r\nTEL;TYPE=WORK,VOICE:+34 91 1\r\n\
                item1.TEL;type=CELL:+34 6 1\r\nCATEGORIES:Friends,Work mates\r\nNOTE:two\\nlines\\; and\r\n  more\r\n\
                UID:ana@example.com\r\nEND:VCARD\r\n\
                begin:vcard\nversion:4.0\nfn:Eve\ntel;value=uri;type=home:tel:+1-212-555-0100;ext=5\nimpp:sip:eve@example.com\n\
                impp:xmpp:eve@example.com\nend:vcard\n";
    let read = read(text.as_bytes());
    assert_eq!(names(&read), ["Dr. Jörg Müller", "Ana María", "Eve"], "{:?}", read.report);
    let [jorg, ana, eve] = [0, 1, 2].map(|place| &read.contacts[place].1);
    let kinds = [number(Kind::Mobile, "+49 170 1"), number(Kind::Home, "030 1"), number(Kind::Other, "030 2")];
    assert_eq!(jorg.numbers, kinds);
    assert_eq!(jorg.note.replace("\r\n", "\n"), "Grüße\nan alle");
    assert_eq!(ana.company, "Acme, Inc., Sales");
    assert_eq!(ana.numbers, [number(Kind::Work, "+34 91 1"), number(Kind::Mobile, "+34 6 1")]);
    assert_eq!((ana.groups.join("|"), ana.note.as_str()), ("Friends|Work mates".to_owned(), "two\nlines; and more"));
    assert_eq!(ana.uid, "ana@example.com");
    assert_eq!(eve.numbers, [number(Kind::Home, "+1-212-555-0100;ext=5"), number(Kind::Sip, "sip:eve@example.com")]);
    let lines: Vec<u64> = read.contacts.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 10, 21]);
    assert_eq!(read.report.words(), ["line 21: IMPP is not kept here (once in the file)"]);
}

#[test]
fn what_is_broken_is_told_by_its_line_and_keeps_no_other_contact_out() {
    let text = "hello\n\
                BEGIN:VCARD\nFN:Open\nTEL:1\n\
                BEGIN:VCARD\nFN:Good\nthis is no line\nTEL:2\nBDAY:1970-01-01\nX-FOO;a=b:c\nEND:VCARD\n\
                BEGIN:VCARD\nNOTE:nobody\nEND:VCARD\n\
                END:VCARD\n\
                BEGIN:VCARD\nFN:Last\nTEL:3";
    let read = read(text.as_bytes());
    assert_eq!(names(&read), ["Open", "Good", "Last"]);
    let told: Vec<(u64, Remark)> = read.report.remarks.clone();
    for (line, remark) in [
        (1, Remark::Outside),
        (2, Remark::Unended),
        (7, Remark::Line),
        (12, Remark::Empty),
        (15, Remark::Outside),
        (16, Remark::Unended),
    ] {
        assert!(told.contains(&(line, remark.clone())), "{line} {remark:?}: {told:?}");
    }
    assert_eq!(told.len(), 6, "{told:?}");
    assert_eq!(read.report.left_out["BDAY"], (1, 9));
    assert_eq!(read.report.left_out["X-FOO"], (1, 10));
}

#[test]
fn letters_are_read_as_they_were_written() {
    let text = card("FN:Jörg Ω\nTEL:1");
    let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let letters = text.encode_utf16().flat_map(bytes);
        mark.into_iter().chain(letters).collect::<Vec<u8>>()
    };
    for bytes in [
        text.clone().into_bytes(),
        format!("\u{feff}{text}").into_bytes(),
        utf16([0xff, 0xfe], u16::to_le_bytes),
        utf16([0xfe, 0xff], u16::to_be_bytes),
    ] {
        let read = read(&bytes);
        assert_eq!(names(&read), ["Jörg Ω"]);
        assert!(read.report.remarks.is_empty(), "{:?}", read.report);
    }
    let windows = read(b"BEGIN:VCARD\r\nFN:J\xf6rg\r\nTEL:1\r\nEND:VCARD\r\n");
    assert_eq!(names(&windows), ["Jörg"]);
    assert_eq!(windows.report.remarks, [(1, Remark::Encoding("windows-1252"))]);
}

#[test]
fn hostile_files_end_soon_and_take_nothing_along() {
    let good = card("FN:Good\nTEL:1");
    let long = "x".repeat(10 << 20);
    let deep = "BEGIN:VCARD\nAGENT:\n".repeat(20_000);
    let nested = format!("{}FN:Deep\nTEL:1\n{}", "BEGIN:VCARD\n".repeat(1_000), "END:VCARD\n".repeat(1_000));
    for hostile in [
        card(&format!("FN:{long}")),
        card(&format!("NOTE:{long}")),
        format!("{long}\n"),
        card("FN:\u{0}\u{0}a\u{0}\nTEL:\u{0}"),
        card("FN;=;;:::;,\"\nTEL;TYPE=\"unended:1"),
        card("FN;ENCODING=QUOTED-PRINTABLE:=ZZ=\nTEL;ENCODING=BASE64:%%%%"),
        card(&format!("FN{}:a", ";TYPE=x".repeat(10_000))),
        card("\\\\\\\n:::\n;;;\n...\n.:.\n"),
        card("PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\nFN:Damaged picture\nTEL:1"),
        card("PHOTO;VALUE=uri:https://example.com/track.png\nFN:Tracker\nTEL:1"),
        card("PHOTO:data:image/svg+xml;base64,PHN2Zy8+\nFN:Svg\nTEL:1"),
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n".to_owned(),
        deep,
        nested,
    ] {
        let read = read(format!("{hostile}{good}").as_bytes());
        let name = hostile.chars().take(60).collect::<String>();
        assert!(names(&read).contains(&"Good"), "{name}: {:?}", read.report);
        assert!(read.report.remarks.len() <= REMARKS && read.report.words().len() <= 3 * REMARKS, "{name}");
        assert!(read.contacts.iter().all(|(_, details)| details.picture.is_none()), "{name}");
    }
}

#[test]
fn a_picture_of_a_card_is_made_anew() {
    let read = read(card(&format!("FN:Ana\nTEL:1\nPHOTO;ENCODING=b;TYPE=GIF:{}", STANDARD.encode(png()))).as_bytes());
    let picture = read.contacts[0].1.picture.clone().unwrap();
    assert_eq!(picture.kind, "image/jpeg", "whatever the card calls it: {:?}", read.report);
}

#[test]
fn tables_are_read_by_the_names_of_their_columns() {
    let ours =
        "\u{feff}Name,Company,Work,Mobile,Note\r\nAna,Acme,'+34 91 1,\"1\n2\",\"two\nlines\"\r\n,,,,\r\n,,,,nobody\r\n";
    let read = super::read(ours.as_bytes());
    let ana = &read.contacts[0].1;
    assert_eq!((names(&read), ana.company.as_str(), ana.note.as_str()), (vec!["Ana"], "Acme", "two\nlines"));
    let numbers = [number(Kind::Work, "+34 91 1"), number(Kind::Mobile, "1"), number(Kind::Mobile, "2")];
    assert_eq!(ana.numbers, numbers);
    assert_eq!(read.report.remarks, [(6, Remark::Empty)]);

    let google = "First Name,Last Name,Organization Name,Labels,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\n\
                  Ana,Ruiz,Acme,Friends ::: * myContacts,ana@example.com,Mobile,+34 6 1 ::: +34 6 2\n";
    let read = super::read(google.as_bytes());
    assert_eq!(names(&read), ["Ana  Ruiz"]);
    assert_eq!(read.contacts[0].1.numbers, [number(Kind::Mobile, "+34 6 1"), number(Kind::Mobile, "+34 6 2")]);
    assert_eq!(read.contacts[0].1.groups, ["Friends"]);
    assert_eq!(read.report.words(), ["line 2: E-mail 1 - Value is not kept here (once in the file)"]);

    let outlook = "First Name;Last Name;Business Phone;Mobile Phone;Home Phone;Categories\nAna;Ruiz;1;2;3;a;b\n";
    let read = super::read(outlook.as_bytes());
    assert_eq!(
        read.contacts[0].1.numbers,
        [number(Kind::Work, "1"), number(Kind::Mobile, "2"), number(Kind::Home, "3")]
    );

    for nothing in ["1,2\n3,4\n", "\u{0}\u{0}\u{0}", "just words\n"] {
        let read = super::read(nothing.as_bytes());
        assert!(read.contacts.is_empty());
        assert_eq!(read.report.remarks, [(1, Remark::Head)], "{nothing:?}");
    }
    assert_eq!(super::read(b"").contacts, []);
}

#[test]
fn a_huge_table_is_read_in_time() {
    let mut table = "Name,Work\n".to_owned();
    for number in 0..120_000 {
        table.push_str(&format!("Somebody {number},{number}\n"));
    }
    let read = read(table.as_bytes());
    assert_eq!(read.contacts.len(), MOST);
    assert!(read.report.remarks.contains(&(100_002, Remark::TooMany)));
    // One quote that never ends makes one field of all that follows.
    let open = super::read(format!("Name,Work\nGood,1\n\"{}", "x,\n".repeat(1 << 20)).as_bytes());
    assert_eq!(open.contacts[0].1.name, "Good");
}

/// What a person can have typed: everything that is kept of it comes back.
fn text(longest: usize) -> impl Strategy<Value = String> {
    let any = prop_oneof![Just("[a-zA-Z0-9 äöüßéЖ漢,;:\\\\\"'=+@-]"), Just("\\PC")];
    any.prop_flat_map(move |class| string_regex(&format!("{class}{{0,{longest}}}")).unwrap())
        .prop_map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

prop_compose! {
    fn contact()(
        name in text(40),
        company in text(40),
        lines in prop::collection::vec(text(60), 0..4),
        numbers in prop::collection::vec((0..5_usize, "[+0-9*#][0-9 ()./-]{0,14}[0-9]"), 1..5),
        groups in prop::collection::btree_set("[a-zA-Z][a-z ,&;]{0,10}[a-z]", 0..3),
        has_picture in any::<bool>(),
    ) -> Details {
        let mut kept: Vec<Number> = Vec::new();
        for (kind, number) in numbers {
            let number = number.split_whitespace().collect::<Vec<_>>().join(" ");
            if kept.iter().all(|known| known.number != number) {
                kept.push(Number { kind: Kind::ALL[kind], number });
            }
        }
        kept.sort_by_key(|number| Kind::ALL.iter().position(|kind| *kind == number.kind));
        Details {
            uid: format!("urn:uuid:{:08}", name.len()),
            name: format!("n{name}"),
            company,
            note: lines.join("\n").trim().to_owned(),
            numbers: kept,
            groups: groups.into_iter().map(|group| group.split_whitespace().collect::<Vec<_>>().join(" ")).collect(),
            picture: has_picture.then(|| picture(&png()).unwrap()),
        }
    }
}

/// As the storage would keep it: an address without its scheme.
fn plain(details: &Details) -> Details {
    let mut details = details.clone();
    for number in details.numbers.iter_mut().filter(|number| number.kind == Kind::Sip) {
        if let Some(rest) = number.number.strip_prefix("sip:") {
            number.number = rest.to_owned();
        }
    }
    details.note = details.note.replace("\r\n", "\n");
    details
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read_again(details in contact()) {
        for version in [Version::V3, Version::V4] {
            let text = vcard::written(&details, version);
            let back = read(text.as_bytes());
            prop_assert!(back.report.remarks.is_empty(), "{:?}\n{}", back.report, text);
            prop_assert_eq!(back.contacts.len(), 1, "{}", text);
            let mut found = plain(&back.contacts[0].1);
            // A picture is written anew each time, and stays a picture.
            prop_assert_eq!(found.picture.is_some(), details.picture.is_some());
            found.picture = details.picture.clone();
            prop_assert_eq!(&found, &details, "{}", text);
        }
        let table = format!("{}{}", table_head(), csv::written(&details));
        let back = read(table.as_bytes());
        prop_assert!(back.report.remarks.is_empty(), "{:?}\n{}", back.report, table);
        let mut found = back.contacts[0].1.clone();
        found.groups.retain(|group| !group.is_empty());
        prop_assert_eq!(Details { picture: details.picture.clone(), ..found }, details, "{}", table);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "\\PC{0,200}") {
        let mixed = [b"BEGIN:VCARD\r\nFN:x\r\n".as_slice(), &bytes, text.as_bytes(), b"\r\nEND:VCARD"].concat();
        for bytes in [bytes.as_slice(), text.as_bytes(), &mixed] {
            let read = read(bytes);
            for version in [Version::V3, Version::V4] {
                for (_, details) in &read.contacts {
                    let _ = vcard::written(details, version);
                }
            }
            let _ = read.report.words();
        }
    }
}
