//! A whole visit in one process, without any server: `cargo run -p examples --example visit`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use quickcart_core::account::Profile;
use quickcart_core::cart::Quantity;
use quickcart_core::catalog::Page;
use quickcart_core::catalog::import::demo_store;
use quickcart_core::clock::SystemClock;
use quickcart_core::device::parse_update_item;
use quickcart_core::messaging::RecordingProvider;
use quickcart_core::order::PaymentMethod;
use quickcart_core::otp::store::MemoryOtpStore;
use quickcart_core::otp::{CodeRequest, KeyRing, Otp, PhoneVerification, Policy};
use quickcart_core::phone::{PhoneNumber, Region};
use quickcart_core::secret::SecretKey;
use quickcart_core::shop::Shop;
use quickcart_core::store::SqliteStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(SystemClock);
    let store = SqliteStore::open(&folder.path().join("shop.db"))?;
    let shop = Shop::new(Arc::new(store), clock.clone());
    shop.import(demo_store()?, Box::new(|_, _| ())).await?;

    // A code goes to the phone. The recording provider keeps it, so that this program can read it.
    let messages = Arc::new(RecordingProvider::default());
    let codes = Arc::new(MemoryOtpStore::with_capacity(1_000));
    let otp = Otp::new(codes, KeyRing::new(&SecretKey::random()), Policy::default(), clock);
    let verification = PhoneVerification::new(otp, messages.clone(), "sign-in", "QuickCart");
    let phone = PhoneNumber::parse("98765 43210", Region::IN)?;
    verification.start(CodeRequest::new(&phone)).await?;
    let text = messages.latest_text(&phone).ok_or("no message was sent")?;
    println!("{phone:?} got: {text}");
    let code: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
    verification.check(&phone, None, &code).await?;
    let shopper = shop.sign_in(&phone).await?.user_id;
    shop.complete_profile(shopper, &Profile::new("Asha".parse()?)).await?;

    // The list, and a trolley that stands at its dock.
    let mut wanted = Vec::new();
    for name in ["toned milk", "basmati rice", "coriander powder", "dishwash"] {
        let found = shop.search(name, Page::default()).await?;
        let product = found.first().ok_or(name)?;
        shop.add_to_checklist(shopper, product.product_id, Quantity::ONE).await?;
        wanted.push(product.clone());
    }
    shop.connect(shopper, 1).await?;

    let ids: Vec<i64> = wanted.iter().map(|product| product.product_id).collect();
    let walk = shop.walk(shopper, &ids).await?;
    println!("\n{:.0} m past {} products:", walk.length_m, walk.legs.len());
    for leg in &walk.legs {
        let name = wanted.iter().find(|product| Some(product.product_id) == leg.stop.product_id);
        println!("  to {}:", name.map_or("?", |product| product.name.as_str()));
        for (waypoint, _) in &leg.directions {
            println!("    {}", waypoint.instruction);
        }
    }

    // The trolley weighs two pieces of each, and its ESP32 reports them.
    println!();
    for product in &wanted {
        let weight_kg = f64::from(product.weight_g.unwrap_or(0)) * 2.0 / 1_000.0;
        let message = format!(r#"{{"cart_id": 1, "barcode": "{}", "weight": {weight_kg}}}"#, product.barcode);
        let line = shop.apply(&parse_update_item(message.as_bytes())?).await?;
        println!("{} x {}", line.quantity.map_or(0, Quantity::get), line.product.name);
    }
    let order = shop.checkout(shopper, PaymentMethod::Cash, None).await?;
    println!("order {}: {} instead of {}", order.order_id, order.totals.discounted_price, order.totals.price);
    Ok(())
}
