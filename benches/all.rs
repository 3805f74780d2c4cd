//! Every row in one process, so that `cargo bench -p benches` prints one table.

#[path = "checkout/main.rs"]
mod checkout;
mod device;
#[path = "growth/main.rs"]
mod growth;
#[path = "http/main.rs"]
mod http;
#[path = "messaging/main.rs"]
mod messaging;
#[path = "otp/main.rs"]
mod otp;
#[path = "pathfinding/main.rs"]
mod pathfinding;
#[path = "reads/main.rs"]
mod reads;
#[path = "store/main.rs"]
mod store;
mod tokens;

fn main() -> benches::Result<()> {
    // First, because the servers of these rows are this program, started once more.
    http::main()?;
    reads::main()?;
    otp::main()?;
    messaging::main()?;
    tokens::main()?;
    device::main()?;
    store::main()?;
    checkout::main()?;
    growth::main()?;
    pathfinding::main()
}
