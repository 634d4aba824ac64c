//! How many of what, in words that agree: `1 alert`, `2 alerts`.

use std::fmt::Display;

/// The number and the word for so many: `one` for one, `more` for every other number.
pub fn counted<N: Display + PartialEq + From<u8>>(many: N, one: &str, more: &str) -> String {
    let word = if many == N::from(1) { one } else { more };
    format!("{many} {word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_one() {
        assert_eq!(counted(0u64, "alert", "alerts"), "0 alerts");
        assert_eq!(counted(1usize, "alert", "alerts"), "1 alert");
        assert_eq!(counted(21u32, "alert", "alerts"), "21 alerts");
    }
}
