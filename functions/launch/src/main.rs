//! The launch function as a process of its own.

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    signalbox_launch::run().await
}
