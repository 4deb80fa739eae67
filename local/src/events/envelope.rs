//! The frame that EventBridge puts around every event.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::random;
use crate::{ACCOUNT, REGION};

/// The EventBridge envelope of something that a service of AWS reports.
pub(crate) fn envelope(
    source: &str,
    detail_type: &str,
    at: Timestamp,
    resources: &[&str],
    detail: &Value,
) -> Value {
    json!({
        "version": "0",
        "id": random::uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    })
}
