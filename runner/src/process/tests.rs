use std::os::unix::process::ExitStatusExt as _;

use super::*;

const LONG: Duration = Duration::from_secs(600);

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn within(time: Duration, grace: Duration) -> Limits {
    Limits { deadline: Instant::now() + time, grace }
}

fn log() -> Log {
    Log::new(io::sink(), 1024 * 1024)
}

#[tokio::test]
async fn both_streams_are_logged_in_the_order_of_writing() {
    let (_keep, mut stop) = Stop::new();
    let log = log();
    let script = "echo a; echo b >&2; echo c; printf '\\377half'";
    let ended = run(sh(script), &log, within(LONG, LONG), &mut stop).await.unwrap();
    assert!(ended.status.success());
    assert_eq!(log.text(), b"a\nb\nc\n\xffhalf");
}

#[tokio::test]
async fn a_process_that_is_out_of_time_gets_sigterm() {
    let (_keep, mut stop) = Stop::new();
    let ended =
        run(sh("exec sleep 600"), &log(), within(Duration::ZERO, LONG), &mut stop).await.unwrap();
    assert_eq!(ended.cause, Cause::Timeout);
    assert_eq!(ended.status.signal(), Some(15));
}

#[tokio::test]
async fn a_process_that_ignores_sigterm_is_killed_with_its_group() {
    let (sender, mut stop) = Stop::new();
    let log = log();
    // The echo tells that the trap is set, and only then the wish is sent.
    let watcher = {
        let log = log.clone();
        async move {
            while !log.text().ends_with(b"ready\n") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            sender.send_replace(true);
            sender.closed().await;
        }
    };
    let script = "trap '' TERM; sleep 600 & echo ready; wait; sleep 600";
    let running = run(sh(script), &log, within(LONG, Duration::from_millis(50)), &mut stop);
    let ended = tokio::select! {
        ended = running => ended.unwrap(),
        () = watcher => panic!("the wish was dropped"),
    };
    assert_eq!(ended.cause, Cause::Stopped);
    assert_eq!(ended.status.signal(), Some(9));
}

#[tokio::test]
async fn what_a_command_leaves_behind_does_not_hold_the_attempt() {
    let (_keep, mut stop) = Stop::new();
    let log = log();
    let ended =
        run(sh("sleep 600 & echo done"), &log, within(LONG, LONG), &mut stop).await.unwrap();
    assert!(ended.status.success());
    assert_eq!(log.text(), b"done\n");
}

#[tokio::test]
async fn processor_time_and_memory_include_the_commands_children() {
    let (_keep, mut stop) = Stop::new();
    let script = "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; true";
    let ended = run(sh(script), &log(), within(LONG, LONG), &mut stop).await.unwrap();
    assert!(ended.usage.cpu_seconds > 0.005, "{:?}", ended.usage);
    assert!(ended.usage.max_rss_bytes > 100_000, "{:?}", ended.usage);
}
