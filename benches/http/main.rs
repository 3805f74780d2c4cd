//! A code sent and verified over HTTP: our whole server against bare hyper and bare warp, in processor time of the server.

mod child;
mod load;
mod servers;

use std::cell::RefCell;

use benches::{Contender, Goal, Result, Section, alternate};
use child::Child;
use load::Load;

const CONNECTIONS: usize = 64;
const PAIRS: usize = 40_000;
const REPETITIONS: usize = 5;

pub(crate) fn main() -> Result<()> {
    // The servers are this program, started once more.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--serve").skip(1);
    if let Some(server) = arguments.next() {
        return servers::serve(&server);
    }
    if !benches::is_wanted() {
        return Ok(());
    }
    let load = Load { connections: CONNECTIONS, pairs: PAIRS };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ours, hyper, warp) = (Child::start("ours")?, Child::start("hyper")?, Child::start("warp")?);
    for server in [&ours, &hyper, &warp] {
        runtime.block_on(Load::check(server.port))?;
    }
    let started = RefCell::new(0);
    let contender = |name: &str, server: &Child| {
        let (port, process_id) = (server.port, server.process_id());
        let (load, runtime, started) = (&load, &runtime, &started);
        Contender::new(name, move || {
            *started.borrow_mut() += 1;
            let before = benches::processor_time_of(process_id)?;
            let cost = runtime.block_on(load.run(port, *started.borrow()))?;
            Ok(benches::Cost { cpu: benches::processor_time_of(process_id)? - before, ..cost })
        })
    };
    let contenders = vec![
        contender("quickcart-warp, development, log info", &ours),
        contender("hyper, two routes (the limit)", &hyper).with_goal(Goal::Cpu(1.5)),
        contender("warp, two routes, on the same loop", &warp),
    ];
    let rows = alternate(REPETITIONS, contenders)?;
    benches::print(&Section {
        title: format!("http: one request of send-otp and verify-otp, {CONNECTIONS} keep-alive connections"),
        notes: vec![
            format!(
                "CPU is the server's alone, over {},000 requests a repetition; the client has one thread of its own on the \
                 same cores, so `per second` and latencies are of both together.",
                2 * PAIRS / 1_000
            ),
            "The peers read and write JSON of the same shapes and keep nothing; ours also reads the phone number, \
             keeps the code, prints the message (to /dev/null), limits times and sizes, and sets four more headers."
                .to_owned(),
        ],
        rows,
    });
    Ok(())
}
