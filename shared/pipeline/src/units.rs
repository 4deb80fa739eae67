//! Durations and sizes as people write them: `10m`, `16GiB`.

/// The shortest timeout of a job, in seconds: AWS Batch ends none earlier.
pub const SHORTEST_TIMEOUT: u64 = 60;
/// The longest timeout of a job, in seconds: 14 days.
pub const LONGEST_TIMEOUT: u64 = 14 * 24 * 3600;
/// The least memory of a job, in MiB: what AWS Batch takes at least.
pub const LEAST_MEMORY: u64 = 4;
/// The most memory of a job, in MiB: 24 TiB, the largest machine there is.
pub const MOST_MEMORY: u64 = 24 * 1024 * 1024;

/// A duration or size that cannot be read or is out of bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnitError {
    /// What is wrong.
    pub message: String,
    /// How to write it instead.
    pub help: String,
}

const DURATIONS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3600), ("d", 24 * 3600)];
const SIZES: [(&str, u64); 3] = [("MiB", 1), ("GiB", 1024), ("TiB", 1024 * 1024)];

/// The seconds in `30s`, `10m`, `6h` or `7d`.
///
/// # Errors
/// When `text` is not a whole number with one of these units.
pub fn seconds(text: &str) -> Result<u64, UnitError> {
    scaled(text, &DURATIONS).ok_or_else(|| UnitError {
        message: format!("{:?} is not a duration", short(text)),
        help: "write a whole number and s, m, h or d, such as 90s, 10m, 6h or 7d".to_owned(),
    })
}

/// The seconds of a job's timeout.
///
/// # Errors
/// When `text` is not a duration, or outside 60 seconds to 14 days.
pub fn timeout(text: &str) -> Result<u64, UnitError> {
    let seconds = seconds(text)?;
    if seconds < SHORTEST_TIMEOUT {
        return Err(UnitError {
            message: format!("{text:?} is too short for a timeout"),
            help: "write 60s or more: AWS Batch ends no job earlier".to_owned(),
        });
    }
    if seconds > LONGEST_TIMEOUT {
        return Err(UnitError {
            message: format!("{:?} is too long for a timeout", short(text)),
            help: "write 14d or less".to_owned(),
        });
    }
    Ok(seconds)
}

/// The MiB of a job's memory, or of an image, in `512MiB`, `16GiB` or `1TiB`.
///
/// # Errors
/// When `text` is not a whole number with one of these units, or outside 4 MiB to 24 TiB.
pub fn memory(text: &str) -> Result<u64, UnitError> {
    let Some(mib) = scaled(text, &SIZES) else {
        return Err(UnitError {
            message: format!("{:?} is not a size", short(text)),
            help: binary(text).unwrap_or_else(|| {
                "write a whole number and MiB, GiB or TiB, such as 512MiB or 16GiB".to_owned()
            }),
        });
    };
    if !(LEAST_MEMORY..=MOST_MEMORY).contains(&mib) {
        return Err(UnitError {
            message: format!("{:?} is out of bounds", short(text)),
            help: "write a size from 4MiB to 24TiB".to_owned(),
        });
    }
    Ok(mib)
}

/// What a size in `GB`, `Gi` or `G` most likely means.
fn binary(text: &str) -> Option<String> {
    let at = text.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
    let (number, unit) = text.split_at(at);
    let prefix = ["M", "G", "T"].into_iter().find(|prefix| {
        let unit = unit.trim().to_ascii_uppercase();
        unit == **prefix
            || unit == format!("{prefix}B")
            || unit == format!("{prefix}I")
            || unit == format!("{prefix}IB")
    })?;
    Some(format!("did you mean {number}{prefix}iB?"))
}

/// The whole number in `text` times the factor of its unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_count_seconds() {
        for (text, expected) in [("90s", 90), ("10m", 600), ("6h", 21_600), ("7d", 604_800)] {
            assert_eq!(timeout(text), Ok(expected), "{text}");
        }
        assert_eq!(seconds("30s"), Ok(30));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        let long = "9".repeat(30) + "d";
        for bad in
            ["", "10", "m", "-5m", "1.5h", "10 m", "10M", "1h30m", "18446744073709551615d", &long]
        {
            assert!(seconds(bad).unwrap_err().message.ends_with("is not a duration"), "{bad}");
        }
    }

    #[test]
    fn a_timeout_keeps_to_what_batch_can_do() {
        assert!(timeout("59s").unwrap_err().help.contains("60s or more"));
        assert!(timeout("15d").unwrap_err().help.contains("14d or less"));
        assert_eq!(timeout("60s"), Ok(60));
        assert_eq!(timeout("14d"), Ok(LONGEST_TIMEOUT));
    }

    #[test]
    fn memory_counts_mib_and_corrects_decimal_units() {
        assert_eq!(memory("512MiB"), Ok(512));
        assert_eq!(memory("16GiB"), Ok(16_384));
        assert_eq!(memory("1TiB"), Ok(1_048_576));
        for bad in ["16GB", "16G", "16Gi", "16gib"] {
            assert_eq!(memory(bad).unwrap_err().help, "did you mean 16GiB?", "{bad}");
        }
        for bad in ["", "16", "GiB", "lots", "0MiB", "3MiB", "25TiB", "99999999999999999999TiB"] {
            assert!(memory(bad).is_err(), "{bad}");
        }
    }
}
