//! A code sent and verified over HTTP: our whole server against bare hyper and bare warp, in processor time of the
//! server.

mod load;
mod servers;

use std::cell::Cell;

use benches::{Child, Contender, Cost, Goal, Measured, Result, Section, ThreadTimes, alternate};
use load::Load;
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 64;
const PAIRS: usize = 10_000;
/// Many short ones: the mood of the machine changes within seconds.
const REPETITIONS: usize = 31;

/// What we may cost, as a multiple of bare hyper.
const CPU_MAX: f64 = 1.5;
/// The same, where both make a request of their own to a provider for each of theirs.
const SENDING_CPU_MAX: f64 = 3.0;

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
    let start = |server| Child::start(&["--serve", server]);
    let (ours, hyper, warp) = (start("ours")?, start("hyper")?, start("warp")?);
    for server in [&ours, &hyper, &warp] {
        runtime.block_on(Load::check(server.port))?;
    }
    let provider = start("provider")?;
    let sending = Child::start(&["--serve", &format!("ours by {}", provider.port)])?;
    runtime.block_on(Load::check_sent(sending.port))?;
    let relay = |client: &str| Child::start(&["--serve", &format!("{client} by {}", provider.port)]);
    let (by_hyper, by_reqwest) = (relay("hyper")?, relay("reqwest")?);
    let servers = [
        ("quickcart-warp, development, log info", &ours),
        ("hyper, two routes (the limit)", &hyper),
        ("warp, two routes, on the same loop", &warp),
    ];
    let started = Cell::new(0);
    let bench = Bench { load: &load, runtime: &runtime, started: &started };
    print_pairs(alternate(REPETITIONS, bench.contenders(&servers, Bench::pairs, CPU_MAX))?);
    print_verifies(alternate(REPETITIONS, bench.contenders(&servers, Bench::verifies, CPU_MAX))?);
    let servers = [
        ("quickcart-warp, Twilio on loopback", &sending),
        ("hyper that asks the provider by hyper", &by_hyper),
        ("hyper that asks the provider by reqwest", &by_reqwest),
        ("hyper that asks nobody", &hyper),
    ];
    print_sends(alternate(REPETITIONS, bench.contenders(&servers, Bench::sends, SENDING_CPU_MAX))?);
    Ok(())
}

/// Asks servers that run.
#[derive(Clone, Copy)]
struct Bench<'a> {
    load: &'a Load,
    runtime: &'a Runtime,
    /// Repetitions so far, of all contenders, so that each has numbers of its own.
    started: &'a Cell<usize>,
}

impl<'a> Bench<'a> {
    /// The second server is the limit, and carries the goal.
    fn contenders(
        self,
        servers: &[(&str, &Child)],
        work: fn(Self, &ServerAddress) -> Result<Cost>,
        cpu_max: f64,
    ) -> Vec<Contender<'a>> {
        let contender = |(index, (name, server)): (usize, &(&str, &Child))| {
            let address = ServerAddress { port: server.port, process_id: server.process_id() };
            let contender = Contender::new(*name, move || {
                self.started.set(self.started.get() + 1);
                work(self, &address)
            });
            if index == 1 { contender.with_goal(Goal::Cpu(cpu_max)) } else { contender }
        };
        servers.iter().enumerate().map(contender).collect()
    }

    fn pairs(self, server: &ServerAddress) -> Result<Cost> {
        server.measure(|| self.runtime.block_on(self.load.run(server.port, self.started.get())))
    }

    fn sends(self, server: &ServerAddress) -> Result<Cost> {
        server.measure(|| self.runtime.block_on(self.load.send(server.port, self.started.get())))
    }

    fn verifies(self, server: &ServerAddress) -> Result<Cost> {
        let holders = self.runtime.block_on(self.load.hold(server.port, self.started.get()))?;
        server.measure(|| self.runtime.block_on(holders.verify()))
    }
}

struct ServerAddress {
    port: u16,
    process_id: u32,
}

impl ServerAddress {
    /// Fills in the processor time of the server.
    fn measure(&self, work: impl FnOnce() -> Result<Cost>) -> Result<Cost> {
        let before = ThreadTimes::of(self.process_id)?;
        let cost = work()?;
        Ok(Cost { cpu: ThreadTimes::of(self.process_id)?.since(&before), ..cost })
    }
}

fn print_pairs(rows: Vec<Measured>) {
    benches::print(&Section {
        title: format!("http: one request of send-otp and verify-otp, {CONNECTIONS} keep-alive connections"),
        notes: vec![
            cpu_note(2 * PAIRS),
            "The peers read and write JSON of the same shapes and keep nothing; ours also reads the phone number, \
             takes from the limits of phone, address, prefix, country and spend, watches for pumping, keeps the code, \
             prints the message (to /dev/null), limits times and sizes, and sets four more headers."
                .to_owned(),
        ],
        rows,
    });
}

fn print_verifies(rows: Vec<Measured>) {
    benches::print(&Section {
        title: format!("http: one request of verify-otp, {CONNECTIONS} keep-alive connections"),
        notes: vec![
            cpu_note(PAIRS),
            "The codes are asked for before, and not measured. Every code is right, so ours also notes for the watch \
             that it was shown."
                .to_owned(),
        ],
        rows,
    });
}

fn print_sends(rows: Vec<Measured>) {
    benches::print(&Section {
        title: format!("http: one request of send-otp with a provider, {CONNECTIONS} keep-alive connections"),
        notes: vec![
            cpu_note(PAIRS),
            "Ours sends each message to a Twilio on loopback, a process of its own, over HTTP, and keeps the books, without \
             the watch for pumping, since no code is shown. The next two make the same requests as ours and do nothing besides."
                .to_owned(),
        ],
        rows,
    });
}

fn cpu_note(requests: usize) -> String {
    format!(
        "CPU is the server's alone, over {},000 requests a repetition; the client has one thread of its own on the same \
         cores, so `per second` and latencies are of both together.",
        requests / 1_000
    )
}
