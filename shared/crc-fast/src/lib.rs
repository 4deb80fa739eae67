//! The checksums that the AWS SDKs ask for, in the words of the crate `crc-fast`, for which this one
//! stands in (`[patch.crates-io]` in the workspace's `Cargo.toml`).
//!
//! That crate is fast with large bodies and brings 0.6 MB of tables for every checksum there is: a
//! seventh of a function's zip, for documents of a few kilobytes. Here the well-kept crate `crc`
//! does the work, with 4 KB of tables.

use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Digest as Running, Table};

static ISO_HDLC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
static ISCSI: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
static NVME: Crc<u64, Table<1>> = Crc::<u64, Table<1>>::new(&CRC_64_NVME);

/// The checksums that S3 knows, less those that are hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcAlgorithm {
    /// `CRC32`.
    Crc32IsoHdlc,
    /// `CRC32C`.
    Crc32Iscsi,
    /// `CRC64NVME`.
    Crc64Nvme,
}

/// A checksum in the making.
#[derive(Clone)]
pub struct Digest {
    algorithm: CrcAlgorithm,
    running: Kind,
}

#[derive(Clone)]
enum Kind {
    Narrow(Running<'static, u32, Table<1>>),
    Wide(Running<'static, u64, Table<1>>),
}

impl Digest {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new(algorithm: CrcAlgorithm) -> Self {
        let running = match algorithm {
            CrcAlgorithm::Crc32IsoHdlc => Kind::Narrow(ISO_HDLC.digest()),
            CrcAlgorithm::Crc32Iscsi => Kind::Narrow(ISCSI.digest()),
            CrcAlgorithm::Crc64Nvme => Kind::Wide(NVME.digest()),
        };
        Self { algorithm, running }
    }

    /// Adds `data` to what was seen.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.running {
            Kind::Narrow(digest) => digest.update(data),
            Kind::Wide(digest) => digest.update(data),
        }
    }

    /// The checksum of what was seen; one of 32 bits stands in the lower half.
    #[must_use]
    pub fn finalize(&self) -> u64 {
        match self.running.clone() {
            Kind::Narrow(digest) => u64::from(digest.finalize()),
            Kind::Wide(digest) => digest.finalize(),
        }
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The checksum of `data`.
#[must_use]
pub fn checksum(algorithm: CrcAlgorithm, data: &[u8]) -> u64 {
    let mut digest = Digest::new(algorithm);
    digest.update(data);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogue of parametrised CRC algorithms, for "123456789".
    const CHECKS: [(CrcAlgorithm, u64); 3] = [
        (CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
        (CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
        (CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
    ];

    #[test]
    fn each_checksum_is_the_catalogues_however_its_bytes_come() {
        for (algorithm, expected) in CHECKS {
            assert_eq!(checksum(algorithm, b"123456789"), expected, "{algorithm:?}");
            let mut digest = Digest::new(algorithm);
            digest.update(b"1234");
            assert_ne!(digest.finalize(), expected);
            digest.update(b"56789");
            assert_eq!(digest.finalize(), expected, "{algorithm:?}");
        }
    }
}
