//! Messages of trolleys read, against serde_json with a derived type and with its tree of values.

use std::hint::black_box;

use benches::{Contender, Result, Section, alternate, measure};
use quickcart_core::device::{CartEvent, parse_add_item};
use serde::Deserialize;
use serde_json::Value;

const ROUNDS: u64 = 50_000;
const REPETITIONS: usize = 7;

/// As ArduinoJson, a browser and people write them, with the event that each of them means.
const MESSAGES: [(&str, (i64, i64, u64)); 5] = [
    (r#"{"cart_id":1,"product_id":42,"weight":1.5}"#, (1, 42, 1_500_000)),
    (r#"{"cart_id":7,"product_id":123,"weight":0.512,"rssi":-61}"#, (7, 123, 512_000)),
    ("{ \"cart_id\": 3, \"product_id\": 7, \"weight\": 12.25 }\r\n", (3, 7, 12_250_000)),
    (r#"{"weight":5.08,"product_id":4294967295,"cart_id":10}"#, (10, 4_294_967_295, 5_080_000)),
    (
        r#"{"cart_id":2,"product_id":65,"weight":3,"battery_mv":3712,"firmware":"1.4.2","uptime_s":86400}"#,
        (2, 65, 3_000_000),
    ),
];

#[derive(Deserialize)]
struct AddItem {
    cart_id: i64,
    product_id: i64,
    weight: f64,
}

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    for (message, expected) in MESSAGES {
        for read in [ours, typed, tree] {
            assert_eq!(read(message.as_bytes())?, expected, "{message}");
        }
    }
    let contender = |name: &str, read: fn(&[u8]) -> Result<Event>| {
        Contender::new(name, move || {
            measure(ROUNDS * MESSAGES.len() as u64, || {
                for _ in 0..ROUNDS {
                    for (message, _) in MESSAGES {
                        black_box(read(black_box(message.as_bytes()))?);
                    }
                }
                Ok(())
            })
        })
    };
    let contenders = vec![
        contender("quickcart parse_add_item", ours),
        contender("serde_json, derived type", typed),
        contender("serde_json::Value", tree),
    ];
    benches::print(&Section {
        title: "device: one of five messages read".to_owned(),
        notes: vec![
            "Ours also takes numbers in quotes, reads decimals exactly, refuses fields that are there twice, checks \
             ranges and names every field that is wrong; the peers do none of it."
                .to_owned(),
        ],
        rows: alternate(REPETITIONS, contenders)?,
    });
    Ok(())
}

/// Trolley, product, and milligrams.
type Event = (i64, i64, u64);

fn ours(message: &[u8]) -> Result<Event> {
    match parse_add_item(message)? {
        CartEvent::ItemAdded { cart_id, product_id, cart_weight_mg } => {
            Ok((cart_id, product_id, cart_weight_mg))
        }
        CartEvent::ItemWeighed { .. } => Err("another event".into()),
    }
}

fn typed(message: &[u8]) -> Result<Event> {
    let AddItem { cart_id, product_id, weight } = serde_json::from_slice(message)?;
    Ok((cart_id, product_id, milligrams(weight)))
}

fn tree(message: &[u8]) -> Result<Event> {
    let message: Value = serde_json::from_slice(message)?;
    let integer = |name: &str| message[name].as_i64().ok_or("no integer");
    let weight = message["weight"].as_f64().ok_or("no number")?;
    Ok((integer("cart_id")?, integer("product_id")?, milligrams(weight)))
}

fn milligrams(weight_kg: f64) -> u64 {
    (weight_kg * 1e6).round() as u64
}
