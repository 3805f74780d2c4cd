//! The two routes that are asked most, reached without their filters, which take a tenth of such a request's time. The
//! filters of [`routes`](super::routes) answer the same.

use std::net::IpAddr;

use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use warp::http::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE};
use warp::http::{Method, Request};
use warp::reply::Response;

use super::idempotency::IDEMPOTENCY_KEY;
use super::phone_otp::{send, verify};
use crate::app::App;
use crate::error::Dialect;
use crate::filters::{announced, best_language, is_json, read_json};

#[derive(Clone, Copy)]
pub(crate) enum Direct {
    Send,
    Verify,
}

impl Direct {
    /// Which of the two a request is for, if it is.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/api/send-otp") => Some(Self::Send),
            (&Method::POST, "/api/verify-otp") => Some(Self::Verify),
            _ => None,
        }
    }

    pub(crate) fn answer(
        self,
        app: App,
        client: IpAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response> + Send {
        let (head, body) = request.into_parts();
        let headers = head.headers;
        let (is_json, length) = (is_json(headers.get(CONTENT_TYPE)), announced(headers.get(CONTENT_LENGTH)));
        // What only a request for a code says.
        let wishes = match self {
            Self::Send => Some((
                best_language(&app.languages, headers.get(ACCEPT_LANGUAGE)),
                headers.get(IDEMPOTENCY_KEY).cloned(),
            )),
            Self::Verify => None,
        };
        async move {
            let body = read_json(app.body_time_max, is_json, length, BodyDataStream::new(body)).await;
            let answered = match wishes {
                Some((language, key)) => send(app, Some(client), language, key, body).await,
                None => verify(app, body).await,
            };
            answered.unwrap_or_else(|error| error.into_response(Dialect::PhoneOtp))
        }
    }
}
