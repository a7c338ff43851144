//! Who a request is counted against.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::Extensions;
use axum::http::request::Parts;

use crate::ids::OwnerId;

/// The name under which requests of one caller are counted: the owner, or for `anonymous` the address
/// that the connection comes from.
///
/// `X-Forwarded-For` is never looked at: anybody can write anything into it. Behind a proxy, anonymous
/// callers therefore share the proxy's address; let the proxy name owners.
///
/// Of an IPv6 address the first 64 bits count, because a single host usually has all the others. In
/// tests without a connection everybody anonymous is the same client.
pub(super) fn client(owner: &OwnerId, parts: &Parts) -> String {
    if *owner != OwnerId::anonymous() {
        return format!("owner {owner}");
    }
    address(peer(&parts.extensions))
}

/// Where the connection comes from.
pub(super) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let info = extensions.get::<ConnectInfo<SocketAddr>>();
    info.map(|ConnectInfo(peer)| peer.ip())
}

/// The name under which all that comes from `peer` is counted, whoever sent it.
pub(super) fn address(peer: Option<IpAddr>) -> String {
    match peer {
        Some(peer) => format!("address {}", network(peer)),
        None => "address unknown".to_owned(),
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn counted(owner: &OwnerId, peer: &str) -> String {
        let request = Request::builder().header("X-Forwarded-For", "1.2.3.4");
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        client(owner, &parts)
    }

    #[test]
    fn an_anonymous_caller_is_its_connection_and_nothing_it_says() {
        let nobody = OwnerId::anonymous();
        assert_eq!(counted(&nobody, "10.0.0.7:1"), "address 10.0.0.7");
        assert_eq!(counted(&nobody, "[::ffff:10.0.0.7]:1"), "address 10.0.0.7");
    }

    #[test]
    fn one_host_cannot_escape_by_changing_the_end_of_its_ipv6_address() {
        let nobody = OwnerId::anonymous();
        assert_eq!(
            counted(&nobody, "[2001:db8:1:2::1]:1"),
            counted(&nobody, "[2001:db8:1:2:9::9]:1")
        );
        assert_ne!(
            counted(&nobody, "[2001:db8:1:2::1]:1"),
            counted(&nobody, "[2001:db8:1:3::1]:1")
        );
    }

    #[test]
    fn an_owner_cannot_be_mistaken_for_an_address() {
        let owner = OwnerId::new("10.0.0.7").unwrap();
        assert_ne!(
            counted(&owner, "10.0.0.8:1"),
            counted(&OwnerId::anonymous(), "10.0.0.7:1")
        );
    }
}
