//! A connection that may become encrypted, read by lines.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long the next byte of an answer that drips is held back.
const DRIP: Duration = Duration::from_millis(5);

pub(super) enum Stream {
    Plain(BufReader<TcpStream>),
    Encrypted(Box<BufReader<StreamOwned<ServerConnection, TcpStream>>>),
}

impl Stream {
    pub(super) fn plain(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self::Plain(BufReader::new(stream))
    }

    /// Goes on encrypted.
    pub(super) fn encrypt(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let Self::Plain(plain) = self else { return Ok(()) };
        assert!(plain.buffer().is_empty(), "the client went on in plaintext after STARTTLS");
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, plain.get_ref().try_clone()?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        *self = Self::Encrypted(Box::new(BufReader::new(stream)));
        Ok(())
    }

    /// Ends the connection, of which the server has another handle.
    pub(super) fn hang_up(&self) {
        let _ = self.socket().shutdown(Shutdown::Both);
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Encrypted(_))
    }

    /// The next line with its end; an error when the client hung up.
    pub(super) fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.reader().read_exact(&mut byte)?;
            line.extend(byte);
        }
        Ok(line)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writer: &mut dyn Write = match self {
            Self::Plain(stream) => stream.get_mut(),
            Self::Encrypted(stream) => stream.get_mut(),
        };
        writer.write_all(bytes)?;
        writer.flush()
    }

    /// Takes whatever comes until the client hangs up.
    pub(super) fn ignore(&mut self) -> io::Result<()> {
        io::copy(&mut self.reader(), &mut io::sink()).map(drop)
    }

    /// Writes an answer without an end, slowly, until the client hangs up.
    pub(super) fn drip(&mut self) -> io::Result<()> {
        self.socket().set_read_timeout(Some(DRIP))?;
        for byte in b"250-and another thing\r\n".iter().cycle() {
            self.write(&[*byte])?;
            match self.socket().peek(&mut [0]) {
                Ok(0) => break,
                Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reader(&mut self) -> &mut dyn Read {
        match self {
            Self::Plain(stream) => stream,
            Self::Encrypted(stream) => stream,
        }
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream.get_ref(),
            Self::Encrypted(stream) => stream.get_ref().get_ref(),
        }
    }
}
