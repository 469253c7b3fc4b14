use sip::uri::{SipUri, Uri};

/// The longest thing that is worth parsing.
const LONGEST: usize = 256;

/// The address that [`app::dial`] made of what a person typed: a number or extension of our own domain, `user@domain`,
/// or a whole `sip:`, `sips:` or `tel:` URI. `None` when it is none of these.
pub(crate) fn target(typed: &str, domain: &str) -> Option<Uri> {
    let typed = typed.trim();
    if typed.is_empty() || typed.len() > LONGEST {
        return None;
    }
    if let Some((scheme, _)) = typed.split_once(':') {
        let known = ["sip", "sips", "tel"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
        let uri: Uri = if known { typed.parse().ok()? } else { return None };
        return match &uri {
            Uri::Sip(sip) => sip.user.is_some().then_some(uri),
            Uri::Tel(..) => Some(uri),
            Uri::Other { .. } => None,
        };
    }
    let (user, host) = typed.rsplit_once('@').unwrap_or((typed, domain));
    let fits =
        !user.is_empty() && user.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_+*#".contains(letter));
    if fits { SipUri::new(user, host).ok().map(Uri::Sip) } else { None }
}

#[cfg(test)]
mod tests {
    use super::target;

    fn dialled(typed: &str) -> Option<String> {
        target(typed, "tabphone").map(|uri| uri.to_string())
    }

    #[test]
    fn an_extension_is_of_our_domain() {
        assert_eq!(dialled(" 1002 ").as_deref(), Some("sip:1002@tabphone"));
        assert_eq!(dialled("dana.k").as_deref(), Some("sip:dana.k@tabphone"));
        assert_eq!(dialled("+431234").as_deref(), Some("sip:+431234@tabphone"));
        assert_eq!(dialled("*97").as_deref(), Some("sip:*97@tabphone"));
    }

    #[test]
    fn a_hash_is_escaped() {
        assert_eq!(dialled("12#").as_deref(), Some("sip:12%23@tabphone"));
    }

    #[test]
    fn whole_addresses_are_taken_as_they_are() {
        assert_eq!(dialled("dana@example.org").as_deref(), Some("sip:dana@example.org"));
        assert_eq!(dialled("sip:dana@example.org;transport=ws").as_deref(), Some("sip:dana@example.org;transport=ws"));
        assert_eq!(dialled("tel:+4312345").as_deref(), Some("tel:+4312345"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "",
            "   ",
            "@",
            "1002@",
            "a b\r\nc",
            "sip:",
            "sip:tabphone",
            "http://example.org",
            "é",
            "<1002>",
            "1002;x=y",
        ] {
            assert_eq!(dialled(typed), None, "{typed:?}");
        }
        assert_eq!(dialled(&"1".repeat(300)), None);
    }
}
