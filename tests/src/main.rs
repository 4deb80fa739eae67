//! The whole product as one program: the `signalbox` command, and an engine for tests to kill.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|verb| verb == signalbox_tests::engine::VERB) {
        return signalbox_tests::engine::main(arguments.next().unwrap_or_default().as_ref());
    }
    signalbox::main()
}
