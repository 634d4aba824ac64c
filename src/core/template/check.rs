//! Looks at a template from the configuration folder before anything uses it: every problem at once,
//! each with its line.

use super::sample::long_reference;
use super::{
    Fault, Form, Key, Override, Said, TemplateProblem, Templates, attempt, environment, html, phrases,
};
use crate::core::label::Labels;
use crate::core::message::Frame;
use crate::core::text::sanitise;
use jiff::tz::TimeZone;
use minijinja::Environment;
use std::sync::Arc;

/// Far more than a message has words.
const LONGEST: usize = 64 * 1024;

impl Templates {
    /// Adds templates that replace the shipped ones, or say the same in one more language. Of two with
    /// one name the later counts.
    ///
    /// # Errors
    /// All problems at once: a name that is none, a syntax error, something undefined, a reference
    /// that does not come out whole, an empty text.
    pub fn with(self, overrides: Vec<Override>) -> Result<Self, Vec<TemplateProblem>> {
        let mut replaced: Environment<'static> = (*self.replaced).clone();
        let mut own = (*self.phrases).clone();
        let mut problems = Vec::new();
        for Override { path, name, source } in overrides {
            let checked = match phrases::language(&name) {
                Some(locale) => phrases::read(&source).map(|read| drop(own.insert(locale, read))),
                None => name
                    .parse::<Key>()
                    .map_err(|why| vec![Fault::at(1, &why)])
                    .and_then(|key| check(&key, &source).map(|()| key))
                    // It has just been compiled once.
                    .map(|key| drop(replaced.add_template_owned(key.to_string(), source))),
            };
            match checked {
                Ok(()) => {}
                Err(faults) => {
                    problems.extend(faults.into_iter().map(|Fault { line, message }| TemplateProblem {
                        path: path.clone(),
                        line,
                        message,
                    }))
                }
            }
        }
        match problems.is_empty() {
            true => Ok(Self { replaced: Arc::new(replaced), phrases: Arc::new(own), ..self }),
            false => Err(problems),
        }
    }

    /// What replaces a shipped template or adds to them, by name.
    pub fn replaced(&self) -> Vec<String> {
        let mut names: Vec<_> = self.replaced.templates().map(|(name, _)| name.to_owned()).collect();
        names.extend(self.phrases.keys().map(|locale| format!("{locale}{}", phrases::FILE)));
        names.sort();
        names
    }
}

/// Compiles it, looks for names that nothing carries, and renders it with every kind of sample.
fn check(key: &Key, source: &str) -> Result<(), Vec<Fault>> {
    if source.len() > LONGEST {
        return Err(vec![Fault::at(1, "a template of more than 64 KiB says too much")]);
    }
    let mut alone = environment();
    let name = key.to_string();
    alone.add_template_owned(name.clone(), source.to_owned()).map_err(|error| vec![Fault::of(&error)])?;
    let samples = Said::samples(key.name, &Frame::samples(), &Labels::shipped(), &key.locale, &TimeZone::UTC);
    let mut faults = unknown(&alone, &name, source, &samples);
    if faults.is_empty() {
        let long = samples.iter().map(|said| said.with_reference(&long_reference())).collect::<Vec<_>>();
        for said in samples.iter().chain(&long) {
            let tried = match key.form {
                Form::Text => attempt(&alone, &name, said, key.medium).map(drop),
                Form::Html => html(&alone, &name, said).map(drop),
            };
            if let Err(fault) = tried
                && !faults.iter().any(|f| f.message == fault.message)
            {
                faults.push(fault);
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Names that a message never carries, in any branch, whether or not a sample takes it.
fn unknown(alone: &Environment, name: &str, source: &str, samples: &[Said]) -> Vec<Fault> {
    let Ok(template) = alone.get_template(name) else { return Vec::new() };
    let known = |name: &str| {
        samples.iter().any(|said| said.values.get(name).is_some())
            || alone.globals().any(|(global, _)| global == name)
    };
    let mut unknown: Vec<_> =
        template.undeclared_variables(false).into_iter().filter(|name| !known(name)).collect();
    unknown.sort();
    unknown
        .into_iter()
        .map(|missing| {
            let line = source.lines().position(|line| has_word(line, &missing)).map_or(1, |at| at + 1);
            let names: Vec<_> = samples
                .first()
                .and_then(|s| s.values.as_object())
                .into_iter()
                .flatten()
                .map(|(k, _)| k.as_str())
                .collect();
            let missing = sanitise(&missing);
            Fault::at(line, &format!("there is no {missing:?} in this message; it has {}", names.join(", ")))
        })
        .collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}
