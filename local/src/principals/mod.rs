//! Who calls: principals and the access keys that stand for them.

/// What kind of caller a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Lambda function under its own role.
    Function,
    /// A job's task under the jobs' role.
    Job,
    /// A person or a tool with keys of its own.
    User,
    /// A service of the engine, such as EventBridge sending to a queue.
    Service,
}

/// One caller, known by its access key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Principal {
    /// What it is.
    pub kind: Kind,
    /// Its name: a function's logical id, a job's task id, a user's name.
    pub name: String,
    /// What SQS attaches as `SenderId`, and `aws:userid`: `AIDA…` or `AROA…:session`.
    pub user_id: String,
    /// The access key that stands for it.
    pub access_key_id: String,
    /// The secret that belongs to the key.
    pub secret_access_key: String,
}
