//! Ports that nobody has, at the moment.

use std::net::TcpListener;

/// How often another process may be quicker to take the port that was free.
pub(crate) const PORTS_TRIED: usize = 10;

/// All of them at once, so that they differ.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
