//! As much of Redis's protocol as tests need: RESP2, one command after the other.
//!
//! Reference: <https://redis.io/docs/latest/develop/reference/protocol-spec/>

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes; a paused server gives none.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(super) fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// # Errors
    /// The server answers an error, or not at all.
    pub(super) fn command<W: AsRef<[u8]>>(&mut self, words: &[W]) -> io::Result<Answer> {
        self.stream.get_mut().write_all(&request(words))?;
        read(&mut self.stream)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Strings of both kinds, numbers in decimal, and nil, which is empty.
    Text(Vec<u8>),
    List(Vec<Answer>),
}

impl Answer {
    /// A line for each element.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.into_lines().join(&b'\n')
    }

    /// The elements, of lists within lists too.
    pub(super) fn into_lines(self) -> Vec<Vec<u8>> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(elements) => elements.into_iter().flat_map(Self::into_lines).collect(),
        }
    }
}

fn request<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", words.len()).into_bytes();
    for word in words.iter().map(AsRef::as_ref) {
        request.extend(format!("${}\r\n", word.len()).as_bytes());
        request.extend([word, b"\r\n"].concat());
    }
    request
}

fn read(reader: &mut impl BufRead) -> io::Result<Answer> {
    let line = read_line(reader)?;
    let (kind, rest) = line.split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
    match kind {
        "+" | ":" => Ok(Answer::Text(rest.into())),
        "-" => Err(io::Error::other(rest)),
        "$" => Ok(Answer::Text(read_bulk(reader, length(rest)?)?)),
        "*" => {
            (0..length(rest)?.unwrap_or(0)).map(|_| read(reader)).collect::<io::Result<_>>().map(Answer::List)
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, line)),
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// `None` is nil, written as -1.
fn length(text: &str) -> io::Result<Option<usize>> {
    let parsed: Result<i64, _> = text.parse();
    let length = parsed.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, text))?;
    Ok(usize::try_from(length).ok())
}

fn read_bulk(reader: &mut impl Read, length: Option<usize>) -> io::Result<Vec<u8>> {
    let Some(length) = length else { return Ok(Vec::new()) };
    let mut bulk = vec![0; length + b"\r\n".len()];
    reader.read_exact(&mut bulk)?;
    bulk.truncate(length);
    Ok(bulk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_an_array_of_bulk_strings() {
        assert_eq!(request(&["GET", "k\u{e9}y"]), "*2\r\n$3\r\nGET\r\n$4\r\nk\u{e9}y\r\n".as_bytes());
    }

    #[test]
    fn answers_are_read_as_text() {
        check(b"+OK\r\n", b"OK");
        check(b":-42\r\n", b"-42");
        check(b"$5\r\na\r\n\xffb\r\n", b"a\r\n\xffb");
        check(b"$0\r\n\r\n", b"");
        check(b"$-1\r\n", b"");
        check(b"*0\r\n", b"");
        check(b"*-1\r\n", b"");
        check(b"*3\r\n$1\r\na\r\n*2\r\n:1\r\n+b\r\n$-1\r\n", b"a\n1\nb\n");
    }

    fn check(answer: &[u8], expected: &[u8]) {
        let mut reader = answer;
        assert_eq!(read(&mut reader).unwrap().into_bytes(), expected, "{}", answer.escape_ascii());
        assert!(reader.is_empty(), "{} is not read to its end", answer.escape_ascii());
    }

    #[test]
    fn errors_and_broken_answers_are_errors() {
        for (answer, kind, message) in [
            (&b"-ERR unknown command\r\n"[..], io::ErrorKind::Other, "ERR unknown command"),
            (b"*2\r\n+OK\r\n-MOVED 1 127.0.0.1:1\r\n", io::ErrorKind::Other, "MOVED 1 127.0.0.1:1"),
            (b"", io::ErrorKind::UnexpectedEof, "unexpected end of file"),
            (b"$5\r\nab", io::ErrorKind::UnexpectedEof, "failed to fill whole buffer"),
            (b"$x\r\n", io::ErrorKind::InvalidData, "x"),
            (b"%1\r\n", io::ErrorKind::InvalidData, "%1"),
        ] {
            let error = read(&mut { answer }).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, message));
        }
    }
}
