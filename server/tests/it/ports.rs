//! Ports for programs that cannot choose one themselves, and of those that nobody answers at.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that Linux gives to whoever asks for any, so nobody is given one between our looking and its being taken.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// An address of the loopback that nobody has, nor is given by chance.
pub fn free_address() -> SocketAddr {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Processes that run side by side begin at different ones.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT / 100)).unwrap() * 100;
    loop {
        let taken = TAKEN.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + (begin + taken % COUNT) % COUNT));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
