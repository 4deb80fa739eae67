//! Listing: pages of keys, or of versions, in the order of the keys' bytes.

use std::ops::Bound;

use super::bucket::Index;
use super::version::Version;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    /// How many keys and common prefixes together.
    pub(super) max: usize,
    pub(super) after: After<'a>,
}

/// Where the page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum After<'a> {
    /// With the first key.
    #[default]
    Start,
    /// Behind this key.
    Key(&'a str),
    /// Behind everything with this prefix.
    Common(&'a str),
    /// Behind this version of the key.
    Version(&'a str, &'a str),
}

impl<'a> After<'a> {
    /// What a marker means: the key or, when the page before ended with one, the common prefix.
    pub(super) fn marker(marker: &'a str, delimiter: Option<&str>) -> Self {
        match delimiter {
            Some(delimiter) if !delimiter.is_empty() && marker.ends_with(delimiter) => {
                Self::Common(marker)
            }
            _ => Self::Key(marker),
        }
    }
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page<'i> {
    /// The versions: of every key the newest that is not deleted, or all of them.
    pub(super) entries: Vec<Entry<'i>>,
    pub(super) common_prefixes: Vec<String>,
    /// The last key or common prefix of the page, and the version, when more follow.
    pub(super) next: Option<(String, Option<String>)>,
}

/// A version, and whether it is its key's newest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'i> {
    pub(super) version: &'i Version,
    pub(super) latest: bool,
}

impl Page<'_> {
    fn len(&self) -> usize {
        self.entries.len() + self.common_prefixes.len()
    }
}

/// The objects that a read would find.
pub(super) fn objects<'i>(index: &'i Index, query: &Query<'_>) -> Page<'i> {
    page(index, query, |versions, _| {
        let newest = versions.last().filter(|newest| !newest.delete_marker);
        newest.map(|version| Entry { version, latest: true }).into_iter().collect()
    })
}

/// Every version and delete marker, the newest of a key first.
pub(super) fn versions<'i>(index: &'i Index, query: &Query<'_>) -> Page<'i> {
    page(index, query, |versions, skip_to| {
        let newest = versions.last().map(|version| version.number);
        let mut all: Vec<Entry<'i>> = versions
            .iter()
            .rev()
            .map(|version| Entry { version, latest: Some(version.number) == newest })
            .collect();
        if let Some(id) = skip_to {
            let at = all.iter().position(|entry| entry.version.version_id == id);
            all.drain(..at.map_or(0, |at| at + 1));
        }
        all
    })
}

fn page<'i>(
    index: &'i Index,
    query: &Query<'_>,
    pick: impl Fn(&'i [Version], Option<&str>) -> Vec<Entry<'i>>,
) -> Page<'i> {
    let mut page = Page::default();
    let mut last = None;
    let mut from = first(query);
    while let Some((key, versions)) =
        index.range::<str, _>((as_bound(&from), Bound::Unbounded)).next()
    {
        if !key.starts_with(query.prefix) {
            break;
        }
        from = Bound::Excluded(key.clone());
        let skip_to = match query.after {
            After::Version(after, id) if after == key => Some(id),
            _ => None,
        };
        let entries = pick(versions, skip_to);
        if entries.is_empty() {
            continue;
        }
        if let Some(common) = common_prefix(key, query) {
            if page.len() == query.max {
                page.next = last;
                return page;
            }
            from = behind(&common);
            last = Some((common.clone(), None));
            page.common_prefixes.push(common);
            continue;
        }
        for entry in entries {
            if page.len() == query.max {
                page.next = last;
                return page;
            }
            last = Some((key.clone(), Some(entry.version.version_id.clone())));
            page.entries.push(entry);
        }
    }
    page
}

/// Where to look first: not before the prefix, and not before what the last page ended with.
fn first(query: &Query<'_>) -> Bound<String> {
    let after = match query.after {
        After::Start => return Bound::Included(query.prefix.to_owned()),
        // The version after the last one has the same key.
        After::Version(key, _) => Bound::Included(key.to_owned()),
        After::Common(prefix) => behind(prefix),
        After::Key(key) => Bound::Excluded(key.to_owned()),
    };
    match &after {
        Bound::Included(key) | Bound::Excluded(key) if key.as_str() >= query.prefix => after,
        _ => Bound::Included(query.prefix.to_owned()),
    }
}

fn common_prefix(key: &str, query: &Query<'_>) -> Option<String> {
    let delimiter = query.delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let rest = key.strip_prefix(query.prefix)?;
    let end = rest.find(delimiter)? + delimiter.len();
    Some(format!("{}{}", query.prefix, &rest[..end]))
}

/// Behind every key that begins with `prefix`: keys are UTF-8, whose largest character this is.
fn behind(prefix: &str) -> Bound<String> {
    Bound::Excluded(format!("{prefix}\u{10ffff}"))
}

fn as_bound(bound: &Bound<String>) -> Bound<&str> {
    match bound {
        Bound::Included(key) => Bound::Included(key),
        Bound::Excluded(key) => Bound::Excluded(key),
        Bound::Unbounded => Bound::Unbounded,
    }
}
