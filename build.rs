//! Lays the program out so that a console maps little more than it executes: see `assets/link/make`.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=assets/link/console.ld");
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| var(name).is_ok_and(|set| set == value);
    // Rust's own linker of this target reads the layout, and is quick with so many patterns. Another that somebody
    // chose may do neither.
    let chosen =
        var("RUSTC_LINKER").is_ok() || var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|f| f.contains("fuse-ld"));
    if is("TARGET", "x86_64-unknown-linux-gnu") && is("PROFILE", "release") && !chosen {
        let root = var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/assets/link/console.ld");
    }
}
