//! What Prometheus and OpenTelemetry are told: how many requests there were and how long they took, and what the core counts.
//!
//! Labels have few values, whatever clients send: a route is one of the documented paths or `other`, never a path itself.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Counter, Histogram, Unit, counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_util::layers::FanoutBuilder;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use quickcart_core::clock::Timestamp;
use warp::http::{Method, StatusCode};

use crate::otlp::OtlpEndpoint;
use crate::route_table::ROUTES;

const REQUEST_TOTAL: &str = "quickcart_http_request_total";
const REQUEST_SECONDS: &str = "quickcart_http_request_duration_seconds";
const TIME_TO_CODE_SECONDS: &str = "quickcart_time_to_code_seconds";

/// The upper bounds of what is counted by how large it is.
const HISTOGRAMS: [(&str, &[f64]); 2] =
    [(REQUEST_SECONDS, &REQUEST_BUCKETS), (TIME_TO_CODE_SECONDS, &CODE_BUCKETS)];
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
    /// Pushes them, when somebody wants that.
    pusher: Option<SdkMeterProvider>,
    /// As in the table of routes; the last stands for every path that is none of them.
    routes: Vec<RouteCounts>,
}

/// Counts cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// A process has one recorder.
    #[error("this process counts elsewhere already")]
    Elsewhere,
    /// OpenTelemetry's exporter does not start.
    #[error("counts cannot be pushed to OTEL_EXPORTER_OTLP_ENDPOINT: {0}")]
    Push(Box<dyn std::error::Error + Send + Sync>),
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
    /// Takes what the process counts from now on, for whoever asks for `/metrics`, and pushes it to `otlp`. For programs: a
    /// process has one such place, so a library leaves it to its host.
    ///
    /// # Errors
    /// The process counts elsewhere already, or nothing can be pushed with the variables of OpenTelemetry.
    ///
    /// # Panics
    /// With an endpoint, outside of tokio's runtime.
    pub fn install(now: Timestamp, otlp: Option<&OtlpEndpoint>) -> Result<Self, MetricsError> {
        let prometheus = HISTOGRAMS
            .into_iter()
            .try_fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
                builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)
            })
            .expect("there are buckets")
            .build_recorder();
        let handle = prometheus.handle();
        let pusher = match otlp {
            None => {
                metrics::set_global_recorder(prometheus).map_err(|_| MetricsError::Elsewhere)?;
                None
            }
            Some(endpoint) => {
                let (pusher, recorder) = endpoint.push(buckets).map_err(MetricsError::Push)?;
                let both = FanoutBuilder::default().add_recorder(prometheus).add_recorder(recorder).build();
                metrics::set_global_recorder(both).map_err(|_| MetricsError::Elsewhere)?;
                Some(pusher)
            }
        };
        describe();
        gauge!("quickcart_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        gauge!("process_start_time_seconds").set(now.as_duration().as_secs_f64());
        let known = ROUTES.routes.iter().map(|route| (route.path, route.group));
        let counts = |(name, group)| RouteCounts { name, group, ..RouteCounts::default() };
        let routes = known.chain([("other", "other")]).map(counts).collect();
        Ok(Self(Arc::new(Parts { handle, pusher, routes })))
    }

    /// Pushes what has not been pushed yet, once the server has stopped.
    pub async fn push_rest(self) {
        let push = move || self.0.pusher.as_ref().map(SdkMeterProvider::shutdown);
        if let Ok(Some(Err(error))) = tokio::task::spawn_blocking(push).await {
            tracing::warn!(target: "quickcart::metrics", %error, "the last counts were not pushed");
        }
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
            if self.0.pusher.is_some() {
                process();
            }
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

fn buckets(name: &str) -> Option<&'static [f64]> {
    HISTOGRAMS.into_iter().find_map(|(known, buckets)| (known == name).then_some(buckets))
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
    metrics::describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "From the header of a request to its answer"
    );
    metrics::describe_counter!("quickcart_otp_issue_total", "Requests for one-time codes");
    metrics::describe_counter!("quickcart_otp_verify_total", "One-time codes that were shown");
    metrics::describe_counter!("quickcart_message_total", "Messages that a provider was asked to send");
    metrics::describe_counter!("quickcart_delivery_total", "What providers told about messages");
    metrics::describe_histogram!(
        TIME_TO_CODE_SECONDS,
        Unit::Seconds,
        "From a message to the code in it being shown"
    );
    metrics::describe_gauge!("quickcart_build_info", "The version that runs");
}
