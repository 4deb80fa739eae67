//! One reported number, where "not a number" is a value with a name.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A metric as a job reported it.
///
/// JSON has no `NaN`; Python writes it all the same. Such a value is kept by its name, and a gate
/// that reads it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// A finite number.
    Number(f64),
    /// A truth value.
    Flag(bool),
    /// `NaN`, written as the string `"NaN"`.
    NaN,
    /// Positive infinity, written as the string `"Infinity"`.
    Infinity,
    /// Negative infinity, written as the string `"-Infinity"`.
    NegativeInfinity,
}

impl Metric {
    /// The metric for `value`, by name where it is not finite.
    #[must_use]
    pub fn of(value: f64) -> Self {
        if value.is_nan() {
            Self::NaN
        } else if value == f64::INFINITY {
            Self::Infinity
        } else if value == f64::NEG_INFINITY {
            Self::NegativeInfinity
        } else {
            Self::Number(value)
        }
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "NaN" => Some(Self::NaN),
            "Infinity" => Some(Self::Infinity),
            "-Infinity" => Some(Self::NegativeInfinity),
            _ => None,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Flag(value) => write!(f, "{value}"),
            Self::NaN => f.write_str("NaN"),
            Self::Infinity => f.write_str("Infinity"),
            Self::NegativeInfinity => f.write_str("-Infinity"),
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Flag(value) => serializer.serialize_bool(*value),
            named => serializer.collect_str(named),
        }
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MetricVisitor)
    }
}

struct MetricVisitor;

impl de::Visitor<'_> for MetricVisitor {
    type Value = Metric;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, true, false, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Metric, E> {
        Ok(Metric::Flag(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Metric, E> {
        Ok(Metric::of(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "all numbers are doubles before evaluation")]
    fn visit_i64<E>(self, value: i64) -> Result<Metric, E> {
        Ok(Metric::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "all numbers are doubles before evaluation")]
    fn visit_u64<E>(self, value: u64) -> Result<Metric, E> {
        Ok(Metric::Number(value as f64))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Metric, E> {
        Metric::named(name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
    }
}
