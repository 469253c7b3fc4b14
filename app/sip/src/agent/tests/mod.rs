//! One test per row of the state tables of registration: what calls do is tested from outside.

#![allow(clippy::unwrap_used, clippy::panic)]

mod link;
mod phone;
mod registering;
mod servers;

use super::Config;
use crate::Random;

fn config() -> Config {
    let address = "<sip:alice@example.com>".parse().unwrap();
    Config::new(address, "sip:example.com".parse().unwrap(), &mut Random::new([1; 32]))
}
