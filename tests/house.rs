//! Holds the house plan: which room may know which, that `core` stays pure, and that nothing unsafe
//! comes in. It reads the source as text, so that a forbidden line is named with its file.

#![allow(clippy::unwrap_used, reason = "a test that cannot read the source has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may know besides itself.
fn rooms() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("core", &[] as &[&str]),
        ("config", &["core"]),
        ("store", &["core"]),
        ("channel", &["core"]),
        ("community", &["core"]),
        ("wire", &["core"]),
        ("term", &["core"]),
        ("practice", &["core"]),
        ("console", &["core", "wire", "config", "term"]),
        ("cli", &["core", "wire", "config", "term", "console"]),
        ("agent", &["core", "config", "store", "channel", "community", "wire"]),
        // A part of `main`, which knows everyone; it names the library from outside.
        ("demo", &[]),
    ])
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The rooms a line of code names, as `crate::room` or `$crate::room`.
fn named(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices("crate::")
        .map(|(at, found)| {
            let rest = &code[at + found.len()..];
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .collect()
}

#[test]
fn every_room_knows_only_whom_it_may_know() {
    let rooms = rooms();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(src()).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let room = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(may_know) = rooms.get(room.as_str()) else {
            panic!(
                "src/{room} is a room that the house plan does not list; add it to tests/house.rs and src/lib.rs"
            );
        };
        for (file, text) in sources(&path) {
            for (number, line) in text.lines().enumerate() {
                for other in named(line) {
                    let is_room = rooms.contains_key(other);
                    if is_room && other != room && !may_know.contains(&other) {
                        wrong.push(format!(
                            "{}:{}: {room} must not know {other}",
                            file.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn term_knows_of_core_only_its_text() {
    for (file, text) in sources(&src().join("term")) {
        for line in text.lines().filter(|line| line.contains("crate::core::")) {
            assert!(line.contains("crate::core::text"), "{}: {line}", file.display());
        }
    }
}

#[test]
fn core_has_no_clock_no_chance_and_no_input_or_output() {
    let forbidden = [
        "tokio",
        "async fn",
        "std::fs",
        "std::net",
        "std::io",
        "Timestamp::now",
        "SystemTime",
        "Instant",
        "rand::",
    ];
    for (file, text) in sources(&src().join("core")) {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in forbidden {
                assert!(!code.contains(word), "{}:{}: core must not use {word}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn every_file_says_first_why_it_exists() {
    for (file, text) in sources(&src()) {
        assert!(text.starts_with("//! "), "{} must begin with why it exists", file.display());
    }
}
