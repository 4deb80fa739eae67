//! How this program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The local engine starts this program for every job. At a fixed address it starts half a
    // millisecond faster: its tens of thousands of pointers need no relocation each time.
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
