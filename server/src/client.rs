//! Where a request comes from: the address that guesses and connections are counted by.

use http::HeaderMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The client's address. A proxy on this machine says it in the last field that it adds itself.
#[must_use]
pub fn address(peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    let address = peer.ip().to_canonical();
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|field| field.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.filter(|_| address.is_loopback()).unwrap_or(address)
}

/// What one customer gets: an IPv4 address, or the first 64 bits of an IPv6 one.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_a_proxy_on_this_machine_names_the_client() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.1, 203.0.113.2"));
        let local = SocketAddr::from(([127, 0, 0, 1], 4000));
        let remote = SocketAddr::from(([198, 51, 100, 7], 4000));
        assert_eq!(address(local, &headers), IpAddr::from([203, 0, 113, 2]));
        assert_eq!(address(remote, &headers), remote.ip());
        assert_eq!(address(local, &HeaderMap::new()), local.ip());
    }

    #[test]
    fn an_ipv6_customer_has_many_addresses() {
        let v6: [IpAddr; 2] = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap()];
        assert_eq!(network(v6[0]), network(v6[1]));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), IpAddr::from([192, 0, 2, 1]));
    }
}
