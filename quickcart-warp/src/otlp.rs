//! Counts for OpenTelemetry: what Prometheus could read is pushed to a collector, by OTLP over HTTP.
//!
//! Names and labels are those of Prometheus. How often, with which headers and under which name of the service is read from the
//! variables of [OpenTelemetry](https://opentelemetry.io/docs/specs/otel/protocol/exporter/), by its own library.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use metrics_exporter_opentelemetry::Recorder;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{MetricExporter, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, SdkMeterProvider, Stream};
use quickcart_core::messaging::http_client;
use tokio::runtime::Handle;

use crate::config::{ConfigError, given, wrong};

/// What OpenTelemetry's specification has as the time of one export.
const TIME_MAX: Duration = Duration::from_secs(10);
const SERVICE_NAME: Key = Key::from_static_str("service.name");

/// Where counts are pushed to: a URL that takes metrics by OTLP over HTTP, in Protobuf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpEndpoint(String);

impl OtlpEndpoint {
    /// The endpoint of metrics as it is, or below that of everything.
    ///
    /// # Errors
    /// [`ConfigError`]: one is no URL.
    pub(crate) fn check(all: Option<&String>, metrics: Option<&String>) -> Result<Option<Self>, ConfigError> {
        let (name, url) = match (given(metrics), given(all)) {
            (Some(url), _) => ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", url.trim().to_owned()),
            (None, Some(url)) => {
                ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/v1/metrics", url.trim().trim_end_matches('/')))
            }
            (None, None) => return Ok(None),
        };
        let has_host = |url: &warp::http::Uri| {
            matches!(url.scheme_str(), Some("http" | "https"))
                && url.host().is_some_and(|host| !host.is_empty())
        };
        if url.parse().is_ok_and(|url| has_host(&url)) {
            return Ok(Some(Self(url)));
        }
        wrong(format!("{name} is a URL such as http://127.0.0.1:4318"))
    }

    /// Pushes from now on, from a thread of its own, what is counted with the recorder, until the provider is shut down.
    /// `buckets` has the upper bounds of a histogram, by its name.
    ///
    /// # Errors
    /// The endpoint is wanted by HTTPS, and the machine trusts nobody; or a variable of OpenTelemetry's is wrong.
    ///
    /// # Panics
    /// Outside of tokio's runtime.
    pub(crate) fn push(
        &self,
        buckets: impl Fn(&str) -> Option<&'static [f64]> + Send + Sync + 'static,
    ) -> Result<(SdkMeterProvider, Recorder), Box<dyn std::error::Error + Send + Sync>> {
        let client = http_client(self.0.starts_with("https:"), TIME_MAX)?;
        let exporter = MetricExporter::builder()
            .with_http()
            .with_http_client(OnRuntime { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&self.0)
            .build()?;
        let view = move |instrument: &Instrument| {
            let boundaries = buckets(instrument.name())?.to_vec();
            let histogram = Aggregation::ExplicitBucketHistogram { boundaries, record_min_max: true };
            Stream::builder().with_aggregation(histogram).build().ok()
        };
        let provider = SdkMeterProvider::builder()
            .with_resource(resource())
            .with_periodic_exporter(exporter)
            .with_view(view)
            .build();
        let recorder = Recorder::with_meter(provider.meter("quickcart"));
        Ok((provider, recorder))
    }
}

/// What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say; else the name of this program.
fn resource() -> Resource {
    let given = Resource::builder().build();
    let is_named = given.get(&SERVICE_NAME).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let named = Resource::builder().with_attribute(version);
    if is_named { named.build() } else { named.with_service_name("quickcart-warp").build() }
}

/// The thread that pushes has no runtime, and the client needs one.
#[derive(Debug)]
struct OnRuntime {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(async move { client.send_bytes(request).await }).await?
    }
}
