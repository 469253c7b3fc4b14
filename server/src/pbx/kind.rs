//! What differs between PBXs.

use app::backend::Dialect;
use std::str::FromStr;

/// Which PBX it is. What is preset for it holds where nothing else is set (`tabphone policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Any that speaks RFC 3261 over RFC 7118: nothing is believed of it that it does not say.
    #[default]
    Generic,
    /// Asterisk with `chan_pjsip`.
    Asterisk,
    /// FreeSWITCH with `mod_sofia`.
    FreeSwitch,
    /// Kamailio.
    Kamailio,
    /// OpenSIPS.
    OpenSips,
}

impl Kind {
    const ALL: [(&str, Self); 5] = [
        ("generic", Self::Generic),
        ("asterisk", Self::Asterisk),
        ("freeswitch", Self::FreeSwitch),
        ("kamailio", Self::Kamailio),
        ("opensips", Self::OpenSips),
    ];

    /// Whether candidates may follow the descriptions of a call (RFC 8840), unless an administrator says otherwise.
    ///
    /// Asterisk and FreeSWITCH end every call themselves, and take no candidate by INFO: what came late would never be
    /// tried, and a call that leaves before its addresses are known has no sound. Kamailio and OpenSIPS hand descriptions
    /// on as they are, so that it is between the two phones, which tell each other. Of any other it is not known.
    #[must_use]
    pub const fn trickles(self) -> bool {
        match self {
            Self::Kamailio | Self::OpenSips => true,
            Self::Generic | Self::Asterisk | Self::FreeSwitch => false,
        }
    }

    /// Whether what it says of a caller is its own word: P-Asserted-Identity, Remote-Party-ID, Diversion, and that a call
    /// may be answered by itself.
    ///
    /// Asterisk and FreeSWITCH write these headers anew for each call. A proxy hands on what others wrote, unless its
    /// configuration takes it away (RFC 3325 5), which is not known here.
    #[must_use]
    pub const fn asserts(self) -> bool {
        match self {
            Self::Asterisk | Self::FreeSwitch => true,
            Self::Generic | Self::Kamailio | Self::OpenSips => false,
        }
    }

    /// How a phone behaves that is registered there, over TLS or not.
    ///
    /// Via says what the connection to the PBX is (RFC 7118 5.2), not the one to this server. All else is the same for all
    /// of them: each registers what it knows of `Supported: outbound, path, gruu` and leaves the rest; session timers
    /// (RFC 4028) are agreed on by each call, and the far end's Allow decides between UPDATE and INVITE; the Contact says
    /// `transport=ws`, also over TLS; of several challenges the strongest that is known is answered.
    #[must_use]
    pub const fn dialect(self, secure: bool) -> Dialect {
        Dialect { secure, trusts_identity: self.asserts() }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_to_back_agent_gets_all_candidates_at_once_and_is_believed() {
        for kind in [Kind::Asterisk, Kind::FreeSwitch] {
            assert!(!kind.trickles() && kind.dialect(true).trusts_identity, "{kind:?}");
        }
    }

    #[test]
    fn what_a_proxy_hands_on_is_the_callers_word() {
        for kind in [Kind::Kamailio, Kind::OpenSips] {
            assert!(kind.trickles() && !kind.dialect(true).trusts_identity, "{kind:?}");
        }
    }

    #[test]
    fn of_an_unknown_one_nothing_is_taken_for_granted() {
        assert_eq!("generic".parse(), Ok(Kind::default()));
        assert!(!Kind::Generic.trickles() && !Kind::Generic.asserts());
        assert!("chan_sip".parse::<Kind>().is_err());
    }

    #[test]
    fn via_says_what_the_connection_to_the_pbx_is() {
        assert!(Kind::Kamailio.dialect(true).secure);
        assert!(!Kind::Kamailio.dialect(false).secure);
    }
}
