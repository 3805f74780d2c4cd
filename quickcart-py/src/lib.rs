//! The native module of the Python package: quickcart-core's objects, for threads that may wait.

mod device;
mod errors;
mod fork;
mod money;
mod open_store;
mod otp;
mod recovery;
mod shop;
mod store_map;
mod tokens;
mod totp;
mod values;
mod wait;

use pyo3::pymodule;

/// The native half of quickcart; import from `quickcart` instead.
#[pymodule]
mod _quickcart {
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::device::{CartEvent, DeviceGate};
    #[pymodule_export]
    use crate::money::format_money;
    #[pymodule_export]
    use crate::otp::{Issued, Otp};
    #[pymodule_export]
    use crate::recovery::RecoveryCodes;
    #[pymodule_export]
    use crate::shop::Shop;
    #[pymodule_export]
    use crate::store_map::StoreMap;
    #[pymodule_export]
    use crate::tokens::{Token, Tokens};
    #[pymodule_export]
    use crate::totp::{Totp, new_totp_secret};
    #[pymodule_export]
    use crate::values::{
        BlockedCart, Cart, CartLine, ChecklistItem, GuestLine, Hold, Label, Leg, Location, Order, OrderLine,
        Point, Product, ProductDetails, Recipe, RecipeMatch, Return, Route, StockLevel, StockMovement, Tour,
        User, Walk, Waypoint,
    };
}
