//! What came in a MESSAGE, as a text that can be shown.

use sip::body::cpim::Cpim;
use sip::body::imdn;
use sip::header::ContentType;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A text.
    Text(String),
    /// Nothing that a person is told: that somebody types, or a receipt.
    Nothing,
    /// Something of this type, which is not shown here.
    Unsupported(String),
}

/// The longest name of a type that is shown, in characters.
const LONGEST_TYPE: usize = 64;

/// Reads a body by its type. What is wrapped with its own header fields (RFC 3862) is unwrapped once.
pub(super) fn read(content_type: &str, body: &[u8]) -> Reading {
    let Ok(media_type) = content_type.parse::<ContentType>() else { return unsupported(content_type) };
    if media_type.is(Cpim::MEDIA_TYPE) {
        return match Cpim::parse(body) {
            Ok(message) if imdn::is_receipt(&message) => Reading::Nothing,
            Ok(message) => {
                let inner =
                    message.part.media_type().map_or_else(|| "text/plain".to_owned(), |inner| inner.to_string());
                plain(&inner, &message.part.body)
            }
            Err(_) => unsupported(content_type),
        };
    }
    plain(content_type, body)
}

/// A text as it is kept: lines end in one way, and it holds no control characters but tabs.
pub(super) fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|sign| !sign.is_control() || matches!(sign, '\n' | '\t')).collect()
}

fn plain(content_type: &str, body: &[u8]) -> Reading {
    let Ok(media_type) = content_type.parse::<ContentType>() else { return unsupported(content_type) };
    if media_type.is("application/im-iscomposing+xml") || media_type.is(imdn::Receipt::MEDIA_TYPE) {
        return Reading::Nothing;
    }
    let html = media_type.is("text/html");
    if !html && !media_type.is("text/plain") {
        return unsupported(content_type);
    }
    let text = decoded(content_type, body);
    Reading::Text(tidy(&if html { without_markup(&text) } else { text }))
}

/// The text in its charset: UTF-8, or Latin-1 where that is said. What is neither is shown as far as it can be.
fn decoded(content_type: &str, body: &[u8]) -> String {
    let named = content_type.to_ascii_lowercase();
    if named.contains("charset=iso-8859-1") || named.contains("charset=\"iso-8859-1\"") {
        return body.iter().copied().map(char::from).collect();
    }
    String::from_utf8_lossy(body).into_owned()
}

/// The text of HTML, to be read: it is shown as text in any case.
fn without_markup(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let Some(end) = tag.find('>') else {
            rest = "";
            break;
        };
        let (tag, after) = tag.split_at(end + 1);
        let name = tag.trim_start_matches(['<', '/']).to_ascii_lowercase();
        if ["br", "p>", "p ", "div", "li"].iter().any(|block| name.starts_with(block)) && !text.is_empty() {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    for (entity, sign) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, sign);
    }
    text.trim_end_matches('\n').to_owned()
}

fn unsupported(content_type: &str) -> Reading {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    Reading::Unsupported(tidy(kind).chars().take(LONGEST_TYPE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content_type: &str, body: &str) -> String {
        match read(content_type, body.as_bytes()) {
            Reading::Text(text) => text,
            other @ (Reading::Nothing | Reading::Unsupported(_)) => panic!("{other:?}"),
        }
    }

    #[test]
    fn texts_are_read_in_any_language_and_keep_their_lines() {
        assert_eq!(text("text/plain", "Grüße\r\nنعم 🎉\tx\0\u{7}"), "Grüße\nنعم 🎉\tx");
        assert_eq!(text("text/plain;charset=UTF-8", "é"), "é");
        let latin = read("text/plain; charset=ISO-8859-1", b"\xe9");
        assert_eq!(latin, Reading::Text("é".to_owned()));
        assert_eq!(read("text/plain", b"a\xffb"), Reading::Text("a\u{fffd}b".to_owned()));
    }

    #[test]
    fn html_is_read_as_the_text_that_it_is() {
        let html = "<html><body>1 &lt; 2 <b>bold</b><br/>two<script>x()</script></body></html>";
        assert_eq!(text("text/html", html), "1 < 2 bold\ntwox()");
        assert_eq!(text("text/html", "<p>one</p><p>two</p>"), "one\n\ntwo");
        assert_eq!(text("text/html", "a <b"), "a ");
    }

    #[test]
    fn what_is_wrapped_is_unwrapped_and_receipts_are_nothing_to_read() {
        let wrapped = "From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\nContent-Type: text/plain;charset=utf-8\r\n\r\nHello";
        assert_eq!(text("message/cpim", wrapped), "Hello");
        let receipt = "From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn/>";
        for (kind, body) in [
            ("message/cpim", receipt),
            ("application/im-iscomposing+xml", "<isComposing/>"),
            ("message/imdn+xml", "<imdn/>"),
        ] {
            assert_eq!(read(kind, body.as_bytes()), Reading::Nothing, "{kind}");
        }
    }

    #[test]
    fn files_are_refused_by_their_type() {
        for kind in ["image/png", "multipart/mixed;boundary=x", "application/vnd.gsma.rcs-ft-http+xml", "nothing"] {
            let shown = kind.split(';').next().unwrap().to_owned();
            assert_eq!(read(kind, b"x"), Reading::Unsupported(shown));
        }
    }
}
