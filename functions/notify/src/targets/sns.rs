//! A topic of SNS: mail, chat, a function, whatever subscribes to it.
//!
//! A standard topic knows no deduplication: a second delivery is a second message. It bears the
//! same `id` among its attributes, by which a receiver can tell.

use signalbox_cloud::fault::Fault;
use signalbox_pipeline::notice::{Notice, TopicArn};

use crate::Notify;

pub(crate) async fn publish(
    notify: &Notify,
    topic: &TopicArn,
    notice: &Notice,
) -> Result<(), Fault> {
    let message = format!("{}\n\n{}\n", notice.text, notice.command);
    let attributes = attributes(notice);
    let mut fields = vec![
        ("TopicArn", topic.as_str()),
        ("Subject", notice.subject.as_str()),
        ("Message", message.as_str()),
    ];
    fields.extend(attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let published = notify.clients.sns(topic.region()).call("Publish", &fields).await;
    published.map_err(|trouble| {
        let mend = "look whether the topic is there, and lets this function's role publish to it";
        super::fault(trouble, &format!("publishing to {topic}"), mend)
    })
}

/// What a subscription's filter policy can go by.
fn attributes(notice: &Notice) -> Vec<(String, String)> {
    let kind = serde_json::to_value(notice.kind).ok();
    let kind = kind.and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
    let environment = notice.environment.as_ref().map(ToString::to_string);
    let all = [
        ("id", Some(notice.id.to_string())),
        ("kind", Some(kind)),
        ("pipeline", Some(notice.pipeline.to_string())),
        ("phase", Some(notice.phase.to_string())),
        ("environment", environment),
    ];
    let said = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let entry = |(at, (name, value)): (usize, (&str, String))| {
        let of = |part: &str| format!("MessageAttributes.entry.{}.{part}", at + 1);
        [
            (of("Name"), name.to_owned()),
            (of("Value.DataType"), "String".to_owned()),
            (of("Value.StringValue"), value),
        ]
    };
    said.enumerate().flat_map(entry).collect()
}
