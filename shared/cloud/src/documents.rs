//! The core's documents as the store keeps them.

use signalbox_pipeline::environment::history::{self, Segment};
use signalbox_pipeline::environment::{self, Environment};
use signalbox_pipeline::head::{self, Head};
use signalbox_pipeline::launch::{self, Launch};
use signalbox_pipeline::people::{self, People};
use signalbox_pipeline::registration::{self, Registration};
use signalbox_pipeline::run::{self, Run};
use signalbox_pipeline::settings::{self, Settings};

use crate::store::{Document, Stored};

/// The largest of the documents that people write, or that hold a handful of names, in bytes.
const SMALL: usize = 256 * 1024;

impl Stored for Run {
    const SCHEMA: u32 = run::SCHEMA;
}

impl Document for Run {
    fn schema(&self) -> u32 {
        self.schema
    }

    fn write_id(&self) -> &str {
        &self.write_id
    }
}

impl Stored for Environment {
    const SCHEMA: u32 = environment::SCHEMA;
}

impl Document for Environment {
    fn schema(&self) -> u32 {
        self.schema
    }

    fn write_id(&self) -> &str {
        &self.write_id
    }
}

impl Stored for Launch {
    const SCHEMA: u32 = launch::SCHEMA;
}

impl Document for Launch {
    fn schema(&self) -> u32 {
        self.schema
    }

    fn write_id(&self) -> &str {
        &self.write_id
    }
}

impl Stored for Segment {
    const SCHEMA: u32 = history::SCHEMA;
}

impl Stored for Registration {
    const SCHEMA: u32 = registration::SCHEMA;
    const LARGEST: usize = SMALL;
}

impl Document for Registration {
    fn schema(&self) -> u32 {
        self.schema
    }

    fn write_id(&self) -> &str {
        &self.write_id
    }
}

impl Stored for Head {
    const SCHEMA: u32 = head::SCHEMA;
    const LARGEST: usize = SMALL;
}

impl Document for Head {
    fn schema(&self) -> u32 {
        self.schema
    }

    fn write_id(&self) -> &str {
        &self.write_id
    }
}

impl Stored for Settings {
    const SCHEMA: u32 = settings::SCHEMA;
    const LARGEST: usize = SMALL;
}

impl Stored for People {
    const SCHEMA: u32 = people::SCHEMA;
    const LARGEST: usize = people::LARGEST;
}
