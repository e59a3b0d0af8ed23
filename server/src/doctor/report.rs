//! The report: a line a check, and the remedy below what is not well.

use std::io::{Result, Write};

use ordertop::order::text::strip;

use crate::finding::{Finding, Grade};

/// Longest sentence that is shown, in characters: parts of it come from outside.
const MAX_SENTENCE_CHARS: usize = 600;

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For people.
    Plain,
    /// For people at a terminal.
    Coloured,
    /// One object a line.
    Json,
}

/// Writes findings as they come, and counts them.
pub struct Report<'a> {
    out: &'a mut (dyn Write + Send),
    style: Style,
    /// Warnings so far.
    pub warnings: usize,
    /// Failures so far.
    pub failures: usize,
}

impl std::fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Report({:?})", self.style)
    }
}

impl<'a> Report<'a> {
    /// A report that is written to `out`.
    pub fn new(out: &'a mut (dyn Write + Send), style: Style) -> Self {
        Self {
            out,
            style,
            warnings: 0,
            failures: 0,
        }
    }

    /// Adds a finding.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, finding: &Finding) -> Result<()> {
        match finding.grade {
            Grade::Warn => self.warnings += 1,
            Grade::Fail => self.failures += 1,
            Grade::Ok | Grade::Skip => {}
        }
        let cleaned = |text: &str| strip(text, MAX_SENTENCE_CHARS);
        let finding = Finding {
            grade: finding.grade,
            about: cleaned(&finding.about),
            says: cleaned(&finding.says),
            remedy: finding.remedy.as_deref().map(cleaned),
        };
        match self.style {
            Style::Json => writeln!(self.out, "{}", serde_json::to_string(&finding)?)?,
            Style::Plain | Style::Coloured => self.print(&finding)?,
        }
        self.out.flush()
    }

    /// The last line, for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> Result<()> {
        if self.style == Style::Json {
            return Ok(());
        }
        let count = |n: usize, what: &str| match n {
            1 => format!("1 {what}"),
            n => format!("{n} {what}s"),
        };
        let said = match (self.failures, self.warnings) {
            (0, 0) => "all well".to_owned(),
            (0, warnings) => format!("it works, with {}", count(warnings, "warning")),
            (failures, warnings) => {
                format!(
                    "{}, {}",
                    count(failures, "failure"),
                    count(warnings, "warning")
                )
            }
        };
        writeln!(self.out, "{said}")
    }

    fn print(&mut self, finding: &Finding) -> Result<()> {
        let (word, colour) = match finding.grade {
            Grade::Ok => ("ok  ", "32"),
            Grade::Warn => ("warn", "33"),
            Grade::Fail => ("FAIL", "1;31"),
            Grade::Skip => ("skip", "2"),
        };
        let Finding { about, says, .. } = finding;
        if self.style == Style::Coloured {
            writeln!(self.out, "\x1b[{colour}m{word}\x1b[0m  {about}: {says}")?;
        } else {
            writeln!(self.out, "{word}  {about}: {says}")?;
        }
        match &finding.remedy {
            Some(remedy) => writeln!(self.out, "      {remedy}"),
            None => Ok(()),
        }
    }
}

/// What is not looked at, because what it needs is not well.
pub(super) fn skipped(about: &str, needed: &str) -> Finding {
    Finding::skip(about, format!("{needed} must be well first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: Style, findings: &[Finding]) -> String {
        let mut out = Vec::new();
        let mut report = Report::new(&mut out, style);
        for finding in findings {
            report.add(finding).unwrap();
        }
        report.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn some() -> Vec<Finding> {
        vec![
            Finding::ok("ready", "it commits"),
            Finding::warn("memory", "nearly full", "add some"),
            Finding::fail("token", "it is\x1b[31m another\n", "copy it anew"),
            Finding::skip("socket", "the token must be well first"),
        ]
    }

    #[test]
    fn people_read_a_line_a_check_and_the_remedy_below() {
        let expected = "\
ok    ready: it commits
warn  memory: nearly full
      add some
FAIL  token: it is another
      copy it anew
skip  socket: the token must be well first
1 failure, 1 warning
";
        assert_eq!(written(Style::Plain, &some()), expected);
        assert_eq!(written(Style::Plain, &[]), "all well\n");
        assert_eq!(
            written(Style::Plain, &some()[..2]).lines().last(),
            Some("it works, with 1 warning")
        );
        assert!(written(Style::Coloured, &some()).contains("\x1b[1;31mFAIL\x1b[0m  token"));
    }

    #[test]
    fn programs_read_an_object_a_line_and_nothing_else() {
        let text = written(Style::Json, &some());
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0],
            serde_json::json!({"check": "ready", "result": "ok", "says": "it commits"})
        );
        assert_eq!(lines[2]["remedy"], "copy it anew");
    }
}
