//! The form of `data.json`, and of the profile that it is held against.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The version of the form that is known.
const SCHEMA: u32 = 1;

/// The most columns.
const MOST_COLUMNS: usize = 2000;

/// The most bins or categories of a column.
const MOST_BINS: usize = 1000;

/// Data, described.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    /// The version of this form: 1.
    pub(super) schema: u32,
    /// How many rows there are.
    pub(super) rows: u64,
    /// The columns, by name.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, Column>,
    /// Rules that the job itself found broken.
    #[serde(default)]
    pub(super) violations: Vec<Finding>,
    /// What tells a model the answer: a row in both sets, a column made from the target.
    #[serde(default)]
    pub(super) leakage: Vec<Finding>,
    /// What tells who somebody is.
    #[serde(default)]
    pub(super) pii: Vec<Finding>,
}

/// One column.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    /// What its values are, in whatever words the job uses; compared with the profile's.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The share of rows without a value, 0 to 1.
    #[serde(default)]
    pub(super) missing: f64,
    /// The smallest value.
    pub(super) min: Option<f64>,
    /// The largest value.
    pub(super) max: Option<f64>,
    /// Of a profile: the values that are possible; those that there were, where it does not say.
    pub(super) range: Option<[f64; 2]>,
    /// Of a profile: the share of rows that may be without a value.
    pub(super) missing_at_most: Option<f64>,
    /// How the values of a number are spread.
    pub(super) bins: Option<Bins>,
    /// How often each value of a word comes.
    pub(super) categories: Option<BTreeMap<String, f64>>,
}

/// A histogram: one more count than edges, since the outer bins are open.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bins {
    /// Where one bin ends and the next begins, rising.
    pub(super) edges: Vec<f64>,
    /// How many values are in each; shares will do as well.
    pub(super) counts: Vec<f64>,
}

/// Something that the job found.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finding {
    /// The column, where it is about one.
    pub(super) column: Option<String>,
    /// What it is, in words.
    pub(super) what: String,
    /// In how many rows.
    pub(super) rows: Option<u64>,
}

impl Described {
    /// Reads and checks the form.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let described: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if described.schema != SCHEMA {
            return Err(format!("it has schema {}, and {SCHEMA} is known", described.schema));
        }
        if described.columns.len() > MOST_COLUMNS {
            return Err(format!("it has more than {MOST_COLUMNS} columns"));
        }
        for (name, column) in &described.columns {
            column.check().map_err(|wrong| format!("column {name}: {wrong}"))?;
        }
        Ok(described)
    }
}

impl Column {
    fn check(&self) -> Result<(), String> {
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        if !is_share(self.missing) || !self.missing_at_most.is_none_or(is_share) {
            return Err("the share of missing values must be from 0 to 1".to_owned());
        }
        if self.range.is_some_and(|[least, most]| least > most) {
            return Err("`range` is [the smallest value, the largest]".to_owned());
        }
        if let Some(bins) = &self.bins {
            bins.check()?;
        }
        match &self.categories {
            Some(found) if found.len() > MOST_BINS => {
                Err(format!("it has more than {MOST_BINS} categories"))
            }
            Some(found) => counts(found.values()),
            None => Ok(()),
        }
    }
}

impl Bins {
    fn check(&self) -> Result<(), String> {
        if self.counts.len() > MOST_BINS {
            return Err(format!("it has more than {MOST_BINS} bins"));
        }
        if self.counts.len() != self.edges.len() + 1 {
            return Err(
                "`bins` wants one more count than edges: the outer bins are open".to_owned()
            );
        }
        if !self.edges.is_sorted_by(|a, b| a < b) {
            return Err("the edges of `bins` must rise".to_owned());
        }
        counts(self.counts.iter())
    }
}

fn counts<'c>(mut counts: impl Iterator<Item = &'c f64>) -> Result<(), String> {
    if counts.all(|count| *count >= 0.0) {
        return Ok(());
    }
    Err("no count can be less than 0".to_owned())
}
