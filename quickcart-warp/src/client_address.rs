//! Who is calling, when the connection comes from a proxy.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::{HeaderMap, HeaderName};

tokio::task_local! {
    /// The address of the client whose request is being answered. An extension of the request would take five allocations.
    pub(crate) static CLIENT: IpAddr;
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the nearest one in `X-Forwarded-For` that is not a proxy of ours, as long as every hop
/// behind it is. Whatever a client writes into the header itself stands further to the left and is never believed.
pub(crate) fn client_address(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.ip().to_canonical();
    if !is_trusted(client, trusted) {
        return client;
    }
    let forwarded = headers.get_all(X_FORWARDED_FOR).iter().collect::<Vec<_>>();
    let hops =
        forwarded.iter().rev().filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(','));
    for hop in hops {
        let Some(address) = parse(hop.trim()) else { break };
        client = address;
        if !is_trusted(client, trusted) {
            break;
        }
    }
    client
}

/// Whether this is a proxy of ours.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// An address, perhaps with a port, as some proxies write it.
fn parse(text: &str) -> Option<IpAddr> {
    let address =
        text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believes_only_trusted_proxies() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()];
        let check = |peer: &str, forwarded: &str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_FORWARDED_FOR, forwarded.parse().unwrap());
            let peer = SocketAddr::new(peer.parse().unwrap(), 443);
            assert_eq!(
                client_address(peer, &headers, &trusted),
                expected.parse::<IpAddr>().unwrap(),
                "{forwarded}"
            );
        };
        check("203.0.113.9", "198.51.100.1", "203.0.113.9");
        check("127.0.0.1", "198.51.100.1", "198.51.100.1");
        check("127.0.0.1", "6.6.6.6, 198.51.100.1, 10.1.2.3", "198.51.100.1");
        check("127.0.0.1", "6.6.6.6, nonsense, 10.1.2.3", "10.1.2.3");
        check("::ffff:127.0.0.1", "198.51.100.1:5000", "198.51.100.1");
    }
}
