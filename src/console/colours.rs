//! The colours of a theme, as its file says them: one ink for each meaning, for a named background.
//!
//! The themes of `assets/themes/` are compiled in; a file of the same name in the folder `themes/`
//! beside the configuration takes the place of one, and any other name there is a theme more.

use crate::config::{ConfigError, Problem};
use ratatui::style::Color;
use serde::Deserialize;
use serde::de::Error as _;
use std::path::Path;

/// How one meaning is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ink {
    /// For terminals with 256 colours or all; without it, the terminal's own.
    pub rgb: Option<Rgb>,
    /// For terminals with 16.
    #[serde(default, deserialize_with = "ansi")]
    pub ansi: Option<Color>,
    #[serde(default)]
    pub bold: bool,
    /// With 16 colours or none, where a grey is not to be had.
    #[serde(default)]
    pub faint: bool,
}

/// A colour of 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A theme's file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Palette {
    /// What the colours are meant to stand on; never painted.
    pub background: Rgb,
    /// The least contrast with it that the theme promises.
    #[serde(default = "readable")]
    pub contrast: f64,
    strong: Ink,
    quiet: Ink,
    accent: Ink,
    critical: Ink,
    high: Ink,
    medium: Ink,
    low: Ink,
    good: Ink,
    warn: Ink,
    bad: Ink,
    practice: Ink,
}

/// What WCAG 2 asks of text at level AA.
fn readable() -> f64 {
    4.5
}

/// Those compiled in, by name.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    ("high-contrast-light", include_str!("../../assets/themes/high-contrast-light.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
];

impl Palette {
    /// Reads a theme's file; `path` names it in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let wrong = |span, message: String| ConfigError::Wrong {
            problems: vec![Problem::at(text, path, span, message)],
        };
        let palette: Self = toml::from_str(text)
            .map_err(|why| wrong(why.span().unwrap_or(0..0), why.message().trim().replace('\n', " ")))?;
        for (name, ink) in NAMES.iter().zip(palette.inks()) {
            let Some(rgb) = ink.rgb else { continue };
            let contrast = rgb.contrast(palette.background);
            if contrast < palette.contrast {
                let at = text.find(&format!("[{name}]")).unwrap_or(0);
                let message = format!(
                    "{name} stands out by {contrast:.1} to 1 from the background {}; {} is needed to be read",
                    palette.background, palette.contrast
                );
                return Err(wrong(at..at + name.len() + 2, message));
            }
        }
        Ok(palette)
    }

    /// In the order of [`NAMES`].
    pub fn inks(&self) -> [&Ink; 11] {
        let Self {
            background: _,
            contrast: _,
            strong,
            quiet,
            accent,
            critical,
            high,
            medium,
            low,
            good,
            warn,
            bad,
            practice,
        } = self;
        [strong, quiet, accent, critical, high, medium, low, good, warn, bad, practice]
    }
}

pub const NAMES: [&str; 11] =
    ["strong", "quiet", "accent", "critical", "high", "medium", "low", "good", "warn", "bad", "practice"];

impl Rgb {
    /// The nearest of the 256 that no terminal redefines, and what it is exactly.
    pub fn nearest_indexed(self) -> (u8, Rgb) {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let cube = (0..216u8).map(|i| {
            let level = |by: u8| LEVELS[usize::from(i / by % 6)];
            (16 + i, Rgb(level(36), level(6), level(1)))
        });
        let greys = (0..24u8).map(|i| (232 + i, Rgb(8 + 10 * i, 8 + 10 * i, 8 + 10 * i)));
        let apart = |other: Rgb| {
            let part = |one: u8, other: u8| (i32::from(one) - i32::from(other)).pow(2);
            part(self.0, other.0) + part(self.1, other.1) + part(self.2, other.2)
        };
        cube.chain(greys).min_by_key(|(_, colour)| apart(*colour)).unwrap_or((16, Rgb(0, 0, 0)))
    }

    /// From 1 (the same) to 21 (black and white), as WCAG 2 defines it.
    pub fn contrast(self, other: Rgb) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }
}

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl<'de> Deserialize<'de> for Rgb {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let number = number.ok_or_else(|| D::Error::custom("a colour is written \"#rrggbb\""))?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Rgb(red, green, blue))
    }
}

fn ansi<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Color>, D::Error> {
    const ANSI: [(&str, Color); 14] = [
        ("red", Color::Red),
        ("green", Color::Green),
        ("yellow", Color::Yellow),
        ("blue", Color::Blue),
        ("magenta", Color::Magenta),
        ("cyan", Color::Cyan),
        ("grey", Color::Gray),
        ("light-red", Color::LightRed),
        ("light-green", Color::LightGreen),
        ("light-yellow", Color::LightYellow),
        ("light-blue", Color::LightBlue),
        ("light-magenta", Color::LightMagenta),
        ("light-cyan", Color::LightCyan),
        ("white", Color::White),
    ];
    let word = String::deserialize(deserializer)?;
    let known = ANSI.iter().find(|(name, _)| *name == word);
    known.map(|(_, colour)| Some(*colour)).ok_or_else(|| {
        let names = ANSI.map(|(name, _)| name).join(", ");
        D::Error::custom(format!("there is no such colour of 16; there are {names}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> impl Iterator<Item = (&'static str, Palette)> {
        BUILT_IN.into_iter().map(|(name, text)| (name, Palette::parse(text, Path::new(name)).unwrap()))
    }

    #[test]
    fn contrast_is_what_wcag_says_it_is() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert!((white.contrast(black) - 21.0).abs() < 0.001);
        // The lightest grey that passes on white, and one that just does not.
        assert!(Rgb(0x76, 0x76, 0x76).contrast(white) >= 4.5);
        assert!(Rgb(0x77, 0x77, 0x77).contrast(white) < 4.5);
    }

    #[test]
    fn every_ink_can_be_read_in_true_colour_and_in_256() {
        for (theme, palette) in built_in() {
            let promised = if theme.starts_with("high-contrast") { 7.0 } else { 4.5 };
            for (name, ink) in NAMES.iter().zip(palette.inks()) {
                let Some(rgb) = ink.rgb else { continue };
                let contrast = rgb.contrast(palette.background);
                assert!(contrast >= promised, "{theme}: {name} has {contrast:.2}");
                let contrast = rgb.nearest_indexed().1.contrast(palette.background);
                assert!(contrast >= 4.5, "{theme}: {name} has {contrast:.2} with 256 colours");
            }
        }
    }

    /// A colour as somebody sees it who lacks one kind of cone (Machado, Oliveira, Fernandes 2009).
    fn seen(rgb: Rgb, matrix: [[f64; 3]; 3]) -> [f64; 3] {
        let linear = rgb.linear();
        matrix.map(|row| row.iter().zip(linear).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
    }

    /// CIE L*a*b* of linear sRGB under D65.
    fn lab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505;
        let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089;
        let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
    }

    #[test]
    fn no_two_that_must_differ_look_the_same_to_the_colour_blind() {
        let eyes = [
            ("full", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
            (
                "protanopia",
                [
                    [0.152286, 1.052583, -0.204868],
                    [0.114503, 0.786281, 0.099216],
                    [-0.003882, -0.048116, 1.051998],
                ],
            ),
            (
                "deuteranopia",
                [
                    [0.367322, 0.860646, -0.227968],
                    [0.280085, 0.672501, 0.047413],
                    [-0.01182, 0.04294, 0.968881],
                ],
            ),
            (
                "tritanopia",
                [
                    [1.255528, -0.076749, -0.178779],
                    [-0.078411, 0.930809, 0.147602],
                    [0.004733, 0.691367, 0.3039],
                ],
            ),
        ];
        let index = |name: &str| NAMES.iter().position(|known| *known == name).unwrap();
        for (theme, palette) in built_in().filter(|(name, _)| *name != "mono") {
            for (one, other) in [
                ("critical", "high"),
                ("critical", "medium"),
                ("high", "medium"),
                ("good", "bad"),
                ("good", "warn"),
            ] {
                let ink = |name| palette.inks()[index(name)].rgb.unwrap();
                for (eye, matrix) in eyes {
                    let (a, b) = (lab(seen(ink(one), matrix)), lab(seen(ink(other), matrix)));
                    let apart = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(apart > 15.0, "{theme}: {one} and {other} are {apart:.1} apart with {eye}");
                }
            }
        }
    }

    #[test]
    fn a_theme_that_cannot_be_read_is_refused_where_it_stands() {
        let text = BUILT_IN[0].1.replace("#a8a8a8\"\nfaint", "#5f5f5f\"\nfaint");
        let why = Palette::parse(&text, Path::new("themes/mine.toml")).unwrap_err().to_string();
        assert!(why.starts_with("themes/mine.toml:9:1: quiet stands out by 2."), "{why}");
    }
}
