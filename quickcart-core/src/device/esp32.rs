//! The JSON messages of the ESP32 trolleys of the old smart-cart backend. Weights are kilograms on the wire.

use super::{CartEvent, DeviceError};
use crate::form::Form;

/// The longest message, in bytes: a device has little memory, and so has whoever listens to thousands of them.
const MESSAGE_LENGTH_MAX: usize = 4_096;

/// Milligrams are kilograms with six decimal places.
const KG_TO_MG_DIGITS: u32 = 6;

/// The heaviest reading in milligrams: what a signed 32-bit counter of them holds, 2,147 kg.
const WEIGHT_MG_MAX: i64 = i32::MAX as i64;

/// The longest barcode, in characters: GS1-128 holds 48.
const BARCODE_LENGTH_MAX: usize = 48;

/// The largest id: devices count with 32 bits.
const ID_MAX: i64 = u32::MAX as i64;

/// Reads `{"cart_id": 1, "product_id": 42, "weight": 1.5}`: one piece was put in, and the whole trolley weighs 1.5 kg.
///
/// # Errors
/// [`DeviceError`], which names every field that is wrong.
///
/// ```
/// use quickcart_core::device::{CartEvent, parse_add_item};
///
/// let event = parse_add_item(br#"{"cart_id":1,"product_id":42,"weight":1.5}"#)?;
/// assert_eq!(event, CartEvent::ItemAdded { cart_id: 1, product_id: 42, cart_weight_mg: 1_500_000 });
/// # Ok::<(), quickcart_core::device::DeviceError>(())
/// ```
pub fn parse_add_item(message: &[u8]) -> Result<CartEvent, DeviceError> {
    let mut form = form(message)?;
    let cart_id = form.integer("cart_id", 0..=ID_MAX);
    let product_id = form.integer("product_id", 0..=ID_MAX);
    let weight_mg = weight_mg(&mut form);
    let (Some(cart_id), Some(product_id), Some(cart_weight_mg)) = (cart_id, product_id, weight_mg) else {
        return Err(DeviceError::Fields(form.into_faults()));
    };
    Ok(CartEvent::ItemAdded { cart_id, product_id, cart_weight_mg })
}

/// Reads `{"cart_id": 1, "barcode": "9521234500014", "weight": 2.05}`: all pieces of this product in the trolley weigh
/// 2.05 kg together.
///
/// # Errors
/// [`DeviceError`], which names every field that is wrong.
pub fn parse_update_item(message: &[u8]) -> Result<CartEvent, DeviceError> {
    let mut form = form(message)?;
    let cart_id = form.integer("cart_id", 0..=ID_MAX);
    let barcode = form.text("barcode", 1..=BARCODE_LENGTH_MAX);
    let weight_mg = weight_mg(&mut form);
    let (Some(cart_id), Some(barcode), Some(weight_mg)) = (cart_id, barcode, weight_mg) else {
        return Err(DeviceError::Fields(form.into_faults()));
    };
    Ok(CartEvent::ItemWeighed { cart_id, barcode: barcode.into_owned(), weight_mg })
}

fn form(message: &[u8]) -> Result<Form<'_>, DeviceError> {
    if message.len() > MESSAGE_LENGTH_MAX {
        return Err(DeviceError::TooLong { length: message.len(), max: MESSAGE_LENGTH_MAX });
    }
    Ok(Form::parse(message)?)
}

fn weight_mg(form: &mut Form<'_>) -> Option<u64> {
    form.decimal("weight", KG_TO_MG_DIGITS, 0..=WEIGHT_MG_MAX).map(i64::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::form::Fault;

    fn faults(result: Result<CartEvent, DeviceError>) -> Vec<Fault> {
        match result {
            Err(DeviceError::Fields(faults)) => faults.into_iter().map(|fault| fault.fault).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_what_the_devices_send() {
        // Integers where decimals are declared, numbers in quotes, unknown fields: all of it is sent by real devices.
        for message in [
            r#"{"cart_id":1,"product_id":42,"weight":0.512}"#,
            r#"{"cart_id":"1","product_id":42.0,"weight":"0.512","rssi":-61}"#,
            "\r\n{ \"cart_id\": 1, \"product_id\": 42, \"weight\": 512e-3 }\n",
        ] {
            let expected = CartEvent::ItemAdded { cart_id: 1, product_id: 42, cart_weight_mg: 512_000 };
            assert_eq!(parse_add_item(message.as_bytes()).unwrap(), expected, "{message}");
        }
    }

    #[test]
    fn names_every_field_that_is_wrong() {
        assert_eq!(faults(parse_add_item(b"{}")), [Fault::Missing, Fault::Missing, Fault::Missing]);
        let shown = parse_add_item(br#"{"cart_id":1}"#).unwrap_err().to_string();
        assert_eq!(shown, "missing or wrong in the message: product_id, weight");
        let message = br#"{"cart_id":-1,"barcode":"","weight":-0.001}"#;
        assert_eq!(
            faults(parse_update_item(message)),
            [Fault::LessThan(0), Fault::ShorterThan(1), Fault::LessThan(0)]
        );
        let message = br#"{"cart_id":4294967296,"product_id":1,"weight":1e9}"#;
        assert_eq!(faults(parse_add_item(message)), [Fault::GreaterThan(ID_MAX), Fault::GreaterThan(2_147)]);
    }

    #[test]
    fn refuses_what_is_no_message() {
        for message in [&b""[..], b"{\"weight\":nan}", b"\xff", b"[]", &[b' '; 5_000]] {
            assert!(parse_add_item(message).is_err());
        }
    }

    proptest! {
        #[test]
        fn never_panics(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_add_item(&message);
            let _ = parse_update_item(&message);
        }
    }
}
