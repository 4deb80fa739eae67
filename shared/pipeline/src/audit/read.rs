//! From bytes to a document, with a finding where they are not what Signalbox writes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Finding, differences};

/// The document with these `bytes`: of a known schema, and nothing but what this code would write.
///
/// A member that is not known is ignored where documents are loaded, so that a byte which turns one
/// into such would go unseen: therefore the bytes are compared with those of the document.
pub(super) fn read<D>(bytes: &[u8], known: u32) -> Result<D, Vec<Finding>>
where
    D: DeserializeOwned + Serialize,
{
    let value = json(bytes)?;
    schema(&value, known)?;
    let document: D = serde_json::from_slice(bytes)
        .map_err(|error| vec![Finding::document(format!("it cannot be read: {error}"))])?;
    same(bytes, &value, &document)?;
    Ok(document)
}

/// The value with these `bytes`; where they are no JSON, the entry that the fault follows is named.
pub(super) fn json(bytes: &[u8]) -> Result<Value, Vec<Finding>> {
    serde_json::from_slice(bytes).map_err(|error| {
        let before = offset(bytes, error.line(), error.column());
        let what = format!("it is not JSON: {error}");
        let entry = entry_at(bytes.get(..before).unwrap_or(bytes));
        vec![Finding { entry, what }]
    })
}

/// The schema of the document, which must not be newer than the one that is `known`.
pub(super) fn schema(value: &Value, known: u32) -> Result<(), Vec<Finding>> {
    let found = value.get("schema").and_then(Value::as_u64);
    let what = match found {
        Some(found) if found == 0 || found > u64::from(known) => format!(
            "it has schema {found}, and this version of Signalbox knows 1 to {known}: use the \
             version that wrote it, or it was altered"
        ),
        Some(_) => return Ok(()),
        None => "it has no schema: it is not one of our documents".to_owned(),
    };
    Err(vec![Finding::document(what)])
}

/// That the `bytes`, which are `value`, are those of `document`.
pub(super) fn same<D: Serialize>(
    bytes: &[u8],
    value: &Value,
    document: &D,
) -> Result<(), Vec<Finding>> {
    let written = serde_json::to_vec(document).unwrap_or_default();
    if written == bytes {
        return Ok(());
    }
    let what = match differences::of("", value, document) {
        Some(differs) => format!("it is not what Signalbox writes: {differs}"),
        None => {
            let place = written.iter().zip(bytes).take_while(|(ours, theirs)| ours == theirs);
            format!(
                "it says what Signalbox writes in other bytes, from byte {} on: it was rewritten",
                place.count()
            )
        }
    };
    Err(vec![Finding::document(what)])
}

fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
    lines.map(<[u8]>::len).sum::<usize>() + column
}

/// The entry of a register that the text ends in, or begins to name.
fn entry_at(text: &[u8]) -> Option<u64> {
    const SEQ: &[u8] = b"{\"seq\":";
    let at = text.windows(SEQ.len()).rposition(|window| window == SEQ)?;
    let digits = text.get(at + SEQ.len()..)?.iter().take_while(|byte| byte.is_ascii_digit());
    let digits: Vec<u8> = digits.copied().collect();
    String::from_utf8(digits).ok()?.parse().ok()
}
