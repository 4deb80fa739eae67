//! How the functions' programs are linked.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    // Much of what generics and async make is the same code again; folded, a zip is 30 KB smaller.
    // It is an option of lld, which rustc brings and uses unless it is told of another linker.
    let own_linker = env::var_os("RUSTC_LINKER").is_none()
        && env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.is_empty());
    let target = env::var("TARGET").unwrap_or_default();
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if own_linker && release && target == "x86_64-unknown-linux-gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}
