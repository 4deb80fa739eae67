//! The tasks that a service runs in the background, and their common end.

use tokio::sync::watch;

/// Background tasks that end together.
pub(crate) struct Tasks {
    stop: watch::Sender<bool>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { stop: watch::Sender::new(false) }
    }

    /// Runs `work` until it is done or the service is closed.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = work => {}
            }
        });
    }

    /// Ends every task and returns when the last one has ended.
    pub(crate) async fn close(&self) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}
