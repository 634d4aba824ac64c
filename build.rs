//! Lays the program out so that a console maps little more than it executes: see `assets/link/make`.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=assets/link/console.ld");
    println!("cargo::rerun-if-changed=build.rs");
    // Of the linkers that Rust uses by itself, the one of this target is quick with so many patterns.
    let quick = var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu");
    let optimised = var("PROFILE").is_ok_and(|profile| profile == "release");
    if let (true, Ok(root)) = (quick && optimised, var("CARGO_MANIFEST_DIR")) {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/assets/link/console.ld");
    }
}
