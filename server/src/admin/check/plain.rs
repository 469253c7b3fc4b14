//! Where phones that speak plain SIP are served.

use super::Finding;
use super::listen::refused;
use crate::exchange::plain::Addresses;
use crate::exchange::relay;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, UdpSocket};

const PHONES: &str = "phones";
const ENGINE: &str = "rtpengine";

/// Whether each of the addresses is free.
pub(super) async fn look(addresses: &Addresses) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(address) = addresses.udp {
        findings.push(said("UDP", address, UdpSocket::bind(address).await.err()));
    }
    for (transport, address) in [("TCP", addresses.tcp), ("TLS", addresses.tls)] {
        if let Some(address) = address {
            findings.push(said(transport, address, TcpListener::bind(address).await.err()));
        }
    }
    if let Some(address) = addresses.engine {
        findings.push(match relay::Engine::open(address).await {
            Ok(engine) => answered(address, engine.ping().await),
            Err(error) => answered(address, Err(error)),
        });
        if findings.len() == 1 {
            let advice = "say where phones are served with --sip-udp, --sip-tcp or --sip-tls, or leave out --rtpengine";
            findings.push(Finding::warning(ENGINE, "there are no plain phones that it would be for", advice));
        }
    } else if !findings.is_empty() {
        let advice = "install rtpengine and name the address of its ng protocol with --rtpengine";
        findings.push(Finding::warning(ENGINE, "plain phones and browsers cannot call each other without it", advice));
    }
    findings
}

fn answered(address: SocketAddr, answer: Result<(), relay::EngineError>) -> Finding {
    match answer {
        Ok(()) => Finding::ok(ENGINE, format!("{address} answers")),
        Err(error) => {
            let advice = "start it, and compare that address with its listen-ng";
            Finding::problem(ENGINE, format!("{address}: {error}"), advice)
        }
    }
}

fn said(transport: &str, address: SocketAddr, error: Option<io::Error>) -> Finding {
    match error {
        None => Finding::ok(PHONES, format!("{transport} on {address} is free")),
        Some(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::warning(
            PHONES,
            format!("{transport} on {address} is taken, as it is while this server runs"),
            "if it does not run, another program has that address: stop it, or name another one with --sip-udp, --sip-tcp or --sip-tls",
        ),
        Some(error) => refused(PHONES, address, &error),
    }
}
