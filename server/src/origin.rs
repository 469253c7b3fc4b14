//! Which web origins may talk to this server (RFC 6454): the page's own, and for SIP those allowed by name.

use http::{HeaderMap, Method, header};
use std::net::IpAddr;

/// What the server knows of origins.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// The origin that people open, when a proxy stands before the server: `https://phone.example.com`.
    public: Option<String>,
    transport: Transport,
}

/// What carries requests to this server itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP.
    #[default]
    Plain,
    /// HTTPS with a certificate that no browser knows.
    SelfSigned,
    /// HTTPS.
    Tls,
}

/// Not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin: it must be like https://phone.example.com, without a path")]
pub struct InvalidOrigin(String);

/// Where a request comes from, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The server's own pages.
    Own,
    /// Another site's page.
    Foreign,
    /// No browser, as browsers name their origin.
    Unnamed,
}

impl Origins {
    /// The server's own origin is `public`; without one it is whatever host the request was sent to.
    ///
    /// # Errors
    /// [`InvalidOrigin`].
    pub fn new(public: Option<&str>) -> Result<Self, InvalidOrigin> {
        Ok(Self { public: public.map(parse).transpose()?, transport: Transport::Plain })
    }

    /// The same, of a server that is reached this way.
    #[must_use]
    pub fn over(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// The origin that people open, when it was named.
    #[must_use]
    pub fn public(&self) -> Option<&str> {
        self.public.as_deref()
    }

    /// Whether people reach the server over HTTPS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.transport != Transport::Plain || self.is_published()
    }

    /// Whether browsers are told to come by HTTPS only from now on (HSTS, RFC 6797). Not while no browser knows the
    /// certificate, since nobody could look past a new one then (RFC 6797 11.3); and not on a machine's own name, where
    /// other servers are that speak plain HTTP.
    #[must_use]
    pub fn is_remembered(&self, headers: &HeaderMap) -> bool {
        match self.transport {
            Transport::Plain => self.is_published(),
            Transport::SelfSigned => false,
            Transport::Tls => self.is_published() || !host(headers).is_some_and(is_loopback),
        }
    }

    /// Whether a browser gives the page of this request a microphone: HTTPS, or the machine itself.
    #[must_use]
    pub fn is_trustworthy(&self, headers: &HeaderMap) -> bool {
        self.is_secure() || host(headers).is_some_and(is_loopback)
    }

    /// Where a request comes from.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap) -> From {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
        // Written by the browser itself, for pages that came safely; no script can set it. It also knows of
        // proxies, and of pages whose referrer policy hides their origin ("null").
        match text("sec-fetch-site").as_deref() {
            Some("same-origin" | "none") => return From::Own,
            Some(_) => return From::Foreign,
            None => {}
        }
        match text(header::ORIGIN.as_str()) {
            Some(origin) if self.is_own(&origin, headers) => From::Own,
            Some(_) => From::Foreign,
            None => From::Unnamed,
        }
    }

    /// Whether a request may change something: reading may come from anywhere, the rest not from another site.
    #[must_use]
    pub fn admits(&self, method: &Method, headers: &HeaderMap) -> bool {
        method.is_safe() || self.of(headers) != From::Foreign
    }

    fn is_published(&self) -> bool {
        self.public.as_deref().is_some_and(|origin| origin.starts_with("https://"))
    }

    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let by_host = host(headers).is_some_and(|host| {
            // A proxy may have made plain HTTP of it on the way here; where there is none the scheme is known.
            let plain = origin.strip_prefix("http://").filter(|_| self.transport == Transport::Plain);
            let named = plain.or_else(|| origin.strip_prefix("https://"));
            named.is_some_and(|named| named.eq_ignore_ascii_case(host))
        });
        match &self.public {
            None => by_host,
            // The machine itself may still come by without the proxy.
            Some(public) => public == origin || (by_host && host(headers).is_some_and(is_loopback)),
        }
    }
}

/// An origin in lower case.
///
/// # Errors
/// [`InvalidOrigin`].
pub fn parse(text: &str) -> Result<String, InvalidOrigin> {
    let invalid = || InvalidOrigin(text.to_owned());
    let uri: http::Uri = text.parse().map_err(|_| invalid())?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(invalid)?;
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(invalid)?;
    let bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/") && !text.contains('#');
    let default = if scheme == "https" { 443 } else { 80 };
    let host = match uri.port_u16() {
        Some(port) if port == default => authority.host(),
        _ => authority.as_str(),
    };
    if bare { Ok(format!("{scheme}://{host}").to_ascii_lowercase()) } else { Err(invalid()) }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn is_loopback(host: &str) -> bool {
    let name = host.parse::<http::uri::Authority>();
    let Ok(name) = name else { return false };
    let name = name.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_post_from_another_site_is_refused() {
        let origins = Origins::new(None).unwrap();
        let admits = |pairs: &[_]| origins.admits(&Method::POST, &headers(pairs));
        let host = ("host", "phone.example:8080");
        assert!(admits(&[host, ("origin", "http://phone.example:8080")]));
        assert!(admits(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(admits(&[host, ("sec-fetch-site", "same-origin"), ("origin", "null")]), "no-referrer");
        assert!(admits(&[host]), "no browser");
        assert!(!admits(&[host, ("origin", "http://evil.example")]));
        assert!(!admits(&[host, ("origin", "http://phone.example")]), "another port");
        assert!(!admits(&[host, ("origin", "null")]));
        assert!(!admits(&[host, ("sec-fetch-site", "same-site")]));
        assert!(!admits(&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://phone.example:8080")]));
        assert!(!admits(&[("origin", "http://phone.example:8080")]), "no host");
        assert!(origins.admits(&Method::GET, &headers(&[host, ("origin", "http://evil.example")])));
    }

    #[test]
    fn a_public_origin_replaces_the_host() {
        let origins = Origins::new(Some("https://Phone.example/")).unwrap();
        let of = |pairs: &[_]| origins.of(&headers(pairs));
        assert_eq!(of(&[("host", "10.0.0.7:8080"), ("origin", "https://phone.example")]), From::Own);
        assert_eq!(of(&[("host", "evil.example"), ("origin", "http://evil.example")]), From::Foreign);
        assert_eq!(of(&[("host", "localhost:8080"), ("origin", "http://localhost:8080")]), From::Own);
        assert!(origins.is_secure());
    }

    #[test]
    fn over_tls_pages_of_plain_http_are_foreign() {
        let origins = Origins::new(None).unwrap().over(Transport::Tls);
        let host = ("host", "phone.example:8443");
        assert_eq!(origins.of(&headers(&[host, ("origin", "https://phone.example:8443")])), From::Own);
        assert_eq!(origins.of(&headers(&[host, ("origin", "http://phone.example:8443")])), From::Foreign);
        assert!(origins.is_secure());
    }

    #[test]
    fn browsers_remember_https_where_it_stays() {
        let remembered = |transport, public, host| {
            Origins::new(public).unwrap().over(transport).is_remembered(&headers(&[("host", host)]))
        };
        assert!(remembered(Transport::Tls, None, "phone.example"));
        assert!(!remembered(Transport::Tls, None, "localhost:8443"), "other servers of this machine are plain");
        assert!(!remembered(Transport::SelfSigned, None, "phone.example"), "nobody could look past a new certificate");
        assert!(remembered(Transport::Plain, Some("https://phone.example"), "phone.example"));
        assert!(!remembered(Transport::Plain, None, "phone.example"));
    }

    #[test]
    fn an_origin_has_no_path() {
        assert_eq!(parse("https://a.example:443").as_deref(), Ok("https://a.example"));
        for text in ["a.example", "https://a.example/x", "ftp://a.example", "https://u@a.example", "", "*"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
