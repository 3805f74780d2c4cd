//! What a client may hold up: the header, the body, the connection, the end.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::program::{PATIENCE, Server, folder};

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends some bytes and reads until the server closes.
fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

const GET: &[u8] = b"GET /hello HTTP/1.1\r\nHost: shop\r\n\r\n";
const LAST_GET: &[u8] = b"GET /hello HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";

#[test]
fn a_half_sent_header_gets_408_and_an_idle_connection_is_closed() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_HEADER_TIMEOUT", "1")]);
    let answer = exchange(&server, b"POST /auth/verify_otp HTTP/1.1\r\nHost: shop\r\nContent-Le");
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("{\"detail\":"), "{answer}");
    let answer = exchange(&server, b"POST /api/send-otp HTTP/1.1\r\nHost: shop\r\nContent-Le");
    assert!(answer.contains("{\"message\":") && answer.contains("\"success\":false"), "{answer}");
    assert_eq!(exchange(&server, b""), "", "nothing was asked, so nothing is answered");
    assert!(exchange(&server, LAST_GET).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_half_sent_body_gets_408() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_BODY_TIMEOUT", "1")]);
    let head = b"POST /api/send-otp HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{\"phone";
    let answer = exchange(&server, head);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"success\":false"), "{answer}");
}

#[test]
fn what_is_no_http_is_refused() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
    ] {
        assert!(exchange(&server, bytes).starts_with("HTTP/1.1 400 "), "{bytes:?}");
    }
    let long =
        [b"GET /hello HTTP/1.1\r\nHost: shop\r\nX-Long: ", vec![b'a'; 200_000].as_slice(), b"\r\n\r\n"]
            .concat();
    let mut stream = connect(&server);
    // The server may close before all of it is sent.
    let _ = stream.write_all(&long);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(exchange(&server, LAST_GET).starts_with("HTTP/1.1 200 "));
}

#[test]
fn past_the_limit_connections_wait_until_one_is_closed() {
    let folder = folder();
    let server = Server::start(folder.path(), &[("QUICKCART_MAX_CONNECTIONS", "1")]);
    let mut first = connect(&server);
    first.write_all(GET).unwrap();
    let mut answer = [0; 1];
    first.read_exact(&mut answer).unwrap();
    let mut second = connect(&server);
    second.write_all(LAST_GET).unwrap();
    second.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    assert!(second.read(&mut answer).is_err(), "the second one waits");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    second.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_client_that_reads_nothing_loses_its_connection() {
    let folder = folder();
    let settings = [("QUICKCART_MAX_CONNECTIONS", "1"), ("QUICKCART_HEADER_TIMEOUT", "1")];
    let server = Server::start(folder.path(), &settings);
    let mut deaf = connect(&server);
    let search = b"GET /products/search?query=a HTTP/1.1\r\nHost: shop\r\n\r\n";
    deaf.write_all(&search.repeat(200)).unwrap();
    assert!(exchange(&server, LAST_GET).starts_with("HTTP/1.1 200 "), "its place is free again");
    let mut received = Vec::new();
    let _ = deaf.read_to_end(&mut received);
    assert!(!String::from_utf8_lossy(&received).contains("HTTP/1.1 408"), "no answer runs into another");
}

#[test]
fn what_names_no_path_is_refused() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    for request in [
        "CONNECT shop:1 HTTP/1.1\r\nHost: shop\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
    ] {
        let mut stream = connect(&server);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 400", "{request}");
    }
}

#[test]
fn asked_to_stop_it_finishes_what_is_under_way_and_takes_nothing_new() {
    let folder = folder();
    let server = Server::start(folder.path(), &[]);
    let mut stream = connect(&server);
    let body = br#"{"phoneNumber":"9876543210"}"#;
    let head = format!(
        "POST /api/send-otp HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server asks for the body once the handler wants it: the request is under way then.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100 Continue"));
    server.terminate();
    while TcpStream::connect(server.address()).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (status, _, log) = server.wait();
    assert!(status.success(), "{status}: {log}");
}
