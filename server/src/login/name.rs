//! Who is meant by what was typed as extension.

use super::pbx::Pbxs;
use crate::pbx::Pbx;
use crate::store::accounts::is_extension;

/// Where somebody wants to log in. What cannot be an extension is "": one that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant<'a> {
    /// An account of this server.
    Here(&'a str),
    /// An extension of this PBX.
    At(&'a Pbx, &'a str),
    /// Another domain.
    Elsewhere,
}

/// The domains that mean this server.
#[derive(Clone, Debug)]
pub struct Domains {
    /// The SIP domain, which is the digest realm.
    pub domain: String,
    /// Its other names.
    pub aliases: Vec<String>,
}

impl Domains {
    fn has(&self, domain: &str) -> bool {
        let mut names = self.aliases.iter().chain([&self.domain]);
        names.any(|name| name.eq_ignore_ascii_case(domain))
    }
}

/// `1001`, `1001@domain`, `sip:1001@domain`, with spaces around and in capitals or not. It hangs on the configuration
/// alone where this leads to: it tells nobody who there is.
pub(super) fn meant<'a>(typed: &'a str, domains: &Domains, pbxs: &'a Pbxs) -> Meant<'a> {
    let typed = typed.trim();
    let typed = strip(typed, "sips:").or_else(|| strip(typed, "sip:")).unwrap_or(typed);
    let (extension, domain) = match typed.rsplit_once('@') {
        Some((extension, domain)) => (extension.trim(), Some(domain.trim())),
        None => (typed.trim(), None),
    };
    let extension = if is_extension(extension) { extension } else { "" };
    let by_extension = || pbxs.of_extension(extension).map_or(Meant::Here(extension), |pbx| Meant::At(pbx, extension));
    let Some(domain) = domain else { return by_extension() };
    match (domains.has(domain), pbxs.of_domain(domain)) {
        // A PBX of this very domain: which of them it is hangs on the extension.
        (true, Some(_)) => by_extension(),
        (true, None) => Meant::Here(extension),
        (false, Some(pbx)) => Meant::At(pbx, extension),
        (false, None) => Meant::Elsewhere,
    }
}

fn strip<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (front, rest) = text.split_at_checked(scheme.len())?;
    front.eq_ignore_ascii_case(scheme).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains() -> Domains {
        Domains { domain: "example.com".to_owned(), aliases: vec!["pbx.lan".to_owned()] }
    }

    #[test]
    fn an_extension_may_be_typed_with_its_domain() {
        let none = Pbxs::new(Vec::new());
        for (typed, expected) in [
            ("1001", Meant::Here("1001")),
            (" 1001\u{a0}", Meant::Here("1001")),
            ("1001@Example.com", Meant::Here("1001")),
            ("1001 @ example.com ", Meant::Here("1001")),
            ("SIP:1001@pbx.lan", Meant::Here("1001")),
            ("1001@example.net", Meant::Elsewhere),
            ("1001@", Meant::Elsewhere),
            ("10 01", Meant::Here("")),
            ("@example.com", Meant::Here("")),
            ("", Meant::Here("")),
        ] {
            assert_eq!(meant(typed, &domains(), &none), expected, "{typed:?}");
        }
        assert_eq!(meant(&"1".repeat(33), &domains(), &none), Meant::Here(""));
    }

    #[test]
    fn the_configuration_says_which_extensions_are_the_pbxs() {
        let office: Pbx = "office=wss://pbx.example.net,extensions=2*".parse().unwrap();
        let rest: Pbx = "rest=wss://rest.example.org".parse().unwrap();
        let one = Pbxs::new(vec![office.clone()]);
        assert_eq!(meant("2001", &domains(), &one), Meant::At(&office, "2001"));
        assert_eq!(meant("1001", &domains(), &one), Meant::Here("1001"));
        assert_eq!(meant("1001@PBX.example.net", &domains(), &one), Meant::At(&office, "1001"));
        assert_eq!(meant("2001@example.com", &domains(), &one), Meant::Here("2001"), "an account of this server");
        let both = Pbxs::new(vec![rest.clone(), office.clone()]);
        assert_eq!(meant("1001", &domains(), &both), Meant::At(&rest, "1001"), "who names none has all others");
        assert_eq!(meant("2001", &domains(), &both), Meant::At(&office, "2001"));
    }

    #[test]
    fn a_pbx_may_have_the_domain_of_the_server() {
        let pbx: Pbx = "office=wss://pbx.example.net,domain=example.com,extensions=2*".parse().unwrap();
        let pbxs = Pbxs::new(vec![pbx.clone()]);
        assert_eq!(meant("2001@example.com", &domains(), &pbxs), Meant::At(&pbx, "2001"));
        assert_eq!(meant("1001@example.com", &domains(), &pbxs), Meant::Here("1001"));
    }
}
