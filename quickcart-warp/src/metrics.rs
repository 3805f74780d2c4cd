//! What Prometheus is told: how many requests there were and how long they took, and what the core counts.
//!
//! Labels have few values, whatever clients send: a route is one of the documented paths or `other`, never a path itself.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Counter, Histogram, SetRecorderError, counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use quickcart_core::clock::Timestamp;
use warp::http::{Method, StatusCode};

use crate::route_table::ROUTES;

const REQUEST_TOTAL: &str = "quickcart_http_request_total";
const REQUEST_SECONDS: &str = "quickcart_http_request_duration_seconds";
const TIME_TO_CODE_SECONDS: &str = "quickcart_time_to_code_seconds";

/// In seconds: from what a read of a product takes to the time limit of a request.
const REQUEST_BUCKETS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// In seconds: how long people take to type a code.
const CODE_BUCKETS: [f64; 9] = [2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];
/// How often single times are sorted into buckets: they take eight bytes each until then.
const UPKEEP_EVERY: Duration = Duration::from_secs(2);

const METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
const METHOD_NAMES: [&str; METHODS.len() + 1] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counts of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Parts>);

struct Parts {
    handle: PrometheusHandle,
    /// As in the table of routes; the last stands for every path that is none of them.
    routes: Vec<RouteCounts>,
}

/// The counts of one route, made when they are first used.
#[derive(Default)]
struct RouteCounts {
    name: &'static str,
    group: &'static str,
    counters: [[OnceLock<Counter>; CLASSES.len()]; METHOD_NAMES.len()],
    seconds: OnceLock<Histogram>,
}

/// What a request is counted under.
#[derive(Clone, Copy)]
pub(crate) struct Counted {
    route: usize,
    method: usize,
}

impl Metrics {
    /// Takes what the process counts from now on. For programs: a process has one such place, so a library leaves it to
    /// its host.
    ///
    /// # Errors
    /// When the process counts elsewhere already.
    pub fn install(now: Timestamp) -> Result<Self, SetRecorderError<PrometheusRecorder>> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &REQUEST_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Full(TIME_TO_CODE_SECONDS.to_owned()), &CODE_BUCKETS)
            })
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)?;
        describe();
        gauge!("quickcart_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        gauge!("process_start_time_seconds").set(now.as_duration().as_secs_f64());
        let known = ROUTES.routes.iter().map(|route| (route.path, route.group));
        let counts = |(name, group)| RouteCounts { name, group, ..RouteCounts::default() };
        let routes = known.chain([("other", "other")]).map(counts).collect();
        Ok(Self(Arc::new(Parts { handle, routes })))
    }

    /// All counts in the
    /// [text format](https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
    pub(crate) fn render(&self) -> String {
        process();
        self.0.handle.render()
    }

    /// Keeps memory bounded while nobody asks; never ends.
    pub(crate) async fn upkeep(self) {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            self.0.handle.run_upkeep();
        }
    }

    /// What a request will be counted under.
    pub(crate) fn counted(&self, method: &Method, path: &str) -> Counted {
        let method = METHODS.iter().position(|known| known == method).unwrap_or(METHODS.len());
        Counted { route: ROUTES.position(path).unwrap_or(ROUTES.routes.len()), method }
    }

    /// Counts a request that was answered.
    pub(crate) fn record(&self, counted: Counted, status: StatusCode, took: Duration) {
        let route = &self.0.routes[counted.route];
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        let counter = route.counters[counted.method][class].get_or_init(|| {
            let (method, status) = (METHOD_NAMES[counted.method], CLASSES[class]);
            counter!(REQUEST_TOTAL, "group" => route.group, "route" => route.name, "method" => method, "status" => status)
        });
        counter.increment(1);
        let seconds = route
            .seconds
            .get_or_init(|| histogram!(REQUEST_SECONDS, "group" => route.group, "route" => route.name));
        seconds.record(took.as_secs_f64());
    }
}

/// What the process takes of the machine, where Linux says so.
fn process() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    if let Some(kibibytes) = resident.and_then(|text| text.parse::<u32>().ok()) {
        gauge!("process_resident_memory_bytes").set(f64::from(kibibytes) * 1024.0);
    }
    if let Some(count) =
        std::fs::read_dir("/proc/self/fd").ok().and_then(|files| u32::try_from(files.count()).ok())
    {
        gauge!("process_open_fds").set(f64::from(count));
    }
}

fn describe() {
    metrics::describe_counter!(REQUEST_TOTAL, "Requests that were answered, by route and class of status");
    metrics::describe_histogram!(REQUEST_SECONDS, "From the header of a request to its answer");
    metrics::describe_counter!("quickcart_otp_issue_total", "Requests for one-time codes");
    metrics::describe_counter!("quickcart_otp_verify_total", "One-time codes that were shown");
    metrics::describe_counter!("quickcart_message_total", "Messages that a provider was asked to send");
    metrics::describe_counter!("quickcart_delivery_total", "What providers told about messages");
    metrics::describe_histogram!(TIME_TO_CODE_SECONDS, "From a message to the code in it being shown");
    metrics::describe_gauge!("quickcart_build_info", "The version that runs");
}
