use app::backend::Opening;
use app::lease::RegistrationIdentity;
use sip::Duration;
use sip::agent::Config;
use sip::header::NameAddr;
use sip::uri::{SipUri, Uri};

/// The configuration cannot be made from what the server said.
#[derive(Debug, thiserror::Error)]
#[error("the server's identity of this line is no SIP address")]
pub(crate) struct IdentityError;

/// Who the agent is: the account of this page, with the identity that belongs to its line.
pub(crate) fn config(identity: &RegistrationIdentity, opening: &Opening) -> Result<Config, IdentityError> {
    let address = SipUri::new(&opening.me.extension, &opening.domain).map_err(|_| IdentityError)?;
    let registrar: Uri = format!("sip:{}", opening.domain).parse().map_err(|_| IdentityError)?;
    let address = NameAddr::new(Uri::Sip(address)).with_display(&opening.me.name).map_err(|_| IdentityError)?;
    Ok(Config {
        address,
        registrar,
        outbound_proxy: None,
        contact_user: identity.contact_user.clone(),
        contact_host: contact_host(&identity.instance),
        instance: identity.instance.clone(),
        register_call_id: identity.call_id.clone(),
        register_expires: Duration::from_secs(600),
        ringing: Duration::from_secs(u64::from(opening.ringing_seconds.max(1))),
        max_calls: 1,
        ping_interval: Duration::from_secs(15),
        pong_timeout: Duration::from_secs(5),
        user_agent: concat!("Tabphone/", env!("CARGO_PKG_VERSION")).into(),
    })
}

/// A browser has no host name: one that cannot exist, and is the same for every holder of the line (RFC 7118 5).
fn contact_host(instance: &str) -> String {
    let name: String = instance.chars().rev().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("{}.invalid", name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_the_line_has_the_same_contact() {
        let host = contact_host("urn:uuid:0b1c2d3e-4f50-6172-8394-A5B6C7D8E9F0");
        assert_eq!(host, "0f9e8d7c6b5a.invalid");
    }

    #[test]
    fn the_agent_is_the_account_of_the_page() {
        let mut opening = Opening { domain: "tabphone".into(), ..Opening::default() };
        opening.me.extension = "1001".into();
        opening.me.name = "Anna \"the\" Berg".into();
        let identity =
            RegistrationIdentity { instance: "urn:uuid:1".into(), contact_user: "u".into(), call_id: "c".into() };
        let config = config(&identity, &opening).unwrap();
        assert_eq!(config.address.uri.to_string(), "sip:1001@tabphone");
        assert_eq!(config.registrar.to_string(), "sip:tabphone");
        assert_eq!(config.address.display(), Some("Anna \"the\" Berg"));
        opening.domain = "not a domain".into();
        assert!(super::config(&identity, &opening).is_err());
    }
}
