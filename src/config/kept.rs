//! Files beside the configuration are kept at the end of its text, as comments: so an applied version
//! has them for good, a changed file is a changed configuration, and nothing is read while the agent
//! works.

use super::problem::Problem;
use std::path::Path;

/// What comes before each of a file's lines.
const LINE: &str = "#|";

/// Adds a file to the kept text, or says why it cannot be kept. `head` comes before its name, `what` is
/// the kind of file in words: `a template`.
pub fn keep(
    kept: &mut String,
    head: &str,
    what: &str,
    name: &str,
    text: &str,
    path: &Path,
) -> Result<(), Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    // TOML allows no other control character in a comment, and no text has a use for one.
    if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_control() && !"\n\t".contains(*c)) {
        let message = format!("{what} has no control characters; this is U+{:04X}", c as u32);
        return Err(Problem::at(&text, path, at..at + 1, message));
    }
    kept.push_str(&format!("\n{head}{name}\n"));
    for line in text.lines() {
        kept.push_str(&format!("{LINE}{line}\n"));
    }
    Ok(())
}

/// Names and texts of the files kept under `head`.
pub fn kept(text: &str, head: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix(head) {
            found.push((name.to_owned(), String::new()));
            open = true;
        } else if let (true, Some(line), Some((_, last))) = (open, line.strip_prefix(LINE), found.last_mut())
        {
            last.push_str(line);
            last.push('\n');
        } else {
            open = false;
        }
    }
    found
}
