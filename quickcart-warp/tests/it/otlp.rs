//! Counts are pushed to a collector of OpenTelemetry.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, Metric, number_data_point};
use prost::Message;

use crate::fake_http::{FakeHttp, Reaction, Request};
use crate::program::{PATIENCE, Server, folder};

const PRODUCT: [(&str, &str); 4] =
    [("group", "smart-cart"), ("method", "GET"), ("route", "/products/{product_id}"), ("status", "2xx")];

fn taken() -> Reaction {
    Reaction::Answer { status: 200, headers: "", body: String::new() }
}

fn refused() -> Reaction {
    Reaction::Answer { status: 400, headers: "", body: String::new() }
}

/// Hands on what is pushed to it.
fn collector(react: fn() -> Reaction) -> (FakeHttp, Receiver<Request>) {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let collector = FakeHttp::start(move |request| {
        // A test that has seen enough does not listen any more.
        let _ = sender.lock().unwrap().send(request.clone());
        react()
    });
    (collector, requests)
}

struct Pushed {
    resource: Vec<(String, String)>,
    metrics: Vec<Metric>,
}

fn pushed(request: &Request) -> Pushed {
    assert_eq!(request.method, "POST");
    assert_eq!(request.headers["content-type"], "application/x-protobuf");
    let mut export = ExportMetricsServiceRequest::decode(&*request.bytes).unwrap();
    assert_eq!(export.resource_metrics.len(), 1);
    let all = export.resource_metrics.remove(0);
    let metrics = all.scope_metrics.into_iter().flat_map(|scope| scope.metrics).collect();
    Pushed { resource: texts(&all.resource.unwrap().attributes), metrics }
}

fn texts(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let text = |attribute: &KeyValue| match &attribute.value {
        Some(AnyValue { value: Some(any_value::Value::StringValue(text)) }) => {
            (attribute.key.clone(), text.clone())
        }
        other => panic!("{other:?}"),
    };
    let mut texts: Vec<_> = attributes.iter().map(text).collect();
    texts.sort();
    texts
}

impl Pushed {
    fn metric(&self, name: &str) -> Option<&Data> {
        self.metrics.iter().find(|metric| metric.name == name)?.data.as_ref()
    }

    /// How many products were shown.
    fn products(&self) -> i64 {
        let Some(Data::Sum(sum)) = self.metric("quickcart_http_request_total") else { return 0 };
        assert!(sum.is_monotonic);
        assert_eq!(sum.aggregation_temporality(), AggregationTemporality::Cumulative);
        let labels = PRODUCT.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let point = sum.data_points.iter().find(|point| texts(&point.attributes) == labels);
        point.map_or(0, |point| match point.value {
            Some(number_data_point::Value::AsInt(count)) => count,
            other => panic!("{other:?}"),
        })
    }
}

#[tokio::test]
async fn what_was_counted_is_pushed_before_the_server_stops() {
    let (collector, requests) = collector(taken);
    let (folder, url) = (folder(), collector.url() + "/otel/");
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a-key-of-the-collector"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "3600000"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ];
    let server = Server::start(folder.path(), &settings);
    for id in ["1", "2", "999999"] {
        reqwest::get(format!("{}/products/{id}", server.url)).await.unwrap();
    }
    let prometheus = reqwest::get(server.url.clone() + "/metrics").await.unwrap().text().await.unwrap();
    assert!(prometheus.contains("quickcart_http_request_total"), "both are told: {prometheus}");
    server.terminate();
    let request = requests.recv_timeout(PATIENCE).unwrap();
    let (status, printed, log) = server.wait();
    assert!(status.success(), "{log}");
    assert!(!format!("{printed}{log}").contains("a-key-of-the-collector"), "{log}");

    assert_eq!(request.path, "/otel/v1/metrics");
    assert_eq!(request.headers["api-key"], "a-key-of-the-collector");
    let pushed = pushed(&request);
    for expected in [
        ("service.name", "quickcart-warp"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("deployment.environment.name", "test"),
    ] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert!(pushed.resource.contains(&expected), "{expected:?} in {:?}", pushed.resource);
    }
    assert_eq!(pushed.products(), 2);
    let Some(Data::Histogram(times)) = pushed.metric("quickcart_http_request_duration_seconds") else {
        panic!("{:?}", pushed.metrics)
    };
    let of_products =
        times.data_points.iter().find(|point| texts(&point.attributes)[1].1 == PRODUCT[2].1).unwrap();
    assert_eq!(of_products.count, 3);
    assert!(times.data_points.iter().all(|point| point.explicit_bounds.last() == Some(&30.0)), "{times:?}");
    assert!(matches!(pushed.metric("process_resident_memory_bytes"), Some(Data::Gauge(_))));
    assert!(requests.try_recv().is_err(), "it is pushed once");
}

#[tokio::test]
async fn counts_are_pushed_again_and_again_under_the_given_name() {
    let (collector, requests) = collector(taken);
    let (folder, url) = (folder(), collector.url() + "/v1/metrics");
    let settings = [
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", url.as_str()),
        ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
        ("OTEL_SERVICE_NAME", "shop"),
    ];
    let server = Server::start(folder.path(), &settings);
    for count in 1..=2 {
        reqwest::get(server.url.clone() + "/products/1").await.unwrap();
        loop {
            let pushed = pushed(&requests.recv_timeout(PATIENCE).unwrap());
            assert!(pushed.resource.contains(&("service.name".to_owned(), "shop".to_owned())));
            assert!(pushed.products() <= count);
            if pushed.products() == count {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_collector_that_is_away_or_refuses_hinders_nobody() {
    for react in [refused, || Reaction::Close] {
        let (collector, requests) = collector(react);
        let (folder, url) = (folder(), collector.url());
        let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_METRIC_EXPORT_INTERVAL", "50")];
        let server = Server::start(folder.path(), &settings);
        requests.recv_timeout(PATIENCE).unwrap();
        assert_eq!(reqwest::get(server.url.clone() + "/products/1").await.unwrap().status(), 200);
        server.terminate();
        let (status, _, log) = server.wait();
        assert!(status.success(), "{log}");
        assert!(log.contains("the last counts were not pushed"), "{log}");
    }
}
