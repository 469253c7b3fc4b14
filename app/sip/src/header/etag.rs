use nom::Parser as _;

use super::grammar::{token, whole};
use super::header_of;
use crate::message::{Malformed, Token};

/// Names what was published, for the next PUBLISH (RFC 3903 11.3.1). It has case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SipETag(pub Token);

/// What is published anew, changed or removed (RFC 3903 11.3.2). It has case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SipIfMatch(pub Token);

header_of! {
    SipETag false entity_tag;
    SipIfMatch false entity_tag;
}

fn entity_tag(value: &str) -> Result<Token, Malformed> {
    whole(value, |input| token.map(Token::from_checked).parse(input))
}
