//! The wish from outside that the attempt ends: SIGTERM, as `TerminateJob` and a spot interruption send it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether the attempt is to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A wish that comes when `sender` says so.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// A wish that comes with the signals of this process.
    pub(crate) fn on_signals() -> std::io::Result<Self> {
        let (sender, stop) = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
            }
            sender.send_replace(true);
            // A dropped sender would look like a wish that never comes.
            sender.closed().await;
        });
        Ok(stop)
    }

    /// Resolves when the attempt is to end, and never otherwise.
    pub(crate) async fn requested(&mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
