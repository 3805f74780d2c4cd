//! QuickCart's routes in a warp server of one's own: `cargo run -p examples --example embed`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use clap::Parser;
use quickcart_warp::settings::Settings;
use quickcart_warp::{routes, start};
use warp::Filter;

/// The host's own command line, with QuickCart's settings among its flags and environment variables.
#[derive(Parser)]
struct Host {
    #[command(flatten)]
    quickcart: Settings,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Host::parse().quickcart.check()?;
    let started = start::start(&config).await?;

    // Requests that are not QuickCart's fall through to the host's routes.
    let greeting = warp::path!("greeting" / String).map(|name: String| format!("Hello, {name}!\n"));
    let routes = routes(&started.app).or(greeting);

    let address = config.listen.first().ok_or("no address to listen on")?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("Try: curl http://{address}/greeting/Asha");
    println!("     curl 'http://{address}/products/search?query=milk'");
    warp::serve(routes).incoming(listener).run().await;
    Ok(())
}
