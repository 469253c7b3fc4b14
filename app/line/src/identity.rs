//! Who the agent of a line is: the account, with the identity that belongs to its lease.

use crate::several;
use app::backend::Opening;
use app::lease::RegistrationIdentity;
use sip::agent::Config;
use sip::header::NameAddr;
use sip::uri::{SipUri, Uri};
use sip::{Duration, Random};

/// The configuration cannot be made from what the server said.
#[derive(Debug, thiserror::Error)]
#[error("the server's identity of this line is no SIP address")]
pub struct IdentityError;

/// 2020-01-01, in seconds since 1970: sequence numbers end at 2^31 (RFC 3261 8.1.1.5), and counted from here the
/// seconds last until 2088.
const CSEQ_EPOCH: u64 = 1_577_836_800;
const CSEQ_LAST: u32 = (1 << 31) - 1;

/// Who the agent is: the account of this page, with the identity that belongs to its line. `wall` is the time in
/// milliseconds since 1970.
pub fn config(identity: &RegistrationIdentity, opening: &Opening, wall: u64) -> Result<Config, IdentityError> {
    let address = SipUri::new(&opening.me.extension, &opening.domain).map_err(|_| IdentityError)?;
    let registrar: Uri = format!("sip:{}", opening.domain).parse().map_err(|_| IdentityError)?;
    let address = NameAddr::new(Uri::Sip(address)).with_display(&opening.me.name).map_err(|_| IdentityError)?;
    let config = Config {
        contact_user: identity.contact_user.clone(),
        contact_host: contact_host(&identity.instance),
        instance: identity.instance.clone(),
        register_call_id: identity.call_id.clone(),
        register_cseq: cseq(wall),
        ringing: Duration::from_secs(u64::from(opening.ringing_seconds.max(1))),
        user_agent: concat!("Tabphone/", env!("CARGO_PKG_VERSION")).into(),
        webrtc: true,
        secure: opening.dialect.secure,
        trusts_identity: opening.dialect.trusts_identity,
        trickle: opening.policy.trickle,
        max_calls: several::MOST,
        // No screen shows what else there is: it is not even built, for the sake of the bytes. See the features of `sip`.
        unsolicited: false,
        // Nothing of what it draws is kept.
        ..Config::new(address, registrar, &mut Random::new([0; 32]))
    };
    config.check().map_err(|_| IdentityError)?;
    Ok(config)
}

/// Where REGISTER begins to count: above all that an agent of this line said before, although nobody knows its numbers
/// any more.
fn cseq(wall: u64) -> u32 {
    let seconds = (wall / 1_000).saturating_sub(CSEQ_EPOCH).max(1);
    u32::try_from(seconds).map_or(CSEQ_LAST, |seconds| seconds.min(CSEQ_LAST))
}

/// A browser has no host name: one that cannot exist, and is the same for every holder of the line (RFC 7118 5).
fn contact_host(instance: &str) -> String {
    let name: String = instance.chars().rev().filter(char::is_ascii_alphanumeric).take(12).collect();
    format!("{}.invalid", name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::backend::Dialect;

    #[test]
    fn whoever_holds_the_line_has_the_same_contact() {
        let host = contact_host("urn:uuid:0b1c2d3e-4f50-6172-8394-A5B6C7D8E9F0");
        assert_eq!(host, "0f9e8d7c6b5a.invalid");
    }

    #[test]
    fn a_fresh_agent_counts_on_above_the_one_before_it() {
        assert_eq!(cseq(1_577_836_800_000 + 90_000), 90);
        assert!(cseq(1_800_000_001_000) > cseq(1_800_000_000_000));
        assert_eq!(cseq(0), 1, "a clock that is wrong is no reason not to register");
        assert_eq!(cseq(u64::MAX), CSEQ_LAST);
    }

    #[test]
    fn the_agent_is_the_account_of_the_page() {
        let mut opening = Opening { domain: "tabphone".into(), ..Opening::default() };
        opening.me.extension = "1001".into();
        opening.me.name = "Anna \"the\" Berg".into();
        let identity =
            RegistrationIdentity { instance: "urn:uuid:1".into(), contact_user: "u".into(), call_id: "c".into() };
        let config = config(&identity, &opening, 0).unwrap();
        assert_eq!(config.address.uri.to_string(), "sip:1001@tabphone");
        assert_eq!(config.registrar.to_string(), "sip:tabphone");
        assert_eq!(config.address.display(), Some("Anna \"the\" Berg"));
        assert!(config.secure && config.trusts_identity);
        opening.dialect = Dialect { secure: false, trusts_identity: false };
        let elsewhere = super::config(&identity, &opening, 0).unwrap();
        assert!(!elsewhere.secure && !elsewhere.trusts_identity);
        opening.domain = "not a domain".into();
        assert!(super::config(&identity, &opening, 0).is_err());
    }
}
