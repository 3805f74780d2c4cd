//! What of an address is counted and compared as one.

use std::net::IpAddr;

/// An IPv4 address, or the network that an IPv6 customer gets ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177): a /64
/// at least).
///
/// ```
/// use quickcart_core::otp::network;
///
/// assert_eq!(network("2001:db8::1".parse()?), network("2001:db8::2".parse()?));
/// assert_ne!(network("192.0.2.1".parse()?), network("192.0.2.2".parse()?));
/// assert_eq!(network("192.0.2.1".parse()?), network("::ffff:192.0.2.1".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn network(address: IpAddr) -> [u8; 8] {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            [0, 0, 0, 0, a, b, c, d]
        }
        IpAddr::V6(address) => {
            let octets = address.octets();
            std::array::from_fn(|index| octets[index])
        }
    }
}
