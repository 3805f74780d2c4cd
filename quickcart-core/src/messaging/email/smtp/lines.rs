//! A connection that gives out one line at a time.
//!
//! lettre keeps what it has read when it goes over to TLS, and later takes it for answers that came encrypted. Whoever stands
//! between could so answer in the server's place ([Poddebniak and others, 2021](https://nostarttls.secvuln.info), "response
//! injection"). It asks for more only when it has used up a line, so here the rest is left to TLS, which cannot read it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How much is asked of the connection at once: more than a greeting.
const CHUNK: usize = 4_096;

#[derive(Debug)]
pub(super) struct Lines {
    socket: TcpStream,
    unread: Vec<u8>,
}

impl Lines {
    pub(super) fn of(socket: TcpStream) -> Self {
        Self { socket, unread: Vec::new() }
    }
}

impl AsyncRead for Lines {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.socket).poll_read(context, &mut chunk))?;
            this.unread.extend_from_slice(chunk.filled());
        }
        let line = this.unread.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
        let length = line.len().min(out.remaining());
        out.put_slice(&line[..length]);
        this.unread.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.peer_addr()
    }
}
