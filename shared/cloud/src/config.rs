//! The functions' configuration: environment variables, read here and nowhere else.
//!
//! A function names the groups that it needs, `from_env::<(Account, Buckets)>(…)`, and gets all of
//! them or every fault at once.

use std::fmt;

mod check;
mod groups;

pub use groups::{Account, Buckets, CodeHost, DeadLetters, Jobs, Notifications};

/// Reads the groups `T` with `lookup`, usually `|name| std::env::var(name).ok()`.
///
/// # Errors
/// Names every variable that is missing or wrong, not only the first.
pub fn from_env<T: Group>(lookup: impl Fn(&str) -> Option<String>) -> Result<T, ConfigFaults> {
    let mut reader = Reader { lookup: &lookup, faults: Vec::new() };
    let groups = T::read(&mut reader);
    let faults = reader.faults;
    groups.filter(|_| faults.is_empty()).ok_or(ConfigFaults(faults))
}

/// Variables that belong together.
pub trait Group: Sized {
    /// Reads the group; what is wrong is noted in `reader`, and the answer is then `None`.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Group),+> Group for ($($name,)+) {
            #[expect(non_snake_case, reason = "the type parameters name the values too")]
            fn read(reader: &mut Reader<'_>) -> Option<Self> {
                // Each is read before any is given up, so that all faults are noted.
                $(let $name = $name::read(reader);)+
                Some(($($name?,)+))
            }
        }
    )*};
}

tuples! { A B; A B C; A B C D; A B C D E; }

/// Looks variables up and notes what is wrong with them.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<ConfigFault>,
}

impl Reader<'_> {
    /// The variable `name` as `parse` understands it.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(String) -> Result<T, String>,
    ) -> Option<T> {
        let found = (self.lookup)(name).filter(|value| !value.trim().is_empty());
        let Some(value) = found else {
            self.faults.push(ConfigFault { name, problem: "is missing or empty".to_owned() });
            return None;
        };
        match parse(value) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.faults.push(ConfigFault { name, problem });
                None
            }
        }
    }

    /// The variable `name`, or `None` where it is not set; never a fault.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }
}

/// One variable that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The variable's name.
    pub name: &'static str,
    /// What is wrong with it, to be read after the name.
    pub problem: String,
}

/// Everything that is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this function's environment is not complete: ")?;
        for ConfigFault { name, problem } in &self.0 {
            write!(f, "{name} {problem}; ")?;
        }
        f.write_str("SIGNALBOX_* are set under Environment.Variables of the function in template.yaml, the others by Lambda itself")
    }
}

#[cfg(test)]
mod tests;
