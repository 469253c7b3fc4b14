//! rsip and what was made of it. Lazy: header values stay text until they are asked for.

use crate::{Engine, Field, Sink};

macro_rules! engine {
    ($(#[$doc:meta])* $name:ident, $shown:literal, $($krate:ident)::+, $branch:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl Engine for $name {
            const NAME: &'static str = $shown;
            type Message<'a> = $($krate)::+::SipMessage;

            fn parse(bytes: &[u8]) -> Option<Self::Message<'_>> {
                $($krate)::+::SipMessage::try_from(bytes).ok()
            }

            fn read(message: &Self::Message<'_>, sink: &mut impl Sink) -> Option<()> {
                use $($krate)::+::headers::ToTypedHeader;
                use $($krate)::+::message::{HasHeaders, HeadersExt};
                use $($krate)::+::{Header, SipMessage};

                match message {
                    SipMessage::Request(request) => {
                        sink.take(Field::Method, &request.method);
                        sink.take(Field::Uri, &request.uri);
                    }
                    SipMessage::Response(response) => sink.take(Field::Status, &response.status_code.code()),
                }
                let from = message.from_header().ok()?.typed().ok()?;
                sink.take(Field::FromTag, from.tag()?);
                sink.take(Field::FromUri, &from.uri);
                sink.touch(&from);
                let to = message.to_header().ok()?.typed().ok()?;
                sink.take(Field::ToUri, &to.uri);
                sink.touch(&to);
                let via = message.via_header().ok()?.typed().ok()?;
                let branch = $branch;
                sink.take(Field::Branch, &branch(&via)?);
                sink.touch(&via);
                let cseq = message.cseq_header().ok()?.typed().ok()?;
                sink.take(Field::CSeq, &cseq.seq);
                sink.touch(&cseq);
                let contact = message.headers().iter().find_map(|header| match header {
                    Header::Contact(contact) => Some(contact),
                    _ => None,
                });
                if let Some(contact) = contact {
                    let contact = contact.typed().ok()?;
                    sink.take(Field::Contact, &contact.uri);
                    sink.touch(&contact);
                }
                Some(())
            }

            fn write(message: &Self::Message<'_>) -> Option<Vec<u8>> {
                Some(message.to_string().into_bytes())
            }
        }
    };
}

engine!(
    /// <https://crates.io/crates/rsip>
    Rsip,
    "rsip 0.4.0",
    rsip,
    rsip::typed::Via::branch
);
engine!(
    /// <https://crates.io/crates/ftth-rsip>, a fork.
    FtthRsip,
    "ftth-rsip 0.4.1",
    ftth_rsip,
    ftth_branch
);
engine!(
    /// <https://crates.io/crates/rsipstack>, which has the same interface over a parser of its own.
    RsipStack,
    "rsipstack 0.7.14",
    rsipstack::sip,
    rsipstack::sip::typed::Via::branch
);

fn ftth_branch(via: &ftth_rsip::typed::Via) -> Option<&ftth_rsip::param::Branch> {
    via.branch().ok()
}
