//! Reads of the shop on SQLite: our whole server against bare hyper with the same SQL, in processor time of the server; our store
//! against Python's `sqlite3`; and our server against Flask and FastAPI with the same six routes.

mod bare;
mod load;
mod peers;
mod servers;
mod shop;
mod statements;

use std::path::Path;

use benches::{
    Child, Contender, Cost, Goal, Result, Section, Venv, alternate, number, processor_time_of_tree,
};
use hyper::StatusCode;
use load::{Answer, Load};
use peers::{GUNICORN, PythonServer, UVICORN};
use shop::{Read, Shop, UNKNOWN_PRODUCT};
use tokio::runtime::Runtime;

/// Many short ones: the mood of the machine changes within seconds.
const REPETITIONS: usize = 11;
const CONNECTIONS: usize = 64;
const REQUESTS: usize = 20_000;
/// What we may cost, as a multiple of bare hyper with the same SQL.
const CPU_MAX: f64 = 2.0;

/// Python takes long enough for few repetitions of fewer requests.
const PYTHON_REPETITIONS: usize = 5;
const PYTHON_CONNECTIONS: usize = 16;
const PYTHON_REQUESTS: usize = 2_400;
/// What we may cost, as a multiple of Flask and of FastAPI: an eighth.
const PYTHON_CPU_MAX: f64 = 0.125;

pub(crate) fn main() -> Result<()> {
    // The servers are this program, started once more.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--serve-reads").skip(1);
    if let (Some(server), Some(database), Some(user_id)) =
        (arguments.next(), arguments.next(), arguments.next())
    {
        return servers::serve(&server, database.into(), user_id.parse()?);
    }
    if !benches::is_wanted() {
        return Ok(());
    }
    let shop = Shop::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ours = start("ours", &shop.copy("ours.db")?, &shop)?;
    let hyper = start("hyper", &shop.copy("hyper.db")?, &shop)?;
    bare_rows(&runtime, &shop, &ours, &hyper)?;
    drop(hyper);
    statements::rows(&shop)?;
    python_rows(&runtime, &shop, &ours)
}

fn start(server: &str, database: &Path, shop: &Shop) -> Result<Child> {
    let database = database.to_str().ok_or("the temporary folder has a name that is not UTF-8")?;
    Child::start(&["--serve-reads", server, database, &shop.user_id.to_string()])
}

fn bare_rows(runtime: &Runtime, shop: &Shop, ours: &Child, hyper: &Child) -> Result<()> {
    let routes = [
        ("GET /products/{id}", Read::products()),
        ("GET /products/search", Read::searches()),
        ("GET /cart/view", vec![Read::Cart]),
    ];
    let all: Vec<Read> = routes.iter().flat_map(|(_, reads)| reads.clone()).collect();
    let expected = expected(runtime, shop, ours, &all)?;
    check(runtime, shop, "hyper", hyper.port, &all, &expected)?;
    for (route, reads) in routes {
        let load = Load::new(&reads, &shop.token, CONNECTIONS);
        let run = |server: &Child| {
            let (port, process_id) = (server.port, server.process_id());
            let load = &load;
            move || with_cpu(process_id, || runtime.block_on(load.run(port, REQUESTS)))
        };
        let contenders = vec![
            Contender::new("quickcart-warp, development, log info", run(ours)),
            Contender::new("hyper, the same SQL (the limit)", run(hyper)).with_goal(Goal::Cpu(CPU_MAX)),
        ];
        benches::print(&Section {
            title: format!("reads: {route}, {CONNECTIONS} keep-alive connections"),
            notes: vec![
                format!(
                    "CPU is the server's alone, over {} requests a repetition; the client has one thread of its own on \
                     the same cores, so `per second` and latencies are of both together.",
                    number(REQUESTS as f64)
                ),
                "The limit runs the same statements with the same driver, one connection a thread of the runtime, on that thread, \
                 and writes the same JSON. Ours also checks the token, limits times and sizes, and sets more headers; a search \
                 runs on a thread of its own."
                    .to_owned(),
            ],
            rows: alternate(REPETITIONS, contenders)?,
        });
    }
    Ok(())
}

fn python_rows(runtime: &Runtime, shop: &Shop, ours: &Child) -> Result<()> {
    let reads = Read::mixed();
    let expected = expected(runtime, shop, ours, &reads)?;
    let mut notes = vec![format!(
        "The six routes in turn. CPU is that of all the server's processes, over {} requests a repetition of ours and {} \
         of the others'. Nobody logs requests.",
        number((10 * PYTHON_REQUESTS) as f64),
        number(PYTHON_REQUESTS as f64)
    )];
    let servers = match python_servers(shop) {
        Ok((version, servers)) => {
            notes.push(format!(
                "{version}; packages as in peers/requirements.txt. The peers open a connection for each request, as their \
                 documentations have it, to a database in SQLite's default journal mode, where that costs least."
            ));
            servers
        }
        Err(error) => {
            notes.push(format!("Flask and FastAPI are left out: {error}"));
            Vec::new()
        }
    };
    for (name, server) in &servers {
        check(runtime, shop, name, server.port, &reads, &expected)?;
    }
    let load = Load::new(&reads, &shop.token, PYTHON_CONNECTIONS);
    let run = |port, process_id, requests| {
        let load = &load;
        move || with_cpu(process_id, || runtime.block_on(load.run(port, requests)))
    };
    let mut contenders = vec![Contender::new(
        "quickcart-warp, development, log info",
        run(ours.port, ours.process_id(), 10 * PYTHON_REQUESTS),
    )];
    contenders.extend(servers.iter().map(|(name, server)| {
        Contender::new(*name, run(server.port, server.process_id(), PYTHON_REQUESTS))
            .with_goal(Goal::Cpu(PYTHON_CPU_MAX))
    }));
    benches::print(&Section {
        title: format!("reads: six routes, {PYTHON_CONNECTIONS} keep-alive connections"),
        notes,
        rows: alternate(PYTHON_REPETITIONS, contenders)?,
    });
    Ok(())
}

/// Flask and FastAPI, and the Python that runs them.
fn python_servers(shop: &Shop) -> Result<(String, Vec<(&'static str, PythonServer)>)> {
    let venv = Venv::ready()?;
    let start = |arguments, database| {
        PythonServer::start(&venv, arguments, &shop.copy_for_python(database, "DELETE")?)
    };
    let servers = vec![
        ("Flask, gunicorn gthread, two workers", start(GUNICORN, "flask.db")?),
        ("FastAPI, uvicorn, two workers", start(UVICORN, "fastapi.db")?),
    ];
    Ok((venv.version, servers))
}

/// What all have to answer: what our server does.
fn expected(runtime: &Runtime, shop: &Shop, ours: &Child, reads: &[Read]) -> Result<Vec<Answer>> {
    let answers = runtime.block_on(with_unknown(reads, &shop.token).answers(ours.port))?;
    let (unknown, known) = answers.split_last().ok_or("nothing was asked")?;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{unknown:?}");
    for answer in known {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let list = ["results", "offers", "items"].into_iter().find_map(|name| answer.body.get(name));
        let is_empty = list.unwrap_or(&answer.body).as_array().is_some_and(Vec::is_empty);
        assert!(!is_empty, "{answer:?}");
    }
    Ok(answers)
}

fn check(
    runtime: &Runtime,
    shop: &Shop,
    name: &str,
    port: u16,
    reads: &[Read],
    expected: &[Answer],
) -> Result<()> {
    let answers = runtime.block_on(with_unknown(reads, &shop.token).answers(port))?;
    for (answer, expected) in answers.iter().zip(expected) {
        assert_eq!(answer, expected, "{name} answers something else than ours");
    }
    Ok(())
}

fn with_unknown(reads: &[Read], token: &str) -> Load {
    let reads: Vec<Read> = reads.iter().copied().chain([Read::Product(UNKNOWN_PRODUCT)]).collect();
    Load::new(&reads, token, 1)
}

/// Fills in the processor time of a server with all its processes.
fn with_cpu(process_id: u32, work: impl FnOnce() -> Result<Cost>) -> Result<Cost> {
    let before = processor_time_of_tree(process_id)?;
    let cost = work()?;
    Ok(Cost { cpu: processor_time_of_tree(process_id)? - before, ..cost })
}
