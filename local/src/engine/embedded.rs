//! The engine inside another program: its services without sockets, processes or functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use tower::ServiceExt as _;

use super::build::Services;
use super::lock::Lock;
use super::{EngineConfig, OPERATOR, folder};
use crate::batch::Batch;
use crate::clock::Clock;
use crate::codecommit::CodeCommit;
use crate::events::Bus;
use crate::http::RequestLog;
use crate::incident::Incidents;
use crate::lambda;
use crate::principals::{Kind, Principal};
use crate::random;
use crate::s3::S3;
use crate::sqs::Sqs;
use crate::template::{self, Function, Stack};

/// Where nothing listens: requests to it are answered by [`Embedded::call`].
const ENDPOINT: &str = "http://127.0.0.1:1";
/// What images are pushed to.
const REGISTRY: &str = "127.0.0.1:1";

/// The services of an engine, to be called in process and under any clock.
///
/// It starts no function and no timer of its own: whoever embeds it takes messages off the queues
/// as Lambda does, which is what a simulation is about.
pub struct Embedded {
    services: Services,
    stack: Stack,
    operator: Principal,
    endpoint: Router,
    registry: Router,
    _lock: Lock,
}

impl Embedded {
    /// Opens the services that the template names, in the folder of `config`. From here on the
    /// calling thread draws ids that follow from `seed`. Must be called within a runtime.
    ///
    /// # Errors
    /// When the template has faults, another engine holds the folder, or the folder cannot be
    /// written.
    pub fn open(config: &EngineConfig, clock: Clock, seed: u64) -> anyhow::Result<Self> {
        random::seed(seed);
        let dir = folder(&config.dir)?;
        let lock = Lock::take(&dir)?;
        let context = template::Context {
            parameters: config.parameters.clone(),
            stack_name: config.stack_name.clone(),
            endpoint: ENDPOINT.to_owned(),
        };
        let stack = template::read(&config.template, &context)?;
        let services = Services::open(config, clock, &dir, &stack, ENDPOINT, REGISTRY)?;
        let operator = services.principals.mint(Kind::User, OPERATOR, None)?;
        let endpoint = services.edge(config).router();
        let registry = crate::ecr::registry(services.ecr.clone());
        Ok(Self { services, stack, operator, endpoint, registry, _lock: lock })
    }

    /// What clients are told as endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &'static str {
        ENDPOINT
    }

    /// Answers a request to the endpoint or to the registry. A [`crate::http::Fault`] among its
    /// extensions happens to it.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        let path = request.uri().path();
        let of_registry = path == "/v2" || path.starts_with("/v2/");
        let router = if of_registry { &self.registry } else { &self.endpoint };
        match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// What the template says, resolved.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The keys of the person who works with the engine.
    #[must_use]
    pub fn credentials(&self) -> &Principal {
        &self.operator
    }

    /// Everybody with keys of their own, the person above among them, by name.
    #[must_use]
    pub fn users(&self) -> Vec<Principal> {
        self.services.principals.users()
    }

    /// The variables that Lambda would start `function` with, keys of its own among them.
    ///
    /// # Errors
    /// When the keys cannot be written.
    pub fn variables(&self, function: &Function) -> anyhow::Result<BTreeMap<String, String>> {
        let role = Some(function.role_id.as_str());
        let minted = self.services.principals.mint(Kind::Function, &function.name, role);
        let principal = minted.with_context(|| format!("no keys for {}", function.name))?;
        Ok(lambda::variables(function, &principal, ENDPOINT))
    }

    /// The object store.
    #[must_use]
    pub fn s3(&self) -> &S3 {
        &self.services.s3
    }

    /// The queues.
    #[must_use]
    pub fn sqs(&self) -> &Arc<Sqs> {
        &self.services.sqs
    }

    /// The jobs.
    #[must_use]
    pub fn batch(&self) -> &Batch {
        &self.services.batch
    }

    /// The event bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.services.bus
    }

    /// Where branches point; git itself is not needed to say so.
    #[must_use]
    pub fn codecommit(&self) -> &CodeCommit {
        &self.services.codecommit
    }

    /// What was asked of the services.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        &self.services.log
    }

    /// What went wrong in the wiring.
    #[must_use]
    pub fn incidents(&self) -> &Incidents {
        &self.services.incidents
    }
}
