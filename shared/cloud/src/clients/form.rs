//! A service of AWS's older protocol: a form goes in, XML comes out. SNS speaks no other.

use std::fmt::Write as _;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::Trouble;
use super::bare::{Bare, Call};

/// A client of one service.
#[derive(Clone, Debug)]
pub struct FormClient {
    bare: Bare,
    version: &'static str,
}

impl FormClient {
    pub(super) fn new(version: &'static str, bare: Bare) -> Self {
        Self { bare, version }
    }

    /// Calls `operation`, which may be carried out twice. Nothing of its answer is read.
    ///
    /// # Errors
    /// When the service does not do it.
    pub async fn call(&self, operation: &str, fields: &[(&str, &str)]) -> Result<(), Trouble> {
        let own = [("Action", operation), ("Version", self.version)];
        let body = form(own.iter().chain(fields));
        let media_type = "application/x-www-form-urlencoded".to_owned();
        let headers = vec![("content-type", media_type)];
        let call = Call { path: "/".to_owned(), headers, body: body.into_bytes() };
        self.bare.call(call).await.map(|_| ())
    }
}

fn form<'a>(fields: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        encode(value, &mut form);
    }
    form
}

/// Every byte that means something in a form, or is none of ASCII, by its number.
fn encode(value: &str, form: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            form.push(byte.into());
        } else {
            // A `String` takes whatever is written to it.
            let _ = write!(form, "%{byte:02X}");
        }
    }
}

/// `<Code>` and `<Message>` of an error. They are for a reader, and nothing branches on more than
/// the status, so that nothing else of the XML is understood.
pub(super) fn refusal(response: &HttpResponse) -> (Option<String>, Option<String>) {
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default()).into_owned();
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    (element("Code"), element("Message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_it_was_told_whatever_that_is() {
        let form = form([("Action", "Publish"), ("Message", "a=b & ä\n100%")].iter());
        assert_eq!(form, "Action=Publish&Message=a%3Db%20%26%20%C3%A4%0A100%25");
    }
}
