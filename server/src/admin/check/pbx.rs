//! Whether the PBXs would log people in.

use super::Finding;
use crate::login::pbx::Unfit;
use crate::pbx::Pbx;
use futures::future::join_all;
use sip::digest::Algorithm;
use std::net::IpAddr;

const PBX: &str = "PBX";

/// One line for each.
pub(super) async fn look(pbxs: &[Pbx]) -> Vec<Finding> {
    join_all(pbxs.iter().map(one)).await
}

async fn one(pbx: &Pbx) -> Finding {
    let named = format!("{} at {}", pbx.name, pbx.target.uri);
    match pbx.look().await {
        Ok(seen) => {
            let algorithms = seen.algorithms.iter().map(Algorithm::as_str).collect::<Vec<_>>().join(", ");
            let words = format!("{named} asks for passwords of {} with {algorithms}", seen.realm);
            if pbx.target.scheme.is_secure() || is_here(&pbx.target.host) {
                Finding::ok(PBX, words)
            } else {
                let advice = "name it with wss:// or tls:// if it can do that";
                Finding::warning(PBX, format!("{words}, and whoever is on the way can read along"), advice)
            }
        }
        // An extension was made up, and there are PBXs that say at once that they have no such one.
        Err(unfit @ Unfit::Unknown(..)) => {
            let advice = "try whether somebody can log in who has an extension there";
            Finding::warning(PBX, format!("{named}: {unfit}"), advice)
        }
        Err(unfit) => Finding::problem(PBX, format!("{named}: {unfit}"), advice(&unfit)),
    }
}

fn advice(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::Unreachable(_) => "correct the address, and look whether it runs there and a firewall lets it through",
        Unfit::Certificate(_) => {
            "renew it, name the PBX as its certificate does, or say with ca=FILE which authority vouches for it"
        }
        Unfit::Authorities(_) => "ca=FILE names certificates in PEM that the server can read",
        Unfit::Silent => "look whether SIP is answered at this address, and for domain= that it has",
        Unfit::Unasked => "have it ask for passwords, at least when the server of Tabphone registers",
        Unfit::Unavailable(..) | Unfit::Unknown(..) => "look into its log",
        Unfit::Unsupported(..) => {
            "it cannot log people in: look whether domain= is the one that it has, and make accounts here if it is"
        }
        Unfit::Algorithms(_) => "have it ask with MD5 or SHA-256, too",
    }
}

/// Whether it is on this machine.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
