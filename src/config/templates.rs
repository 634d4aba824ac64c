//! The folder `templates/` beside the configuration file, kept with it.

use super::kept::{self, Kind};
use super::problem::{ConfigError, Problem};
use crate::core::label;
use crate::core::template::{Override, TemplateProblem, Templates, language_of};
use crate::core::text::sanitise;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folder's templates in the form they are kept in; empty where there are none.
///
/// # Errors
/// A file that cannot be read, or is no text.
pub fn beside(config: &Path) -> Result<String, ConfigError> {
    let folder = folder(config);
    let mut problems = Vec::new();
    let mut kept = String::new();
    for (name, path) in files(&folder) {
        let wrong = |why| Problem::at("", &path, 0..0, why);
        let text = kept::read(&path).map_err(wrong);
        if let Err(problem) = text.and_then(|text| kept::keep(&mut kept, Kind::Template, &name, &text, &path))
        {
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(kept) } else { Err(ConfigError::Wrong { problems }) }
}

/// The templates that a configuration's text carries, checked; and what is wrong with them.
pub fn carried(text: &str, config: &Path) -> (Templates, Vec<Problem>) {
    let overrides = overrides(text, config);
    match Templates::shipped().with(overrides.clone()) {
        Ok(templates) => (templates, Vec::new()),
        Err(problems) => {
            (Templates::shipped(), problems.iter().map(|problem| placed(problem, &overrides)).collect())
        }
    }
}

/// The languages that messages can be written in: the shipped ones, and those of the folder.
pub fn languages(text: &str, config: &Path) -> BTreeSet<String> {
    let shipped = label::SHIPPED.iter().map(|(locale, _)| (*locale).to_owned());
    let own = overrides(text, config).into_iter().filter_map(|own| language_of(&own.name));
    shipped.chain(own).collect()
}

fn overrides(text: &str, config: &Path) -> Vec<Override> {
    let path = |name: &str| folder(config).join(name).display().to_string();
    kept::carried(text, Kind::Template)
        .into_iter()
        .map(|kept| Override { path: path(&kept.name), name: kept.name, source: kept.text })
        .collect()
}

fn placed(problem: &TemplateProblem, overrides: &[Override]) -> Problem {
    let source =
        overrides.iter().rev().find(|o| o.path == problem.path).map_or("", |found| found.source.as_str());
    let start: usize = source.split_inclusive('\n').take(problem.line.saturating_sub(1)).map(str::len).sum();
    let line = source[start..].lines().next().unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    let span = start + indent..start + line.trim_end().len().max(indent);
    Problem::at(source, Path::new(&problem.path), span, problem.message.clone())
}

fn folder(config: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join("templates")
}

/// Every file of the folder and its folders, by the name a template has; what an editor or a version
/// control leaves behind is none.
fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for (name, path) in entries(folder) {
        if path.is_dir() {
            found.extend(entries(&path).into_iter().map(|(file, path)| (format!("{name}/{file}"), path)));
        } else {
            found.push((name, path));
        }
    }
    found.sort();
    found
}

fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .map(|entry| (sanitise(&entry.file_name().to_string_lossy()).into_owned(), entry.path()))
        .filter(|(name, _)| !name.starts_with('.') && !name.ends_with('~'))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::config;
    use crate::core::contact::Medium;
    use crate::core::label::Labels;
    use crate::core::message::{Frame, Message};
    use jiff::tz::TimeZone;
    use std::path::{Path, PathBuf};

    /// A configuration and the templates beside it.
    fn written(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config::DEFAULT).unwrap();
        for (name, text) in files {
            let file = folder.path().join("templates").join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        (folder, path)
    }

    fn notice(settings: &config::Settings) -> String {
        let [message, _] = Message::samples(&Labels::shipped(), "de", &TimeZone::UTC).pop().unwrap();
        let [frame, _] = Frame::samples();
        settings.desk.templates.render(&message, &frame, Medium::Sms, "de").body.raw().to_owned()
    }

    #[test]
    fn a_template_beside_the_configuration_replaces_the_shipped_one_even_when_the_folder_is_gone() {
        let (folder, path) = written(&[
            ("de/notice.sms.txt", b"Neu:\r\n  {{ title }}\r\n\r\n# {{ event | cut(9) }}"),
            ("de/.notice.sms.txt.swp", b"\0"),
            ("de/notice.sms.txt~", b"{{"),
        ]);
        let plain = config::parse(config::DEFAULT, &path).unwrap();
        let settings = config::load(&path).unwrap();
        assert_eq!(notice(&settings), "Neu: New price list for 2027 # community.pricelist.published");
        assert_ne!(settings.sha256, plain.sha256, "a template is part of the configuration");
        assert_eq!(config::digest(&config::read(&path).unwrap()), settings.sha256);
        drop(folder);
        let kept = config::parse(&settings.text, Path::new("/nowhere/config.toml")).unwrap();
        assert_eq!(notice(&kept), notice(&settings));
        assert_eq!(kept.sha256, settings.sha256);
        assert_eq!(notice(&plain), "Acme Tools: New price list for 2027");
    }

    #[test]
    fn a_language_of_the_folder_is_one_that_people_may_read_even_when_the_folder_is_gone() {
        let files: [(&str, &[u8]); 2] = [
            ("tr/digest.toml", b"nothing = \"bir sey yok\"\n"),
            ("it/digest.email.html", b"<h1>{{ title }}</h1>\n"),
        ];
        let (_folder, path) = written(&files);
        let text = config::DEFAULT.replace("time_zone = \"Europe/Istanbul\"", "locale = \"tr_TR\"");
        std::fs::write(&path, text.replace("locale = \"en\"", "locale = \"it\"")).unwrap();
        let settings = config::load(&path).unwrap();
        let kept = config::parse(&settings.text, Path::new("/nowhere/config.toml")).unwrap().desk;
        assert_eq!(kept.locale, "it");
        assert!(kept.people.values().any(|person| person.locale.as_deref() == Some("tr-tr")));
        assert_eq!(kept.templates.phrase("tr-tr", "nothing", &[]), "bir sey yok");
        assert_eq!(kept.templates.replaced(), ["it/digest.email.html", "tr/digest.toml"]);
    }

    #[test]
    fn a_wrong_template_is_a_problem_of_the_configuration_with_its_own_file_and_line() {
        let (folder, path) = written(&[
            ("de/notice.sms.txt", b"{{ title }}\n  {{ nope }}\n"),
            ("fr/notise.sms.txt", b"x"),
            ("fr/digest.toml", b"# new\nnothing = \"rien\"\n  nope = \"x\"\n"),
            ("fr/digest.email.html", b"\n{{ nope }}"),
            ("README", b"x"),
        ]);
        let problems = config::load(&path).unwrap_err().to_string();
        let folder = folder.path().join("templates").display().to_string();
        let says = |line: &str| assert!(problems.contains(&format!("{folder}/{line}")), "{line}: {problems}");
        says("de/notice.sms.txt:2:3: there is no \"nope\" in this message; it has ");
        says("fr/notise.sms.txt:1:1: there is no template \"notise\"; there are case-opened, ");
        says("fr/digest.toml:3:3: there is no phrase \"nope\"");
        says("fr/digest.email.html:2:1: there is no \"nope\"");
        says("README:1:1: \"README\" is no template's name; ");
        assert!(problems.contains("  2 |   {{ nope }}\n    |   ^^^^^^^^^^"), "{problems}");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let (_folder, path) =
            written(&[("de/notice.sms.txt", b"\xff"), ("es/notice.sms.txt", b"a\n\x1b[2J")]);
        let problems = config::load(&path).unwrap_err().to_string();
        assert!(problems.contains("de/notice.sms.txt:1:1: this is not UTF-8"), "{problems}");
        assert!(problems.contains("es/notice.sms.txt:2:1: a template has no control"), "{problems}");
    }
}
