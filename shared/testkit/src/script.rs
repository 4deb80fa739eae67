//! Answers in the order in which they were written down.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use crate::{Answer, Seen};

/// The script, and what was asked so far.
#[derive(Clone, Debug, Default)]
pub struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    /// Answers the first request with the first of `answers`, and so on.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = answers.into_iter().collect();
        Self { answers: Arc::new(Mutex::new(answers)), seen: Arc::default() }
    }

    /// The requests so far.
    ///
    /// # Panics
    /// When the script was not played to its end.
    pub fn done(&self) -> Vec<Seen> {
        let left = self.answers.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert_eq!(left, 0, "answers were left over");
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Seen::from(&request));
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match next {
            Some(answer) => answer.into_future(),
            None => panic!("there are more requests than answers: {seen:#?}"),
        }
    }
}
