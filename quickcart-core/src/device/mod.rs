//! Messages of the trolleys' devices, from bytes to events. No I/O.

mod error;
mod esp32;

pub use error::DeviceError;
pub use esp32::{parse_add_item, parse_update_item};

/// What a trolley's device has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CartEvent {
    /// One piece of a product was put in.
    ItemAdded {
        /// The trolley.
        cart_id: i64,
        /// The product.
        product_id: i64,
        /// What the whole trolley's contents weigh now, in milligrams.
        cart_weight_mg: u64,
    },
    /// The pieces of one product that are in the trolley were weighed.
    ItemWeighed {
        /// The trolley.
        cart_id: i64,
        /// What was scanned.
        barcode: String,
        /// What all pieces of it weigh together, in milligrams.
        weight_mg: u64,
    },
}

impl CartEvent {
    /// The trolley it happened in.
    #[must_use]
    pub fn cart_id(&self) -> i64 {
        match self {
            Self::ItemAdded { cart_id, .. } | Self::ItemWeighed { cart_id, .. } => *cart_id,
        }
    }
}
