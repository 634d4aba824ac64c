//! Media types, as far as the intake tells them apart.

/// A media type: its `type/subtype` in lower case, and its charset where one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    essence: String,
    charset: Option<String>,
}

impl Media {
    /// `None` when the text is not of the form `type/subtype`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let charset = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase());
        Some(Self { essence, charset })
    }

    pub fn essence(&self) -> &str {
        &self.essence
    }

    pub fn is_json(&self) -> bool {
        matches!(self.essence.as_str(), "application/json" | "text/json") || self.essence.ends_with("+json")
    }

    /// A charset that is not UTF-8 nor a part of it.
    pub fn foreign_charset(&self) -> Option<&str> {
        self.charset.as_deref().filter(|name| !matches!(*name, "utf-8" | "utf8" | "us-ascii" | "ascii" | ""))
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_case_do_not_matter_and_json_is_known_by_its_suffix() {
        let media = Media::parse("Application/Vnd.Acme+JSON; Charset=\"UTF-8\"; v=2").unwrap();
        assert!(media.is_json());
        assert_eq!(media.essence(), "application/vnd.acme+json");
        assert_eq!(media.foreign_charset(), None);
        assert!(!Media::parse("text/plain").unwrap().is_json());
        assert_eq!(Media::parse("a/b;charset=utf-16").unwrap().foreign_charset(), Some("utf-16"));
        for bad in ["", "json", "/", "a/", "/b", "a b/c", "a/b, c/d"] {
            assert_eq!(Media::parse(bad), None, "{bad}");
        }
    }
}
