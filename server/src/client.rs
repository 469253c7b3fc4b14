//! Where a request comes from: the address that guesses and connections are counted by.

use axum::extract::rejection::ExtensionRejection;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The proxies that are believed when they say whom they speak for.
#[derive(Clone, Debug)]
pub struct Proxies(Arc<[IpNet]>);

/// The client's address, for handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub IpAddr);

impl Default for Proxies {
    /// Those on this machine.
    fn default() -> Self {
        Self::and([])
    }
}

impl Proxies {
    /// Nobody: every client comes by itself.
    #[must_use]
    pub fn none() -> Self {
        Self([].into())
    }

    /// Those in these networks, and no others.
    pub fn only(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    /// Those on this machine, and in these networks.
    pub fn and(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let loopback: [IpNet; 2] = [
            Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
            Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
        ];
        Self(loopback.into_iter().chain(networks).collect())
    }

    /// Whether there are others than those on this machine.
    #[must_use]
    pub fn are_named(&self) -> bool {
        self.0.iter().any(|network| !network.addr().is_loopback())
    }

    /// Whether what comes from there comes from a proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await?;
        Ok(Self::behind(peer, parts))
    }
}

impl Address {
    /// Where a request comes from; not known of one that came over no connection.
    #[must_use]
    pub fn of(parts: &Parts) -> Option<Self> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(Self::behind(*peer, parts))
    }

    fn behind(peer: SocketAddr, parts: &Parts) -> Self {
        let proxies = parts.extensions.get::<Proxies>().cloned().unwrap_or_default();
        Self(address(peer, &parts.headers, &proxies))
    }
}

/// The client's address: the last one on the way here that is no proxy of ours. Each proxy adds in `X-Forwarded-For`
/// whom it speaks for; what stands before the word of a stranger is the stranger's invention.
#[must_use]
pub fn address(peer: SocketAddr, headers: &HeaderMap, proxies: &Proxies) -> IpAddr {
    let mut address = peer.ip().to_canonical();
    let fields = headers.get_all("x-forwarded-for").iter().rev();
    for hop in fields.flat_map(|field| field.to_str().unwrap_or_default().rsplit(',')) {
        if !proxies.trusts(address) {
            break;
        }
        let Some(before) = hop_address(hop.trim()) else { break };
        address = before.to_canonical();
    }
    address
}

/// What one customer gets: an IPv4 address, or the first 64 bits of an IPv6 one.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// An address, with or without brackets and a port: proxies write all of them.
fn hop_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn forwarded(fields: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("x-forwarded-for", HeaderValue::from_static(field));
        }
        headers
    }

    #[test]
    fn only_a_proxy_on_this_machine_names_the_client() {
        let headers = forwarded(&["203.0.113.1, 203.0.113.2"]);
        let local = SocketAddr::from(([127, 0, 0, 1], 4000));
        let remote = SocketAddr::from(([198, 51, 100, 7], 4000));
        let proxies = Proxies::default();
        assert_eq!(address(local, &headers, &proxies), IpAddr::from([203, 0, 113, 2]));
        assert_eq!(address(remote, &headers, &proxies), remote.ip());
        assert_eq!(address(local, &HeaderMap::new(), &proxies), local.ip());
        assert_eq!(address(local, &headers, &Proxies::none()), local.ip());
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_no_proxy_of_ours() {
        let proxies = Proxies::and(["192.0.2.0/24".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()]);
        let proxy = SocketAddr::from(([192, 0, 2, 9], 4000));
        let client = IpAddr::from([203, 0, 113, 2]);
        for fields in [
            &["203.0.113.2"][..],
            &["10.0.0.1, 203.0.113.2, 192.0.2.7"],
            &["127.0.0.1, 203.0.113.2", "192.0.2.7,2001:db8:1::5"],
            &["203.0.113.2:51000, [2001:db8:1::5]:443, [2001:db8:1::6]"],
            &["unknown, ::ffff:203.0.113.2"],
        ] {
            assert_eq!(address(proxy, &forwarded(fields), &proxies), client, "{fields:?}");
        }
        assert_eq!(
            address(proxy, &forwarded(&["203.0.113.2, unknown"]), &proxies),
            proxy.ip(),
            "a proxy that hides it"
        );
        let mapped = SocketAddr::new("::ffff:192.0.2.9".parse().unwrap(), 4000);
        assert_eq!(address(mapped, &forwarded(&["203.0.113.2"]), &proxies), client);
    }

    #[test]
    fn an_ipv6_customer_has_many_addresses() {
        let v6: [IpAddr; 2] = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap()];
        assert_eq!(network(v6[0]), network(v6[1]));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), IpAddr::from([192, 0, 2, 1]));
    }
}
