//! URIs as CloudEvents wants them: the syntax of RFC 3986 and nothing resolved.

/// What a piece of text is, by RFC 3986.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It begins with a scheme.
    Absolute,
    /// A reference relative to some base, such as `/orders/eu`.
    Relative,
}

/// Reads a URI-reference; the error is a phrase that follows the field's name.
pub fn reference(text: &str) -> Result<Shape, String> {
    let characters = text.as_bytes();
    for (at, c) in text.char_indices() {
        match c {
            '%' => match characters.get(at + 1..at + 3) {
                Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => {}
                _ => return Err("has a % that no two hexadecimal digits follow".to_owned()),
            },
            c if c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=".contains(c) => {}
            c => return Err(format!("has a character that no URI has (U+{:04X})", c as u32)),
        }
    }
    let (before, fragment) = split(text, '#');
    let (hierarchy, query) = split(before, '?');
    if [fragment, query].into_iter().flatten().any(|part| part.contains(['#', '[', ']'])) {
        return Err("has a bracket or a second # where no URI has one".to_owned());
    }
    let first_segment = hierarchy.split('/').next().unwrap_or_default();
    let (shape, rest) = match first_segment.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => (Shape::Absolute, &hierarchy[scheme.len() + 1..]),
        Some(_) => return Err("has a colon before the first / but no scheme before it".to_owned()),
        None => (Shape::Relative, hierarchy),
    };
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            authority(&rest[..end])?;
            &rest[end..]
        }
        None => rest,
    };
    if path.contains(['[', ']']) {
        return Err("has a bracket outside of a host".to_owned());
    }
    Ok(shape)
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn authority(text: &str) -> Result<(), String> {
    let (user, host_and_port) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match host_and_port.strip_prefix('[') {
        Some(literal) => {
            let (inside, after) =
                literal.split_once(']').ok_or("has a [ that no ] closes, in its host".to_owned())?;
            if inside.is_empty() || !inside.chars().all(|c| c.is_ascii_hexdigit() || ":.vV".contains(c)) {
                return Err("has no IP address between the brackets of its host".to_owned());
            }
            match after.strip_prefix(':') {
                Some(port) => ("", port),
                None => (after, ""),
            }
        }
        None => host_and_port.split_once(':').unwrap_or((host_and_port, "")),
    };
    let brackets = [user, host, port].iter().any(|part| part.contains(['[', ']']));
    let after_literal = host_and_port.starts_with('[') && !host.is_empty();
    if brackets || after_literal || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Err("has a host or port that cannot be read".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_rfc_3986_are_told_apart() {
        for absolute in [
            "https://example.com/a?b=c#d",
            "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
            "mailto:ops@example.net",
            "https://user:pw@[2001:db8::1]:8443/x",
            "tag:acme,2026:grid",
            "x:",
        ] {
            assert_eq!(reference(absolute), Ok(Shape::Absolute), "{absolute}");
        }
        for relative in ["/orders/eu", "grid", "//example.com:80/x", "?q", "#f", "a/b:c", "", "m%C3%BCnchen"]
        {
            assert_eq!(reference(relative), Ok(Shape::Relative), "{relative}");
        }
        for bad in [
            "with space",
            "münchen",
            "1a:b",
            ":x",
            "a%zz",
            "a%4",
            "a#b#c",
            "a[b]",
            "http://[::1",
            "http://[]/",
            "http://h:port/",
            "http://a[b]/",
            "back\\slash",
            "<x>",
        ] {
            assert!(reference(bad).is_err(), "{bad}");
        }
    }
}
