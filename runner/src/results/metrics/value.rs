//! A JSON value as far as metrics need it.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// How deep objects and lists may lie in each other. The parser calls itself for every level.
const DEEPEST: usize = 32;

/// A value; of what is no metric only its kind.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Flag(bool),
    Null,
    Text,
    List,
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Its kind, in words.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Flag(_) => "a truth value",
            Self::Null => "null",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> de::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level(0).deserialize(deserializer)
    }
}

/// Reads a value so many levels deep.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.0 == DEEPEST {
            return Err(E::custom(format_args!("more than {DEEPEST} levels")));
        }
        Ok(Self(self.0 + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[expect(clippy::cast_precision_loss, reason = "all metrics are doubles")]
impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, _: &str) -> Result<Value, E> {
        Ok(Value::Text)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        while list.next_element_seed(level)?.is_some() {}
        Ok(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let level = self.deeper()?;
        let mut members = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            members.push((name, object.next_value_seed(level)?));
        }
        Ok(Value::Object(members))
    }
}
