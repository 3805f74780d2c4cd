//! Events of orders leave the server, as docs/databases.md says.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Mutex, atomic::AtomicBool, atomic::Ordering};

use serde_json::{Value, json};

use crate::fake_http::{FakeHttp, Reaction, Request};
use crate::program::{PATIENCE, Server, folder};
use crate::shopper::{SETTINGS, Shopper};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What the receiver of the page makes of a request: the id and the event.
fn received(request: &Request, body: &str, secret: &str) -> Option<(String, Value)> {
    let page = include_str!("../../../docs/databases.md");
    let receiver = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let program = format!(
        "{receiver}\nimport sys\nasked = json.load(sys.stdin)\nasked[1] = asked[1].encode()\nprint(json.dumps(event(*asked)))\n"
    );
    let mut python = Command::new("python3");
    python.args(["-c", &program]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let asked = json!([request.headers, body, secret]);
    python.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    if output.status.success() {
        return Some(serde_json::from_slice(&output.stdout).unwrap());
    }
    let trouble = String::from_utf8(output.stderr).unwrap();
    assert!(trouble.contains("not from the shop"), "{trouble}");
    None
}

#[tokio::test]
async fn events_are_posted_signed_in_order_and_again_until_they_are_taken() {
    let (sender, requests) = channel();
    let (sender, was_asked) = (Mutex::new(sender), AtomicBool::new(false));
    let receiver = FakeHttp::start(move |request| {
        sender.lock().unwrap().send(request.clone()).unwrap();
        let status = if was_asked.swap(true, Ordering::AcqRel) { 204 } else { 500 };
        Reaction::Answer { status, headers: "", body: String::new() }
    });
    let (folder, url) = (folder(), receiver.url() + "/hook");
    let events = [
        ("QUICKCART_EVENTS", "webhook"),
        ("QUICKCART_EVENTS_WEBHOOK_URL", &url),
        ("QUICKCART_EVENTS_WEBHOOK_SECRET", SECRET),
    ];
    let server = Server::start(folder.path(), &[&SETTINGS[..], &events].concat());
    let order = Shopper::sign_in(&server.url, 1).await.buy(&server.url, "first").await["order_id"].take();
    let expected = |seq: i64, event: &str, from: Value, to: &str| {
        let data = json!({
            "order_kind": "cart", "order_id": order, "seq": seq, "from_status": from, "to_status": to,
            "actor": "customer",
        });
        (format!("cart-{order}-{seq}"), format!("order.{event}"), data)
    };
    let placed = expected(1, "place", Value::Null, "pending");
    let verified = expected(2, "verify", json!("pending"), "verified");
    // The first was not taken, so it comes again, and the second waits for it.
    for (expected, is_last) in [(&placed, false), (&placed, false), (&verified, true)] {
        let request = requests.recv_timeout(PATIENCE).unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook"));
        assert_eq!(request.headers["content-type"], "application/json");
        let (id, mut event) = received(&request, &request.body, SECRET).unwrap();
        assert!(event["timestamp"].as_str().unwrap().ends_with('Z'), "{event}");
        let kind = event["type"].as_str().unwrap().to_owned();
        assert_eq!((id, kind, event["data"].take()), *expected);
        if is_last {
            let forged = request.body.replace("verified", "cancelled");
            assert_eq!(received(&request, &forged, SECRET), None);
            assert_eq!(received(&request, &request.body, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), None);
            let mut old = request.clone();
            old.headers.insert("webhook-timestamp".to_owned(), "1000000000".to_owned());
            assert_eq!(received(&old, &request.body, SECRET), None);
        }
    }
}

#[tokio::test]
async fn events_are_lines_of_the_log_and_wait_for_a_target() {
    let folder = folder();
    let mut without = Server::start(folder.path(), &SETTINGS);
    let order = Shopper::sign_in(&without.url, 1).await.buy(&without.url, "first").await["order_id"].take();
    without.kill();
    let server = Server::start(folder.path(), &[&SETTINGS[..], &[("QUICKCART_EVENTS", "log")]].concat());
    let count = r#"quickcart_event_total{outcome="published"} 2"#;
    loop {
        let metrics = reqwest::get(server.url.clone() + "/metrics").await.unwrap().text().await.unwrap();
        if metrics.contains(count) {
            break;
        }
    }
    server.terminate();
    let (_, _, log) = server.wait();
    for seq in [1, 2] {
        assert_eq!(log.matches(&format!("cart-{order}-{seq}")).count(), 1, "{log}");
    }
    assert!(!log.contains("9876500001"), "{log}");
}
