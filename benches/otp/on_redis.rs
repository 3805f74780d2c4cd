//! Codes on Redis: the server's processor time against the least script that does the same, and the client's against a
//! bare call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use benches::{Contender, Cost, Figure, Goal, Result, Section, alternate, measure};
use quickcart_core::clock::{Clock, SystemClock, Timestamp};
use quickcart_core::otp::store::RedisOtpStore;
use quickcart_core::otp::{
    AttemptRequest, Challenge, Charge, Digest, Guess, IssueRequest, Policy, Rate, Resend, Watch,
};
use test_servers::RedisServer;
use tokio::runtime::Runtime;

use super::minimal::{Minimal, key};
use super::sides::{Bare, Call, Script, Side};

const OPERATIONS: usize = 20_000;
const IN_FLIGHT: usize = 50;
const REPETITIONS: usize = 11;
const ADDRESSES: u64 = 1_000;
/// Digits of a prefix; blocks of 10,000 numbers here, for the watch to stay quiet although only some codes are shown.
const PREFIX: usize = 6;
const SERVER_CPU_MAX: f64 = 1.15;
const CLIENT_CPU_MAX: f64 = 1.2;

const SET_ONE: &str = "return redis.call('SET', KEYS[1], ARGV[1], 'PX', 300000)";
const ANSWER_ONE: &str = "return 1";

/// Answers as our scripts do to what they are asked, after as many turns of an empty loop for each: a client that gets
/// its answers one by one pays for each of them, and one that gets them in heaps for each heap.
fn answer_alike(issue_turns: u32, verify_turns: u32) -> String {
    format!(
        "
if #KEYS == 4 then
    for _ = 1, {verify_turns} do end
    return 1
end
for _ = 1, {issue_turns} do end
local at = 1763700000123456
return {{ 1, at, 0, 0, ARGV[5], at, at, at, at, at }}"
    )
}

/// What is measured.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Issue,
    Wrong,
    Right,
}

/// Whose processor time is measured.
#[derive(Clone, Copy)]
enum Whose {
    Server,
    Client,
}

/// A side, and the server that it has for itself.
#[derive(Clone)]
struct Pair {
    server: Arc<RedisServer>,
    side: Arc<dyn Side>,
}

pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ours = runtime.block_on(ours())?;
    let minimal = runtime.block_on(minimal())?;
    for pair in [&ours, &minimal] {
        runtime.block_on(check(pair.side.as_ref()))?;
    }
    let set_one = runtime.block_on(bare(SET_ONE))?;
    let answer_one = runtime.block_on(bare(ANSWER_ONE))?;
    let answer_alike = runtime.block_on(bare(&answer_alike(0, 0)))?;
    figures(&runtime, &[("ours", &ours), ("minimal script", &minimal), ("bare EVALSHA", &answer_one)])?;

    let load = Load { runtime: &runtime };
    for (title, step) in STEPS {
        let peers =
            [("minimal script, a key or field each", &minimal), ("bare EVALSHA of one SET", &set_one)];
        let rows = load.compare(step, Whose::Server, &ours, &peers, Goal::Cpu(SERVER_CPU_MAX))?;
        print(format!("otp on Redis, CPU of the server: {title}"), rows, None);
    }
    let as_slow = load.as_slow(&ours, &answer_alike)?;
    for (title, step) in [STEPS[0], STEPS[2]] {
        let peers = [
            ("bare EVALSHA, as long, same answer", &as_slow),
            ("bare EVALSHA, same answer at once", &answer_alike),
            ("bare EVALSHA, one number at once", &answer_one),
        ];
        let rows = load.compare(step, Whose::Client, &ours, &peers, Goal::Cpu(CLIENT_CPU_MAX))?;
        let note = "The first peer's script turns an empty loop for as long as ours works: answers that come one by one are \
                    read one by one, which costs a client more than heaps of them.";
        print(format!("otp on Redis, CPU of the client: {title}"), rows, Some(note));
    }
    Ok(())
}

const STEPS: [(&str, Step); 3] = [
    ("a code issued, with idempotency key, cooldown, five limits and the watch", Step::Issue),
    ("a wrong code judged", Step::Wrong),
    ("a right code judged", Step::Right),
];

fn print(title: String, rows: Vec<benches::Measured>, note: Option<&str>) {
    let mut notes = vec![format!(
        "{OPERATIONS} phones a repetition, one multiplexed connection with {IN_FLIGHT} calls in flight, a server for each \
         contender, which keeps nothing on disk. `per second` is of client and server together."
    )];
    notes.extend(note.map(str::to_owned));
    benches::print(&Section { title, notes, rows });
}

async fn ours() -> Result<Pair> {
    let server = RedisServer::start();
    let store = RedisOtpStore::new(server.url().parse()?);
    store.connect().await?;
    Ok(Pair { server: Arc::new(server), side: Arc::new(store) })
}

async fn minimal() -> Result<Pair> {
    let server = RedisServer::start();
    let side = Minimal::connect(&server).await?;
    Ok(Pair { server: Arc::new(server), side: Arc::new(side) })
}

/// Calls with as many and as long arguments as ours: `figures` holds them to that.
async fn bare(source: &str) -> Result<Pair> {
    let server = RedisServer::start();
    let script = Script::load(&server, source).await?;
    let (issue, verify) = alike();
    Ok(Pair { server: Arc::new(server), side: Arc::new(Bare { script, issue, verify }) })
}

fn alike() -> (Call, Call) {
    let (long, digest, run) = (|kind: u8| key(kind, &[kind; 16]), [7; 16], [8; 8]);
    let now_us = SystemClock.now().as_microsecond();
    let marker = "{quickcart}:marker";
    let mut issue = Call::default().key(marker).key(long(1)).key(long(2)).key(long(3)).key(long(4));
    for charge in 0..5 {
        issue = issue.key(long(5 + charge));
    }
    issue = issue.number(1).number(now_us).argument(run).number(0);
    issue = issue.argument(digest).argument(digest).argument(digest).argument(digest).number(now_us);
    issue = issue.argument("");
    for cooldown_s in [30, 60, 120, 300] {
        issue = issue.number(cooldown_s * 1_000_000);
    }
    issue = issue.number(54_321).number(1);
    for charge in charges(0, SystemClock.now()) {
        let quota_us = charge.unit_us() * i64::from(charge.rate.quota());
        issue = issue.number(now_us).number(quota_us).number(charge.cost_us());
    }
    let verify = Call::default().key(marker).key(long(1)).key(long(3)).key(long(4)).argument([7_u8; 51]);
    (issue, verify)
}

/// A side that is right about codes: it issues one, cools down, counts wrong ones, accepts the right one once, locks.
async fn check(side: &dyn Side) -> Result<()> {
    let [one, two, three] = [1, 2, 3].map(|number| request(u64::MAX - number, SystemClock.now()));
    assert!(side.issue(&one).await?, "a first code");
    let again = IssueRequest { idempotency: Some(rand::random()), ..one.clone() };
    assert!(!side.issue(&again).await?, "no second code right after the first");
    assert!(!side.issue(&one).await?, "the same request sends nothing");
    assert!(!side.verify(&attempt(&one, Step::Wrong)).await?, "a wrong code");
    assert!(side.verify(&attempt(&one, Step::Right)).await?, "the right code");
    assert!(!side.verify(&attempt(&one, Step::Right)).await?, "a code works once");
    assert!(side.issue(&two).await?, "another phone");
    for _ in 0..5 {
        assert!(!side.verify(&attempt(&two, Step::Wrong)).await?, "a wrong code");
    }
    assert!(!side.verify(&attempt(&two, Step::Right)).await?, "five wrong codes lock");
    let mut limited = three;
    limited.charges[0].rate = Rate::daily(1);
    limited.charges[0].cost = 2;
    assert!(!side.issue(&limited).await?, "a limit that is too small");
    check_watch(side).await
}

/// Neighbours, one after the other, are stopped.
async fn check_watch(side: &dyn Side) -> Result<()> {
    let mut sent = 0;
    for number in 0..40 {
        let mut request = request(u64::MAX / 2 + u64::from(number), SystemClock.now());
        request.watch = Some(Watch { prefix: [b'w'; 16], number: 50_000 + number });
        sent += usize::from(side.issue(&request).await?);
    }
    assert_eq!(sent, 15, "the watch stops a run");
    Ok(())
}

/// Counts what reaches the server: one EVALSHA for each step, and what that runs inside.
fn figures(runtime: &Runtime, pairs: &[(&str, &Pair)]) -> Result<()> {
    let mut figures = Vec::new();
    for (name, pair) in pairs {
        let requests = requests(OPERATIONS);
        for step in [Step::Issue, Step::Wrong, Step::Right] {
            let before = Traffic::of(&pair.server)?;
            runtime.block_on(drive(pair, &requests, step))?;
            let traffic = Traffic::of(&pair.server)?.since(&before);
            assert_eq!(traffic.calls, OPERATIONS as u64, "one round trip each");
            let step = match step {
                Step::Issue => "a code issued",
                Step::Wrong => "a wrong code",
                Step::Right => "a right code",
            };
            let each = |total: u64| total as f64 / OPERATIONS as f64;
            let figure =
                |what: &str, value, most| Figure { what: format!("{step}, {name}: {what}"), value, most };
            figures.push(figure("round trips", each(traffic.calls), Some(1.0)));
            figures.push(figure("commands inside the script", each(traffic.inner), None));
            figures.push(figure("bytes to the server", each(traffic.bytes), None));
        }
    }
    benches::print_figures("otp on Redis: what one operation sends", &figures);
    Ok(())
}

/// What a server has been sent so far.
struct Traffic {
    calls: u64,
    inner: u64,
    bytes: u64,
}

impl Traffic {
    fn of(server: &RedisServer) -> Result<Self> {
        let info = server.command(&["INFO", "everything"])?;
        let calls = field(&info, "cmdstat_evalsha")
            .and_then(|text| text.strip_prefix("calls=")?.split(',').next()?.parse().ok())
            .unwrap_or(0);
        let total: u64 = number(&info, "total_commands_processed")?;
        Ok(Self { calls, inner: total - calls, bytes: number(&info, "total_net_input_bytes")? })
    }

    /// Without the question itself, which is a command, too.
    fn since(&self, before: &Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            inner: self.inner - before.inner - 1,
            bytes: self.bytes - before.bytes,
        }
    }
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = info.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
}

fn number<T: std::str::FromStr>(info: &str, name: &str) -> Result<T> {
    let value = field(info, name).and_then(|text| text.parse().ok());
    value.ok_or_else(|| format!("INFO has no {name}").into())
}

/// The processor time of a server so far, both modes.
fn server_cpu(server: &RedisServer) -> Result<Duration> {
    let info = server.command(&["INFO", "cpu"])?;
    let seconds: f64 = number::<f64>(&info, "used_cpu_user")? + number::<f64>(&info, "used_cpu_sys")?;
    Ok(Duration::from_secs_f64(seconds))
}

struct Load<'a> {
    runtime: &'a Runtime,
}

impl Load<'_> {
    /// The first peer carries the goal.
    fn compare(
        &self,
        step: Step,
        whose: Whose,
        ours: &Pair,
        peers: &[(&str, &Pair)],
        goal: Goal,
    ) -> Result<Vec<benches::Measured>> {
        let contender = |name: &str, pair: &Pair| {
            let pair = pair.clone();
            Contender::new(name, move || self.repeat(&pair, step, whose))
        };
        let mut contenders = vec![contender("quickcart RedisOtpStore", ours)];
        for (index, (name, pair)) in peers.iter().enumerate() {
            let contender = contender(name, pair);
            contenders.push(if index == 0 { contender.with_goal(goal) } else { contender });
        }
        alternate(REPETITIONS, contenders)
    }

    /// Bare calls that keep the server as busy as ours do.
    fn as_slow(&self, ours: &Pair, at_once: &Pair) -> Result<Pair> {
        const TURNS: u32 = 10_000;
        let looping = self.runtime.block_on(bare(&answer_alike(TURNS, TURNS)))?;
        let turns = |step| -> Result<u32> {
            let cpu =
                |pair| Ok::<_, benches::Failure>(self.repeat(pair, step, Whose::Server)?.cpu.as_secs_f64());
            let (ours, at_once, looping) = (cpu(ours)?, cpu(at_once)?, cpu(&looping)?);
            Ok((f64::from(TURNS) * (ours - at_once) / (looping - at_once)).max(0.0) as u32)
        };
        self.runtime.block_on(bare(&answer_alike(turns(Step::Issue)?, turns(Step::Right)?)))
    }

    fn repeat(&self, pair: &Pair, step: Step, whose: Whose) -> Result<Cost> {
        let requests = requests(OPERATIONS);
        if step != Step::Issue {
            self.runtime.block_on(drive(pair, &requests, Step::Issue))?;
        }
        let before = server_cpu(&pair.server)?;
        let started = Instant::now();
        let cost = measure(OPERATIONS as u64, || self.runtime.block_on(drive(pair, &requests, step)))?;
        let wall = started.elapsed();
        let server = server_cpu(&pair.server)? - before;
        Ok(match whose {
            Whose::Server => Cost { cpu: server, wall, ..cost },
            Whose::Client => cost,
        })
    }
}

/// Does one step for all requests, so many at a time, and asserts the outcome.
async fn drive(
    pair: &Pair,
    requests: &Arc<Vec<(IssueRequest, [AttemptRequest; 2])>>,
    step: Step,
) -> Result<()> {
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|first| {
            let (side, requests) = (Arc::clone(&pair.side), Arc::clone(requests));
            tokio::spawn(async move {
                for (issue, [wrong, right]) in requests.iter().skip(first).step_by(IN_FLIGHT) {
                    // A bare call answers yes to everything.
                    let _ = match step {
                        Step::Issue => assert_yes(side.issue(issue).await?),
                        Step::Wrong => side.verify(wrong).await?,
                        Step::Right => assert_yes(side.verify(right).await?),
                    };
                }
                Ok::<(), benches::Failure>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

fn assert_yes(yes: bool) -> bool {
    assert!(yes, "a request of the bench was refused");
    yes
}

/// New phones, with the codes that will be shown.
fn requests(count: usize) -> Arc<Vec<(IssueRequest, [AttemptRequest; 2])>> {
    let now = SystemClock.now();
    let first: u32 = rand::random();
    let requests = (0..count as u64).map(|index| {
        let issue = request(u64::from(first) + index, now);
        let attempts = [attempt(&issue, Step::Wrong), attempt(&issue, Step::Right)];
        (issue, attempts)
    });
    Arc::new(requests.collect())
}

fn request(index: u64, now: Timestamp) -> IssueRequest {
    let policy = Policy::default().with_resend(Resend::Replace);
    let number = benches::scattered_number(index);
    let charges = charges(index, now);
    let challenge = Challenge {
        id: rand::random(),
        key_id: 0,
        answer: rand::random(),
        nonce: None,
        terms: [0; 16],
        expires_at: now + Duration::from_secs(300),
    };
    IssueRequest {
        subject: charges[0].key,
        challenge,
        policy,
        watch: Some(Watch { prefix: charges[2].key, number: number[PREFIX..].parse().unwrap_or_default() }),
        charges,
        idempotency: Some(rand::random()),
        now,
    }
}

/// The limits of a request as `PhoneVerification` takes them, so wide that nothing is refused.
fn charges(index: u64, now: Timestamp) -> Vec<Charge> {
    let number = benches::scattered_number(index);
    let address: Digest = (u128::from(index % ADDRESSES) << 64 | 1).to_be_bytes();
    let wide = Rate::hourly(100_000_000);
    vec![
        Charge::new("phone", rand::random(), Rate::daily(20), now),
        Charge::new("address", address, wide, now),
        Charge::new("prefix", plain(b'p', &format!("+91{}", &number[..PREFIX])), wide, now),
        Charge::new("country", plain(b'c', "91"), wide, now),
        Charge { cost: 25, ..Charge::new("spend", plain(b's', ""), wide, now) },
    ]
}

fn plain(kind: u8, text: &str) -> Digest {
    let mut key = [0; 16];
    key[0] = kind;
    key[1..=text.len()].copy_from_slice(text.as_bytes());
    key
}

fn attempt(issue: &IssueRequest, step: Step) -> AttemptRequest {
    let Challenge { key_id, answer, nonce, .. } = issue.challenge;
    let shown = if step == Step::Right { answer } else { [0; 16] };
    AttemptRequest {
        subject: issue.subject,
        guess: Guess { nonce, answers: [Some((key_id, shown)), None] },
        policy: issue.policy,
        watch: issue.watch,
        now: issue.now,
    }
}
