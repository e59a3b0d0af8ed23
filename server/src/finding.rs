//! What an examination found, and what to do about it.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `persistence`.
    #[serde(rename = "check")]
    pub about: String,
    /// How it stands.
    #[serde(rename = "result")]
    pub grade: Grade,
    /// What was seen, in a sentence's part.
    pub says: String,
    /// What to do; none where nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// As it should be.
    Ok,
    /// It works, and something can be lost or will soon not work.
    Warn,
    /// It does not work, or orders are in danger now.
    Fail,
    /// It could not be looked at.
    Skip,
}

impl Finding {
    /// Whether what depends on it need not be looked at.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.grade == Grade::Fail
    }

    /// All is well.
    pub fn ok(about: impl Into<String>, says: impl Into<String>) -> Self {
        Self::new(Grade::Ok, about, says, None)
    }

    /// It works, and yet.
    pub fn warn(
        about: impl Into<String>,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Grade::Warn, about, says, Some(remedy.into()))
    }

    /// It does not work.
    pub fn fail(
        about: impl Into<String>,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(Grade::Fail, about, says, Some(remedy.into()))
    }

    /// It was not looked at, for this reason.
    pub fn skip(about: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(Grade::Skip, about, why, None)
    }

    fn new(
        grade: Grade,
        about: impl Into<String>,
        says: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            grade,
            about: about.into(),
            says: says.into(),
            remedy,
        }
    }

    /// With this before what it is about: the node that was asked.
    #[must_use]
    pub fn of(mut self, whose: &str) -> Self {
        self.about = format!("{whose} {}", self.about);
        self
    }

    /// With this to do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
