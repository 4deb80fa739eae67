//! The service with forms: AWS's older protocol, whose answers are XML.

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::target::Service;
use crate::wire::{Answer, WireError};

/// The most that a request may carry: the 256 KiB of SNS when each of its bytes is escaped to three.
const LARGEST: usize = 1024 * 1024;

/// The operation that a form names, and its fields.
pub(super) async fn read(body: Body) -> Result<(String, Value), WireError> {
    let bytes = to_bytes(body, LARGEST).await.map_err(|error| WireError {
        status: 413,
        code: "RequestEntityTooLarge".to_owned(),
        message: format!("The request cannot be read, or has more than {LARGEST} bytes: {error}"),
    })?;
    let text = String::from_utf8_lossy(&bytes).replace('+', " ");
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let fields = text.split('&').filter_map(|pair| pair.split_once('='));
    let fields: Map<String, Value> =
        fields.map(|(name, value)| (decoded(name), Value::String(decoded(value)))).collect();
    let action = fields.get("Action").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((action, Value::Object(fields)))
}

pub(super) fn response(operation: &str, answer: &Answer) -> Response {
    let mut response = match answer {
        Ok(value) => {
            let mut xml = format!("<{operation}Response><{operation}Result>");
            write(value, &mut xml);
            xml.push_str(&format!("</{operation}Result></{operation}Response>"));
            xml.into_response()
        }
        Err(error) => failure(error),
    };
    let media_type = HeaderValue::from_static(Service::Sns.media_type());
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

pub(super) fn failure(error: &WireError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let side = if status.is_server_error() { "Receiver" } else { "Sender" };
    let mut xml = format!("<ErrorResponse><Error><Type>{side}</Type><Code>");
    escape(&error.code, &mut xml);
    xml.push_str("</Code><Message>");
    escape(&error.message, &mut xml);
    xml.push_str("</Message></Error></ErrorResponse>");
    (status, xml).into_response()
}

/// An object is elements, a list is `member`s.
fn write(value: &Value, xml: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                element(name, value, xml);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| element("member", item, xml)),
        Value::String(text) => escape(text, xml),
        other => escape(&other.to_string(), xml),
    }
}

fn element(name: &str, value: &Value, xml: &mut String) {
    xml.push_str(&format!("<{name}>"));
    write(value, xml);
    xml.push_str(&format!("</{name}>"));
}

fn escape(text: &str, xml: &mut String) {
    for letter in text.chars() {
        match letter {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            other => xml.push(other),
        }
    }
}
