//! One thing whole, for people: a title, labelled facts, parts, and what happened to it at the end.

use super::Failed;
use super::print::line;
use super::time;
use crate::core::change::Numbered;
use crate::core::text::Untrusted;
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

/// What `show` prints of a thing. What is empty is left out.
pub struct Sheet {
    title: String,
    facts: Vec<(&'static str, String)>,
    parts: Vec<(String, Vec<String>)>,
}

impl Sheet {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), facts: Vec::new(), parts: Vec::new() }
    }

    pub fn fact(&mut self, label: &'static str, said: impl Into<String>) -> &mut Self {
        let said = said.into();
        if !said.is_empty() {
            self.facts.push((label, said));
        }
        self
    }

    /// What somebody outside wrote, in one line.
    pub fn word(&mut self, label: &'static str, said: Option<&Untrusted>) -> &mut Self {
        self.fact(label, said.map(|said| said.printable().into_string()).unwrap_or_default())
    }

    pub fn any(&mut self, label: &'static str, said: Option<impl ToString>) -> &mut Self {
        self.fact(label, said.map(|said| said.to_string()).unwrap_or_default())
    }

    pub fn list(&mut self, label: &'static str, said: impl IntoIterator<Item = impl ToString>) -> &mut Self {
        let said: Vec<String> = said.into_iter().map(|one| one.to_string()).collect();
        self.fact(label, said.join(", "))
    }

    /// A moment in the asker's zone.
    pub fn at(&mut self, label: &'static str, at: Option<Timestamp>) -> &mut Self {
        self.fact(label, at.map(time::short).unwrap_or_default())
    }

    /// Lines under a heading of their own.
    pub fn part(&mut self, heading: impl Into<String>, lines: Vec<String>) -> &mut Self {
        if !lines.is_empty() {
            self.parts.push((heading.into(), lines));
        }
        self
    }

    /// A longer text as it was written.
    pub fn text(&mut self, heading: &str, said: Option<&Untrusted>) -> &mut Self {
        let lines = said.map(Untrusted::printable_lines).unwrap_or_default();
        self.part(heading, lines.into_iter().map(|line| line.into_string()).collect())
    }

    /// What happened, oldest first.
    pub fn timeline(&mut self, timeline: &[Numbered]) -> &mut Self {
        let happened = timeline.iter().map(|numbered| {
            let change = &numbered.change;
            format!("{}  {}", time::exact(change.at), change.summary.printable())
        });
        self.part("Timeline", happened.collect())
    }

    pub fn print(&self) -> Result<(), Failed> {
        self.lines().iter().try_for_each(|one| line(one))
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.title.clone()];
        let widest = self.facts.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
        for (label, said) in &self.facts {
            lines.push(format!("  {label}{}  {said}", " ".repeat(widest - label.width())));
        }
        for (heading, part) in &self.parts {
            lines.push(String::new());
            lines.push(heading.clone());
            lines.extend(part.iter().map(|one| format!("  {one}").trim_end().to_owned()));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_in_one_column_and_what_is_empty_is_left_out() {
        let mut sheet = Sheet::new("CASE-1");
        sheet.fact("State", "open").fact("Order", "").any("Alert", None::<u8>).fact("Kind of it", "dispute");
        sheet.text("Description", Some(&"First.\n\nSecond.".into())).part("Timeline", Vec::new());
        let wanted = [
            "CASE-1",
            "  State       open",
            "  Kind of it  dispute",
            "",
            "Description",
            "  First.",
            "",
            "  Second.",
        ];
        assert_eq!(sheet.lines(), wanted);
    }
}
