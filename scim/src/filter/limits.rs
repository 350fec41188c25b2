//! How large a filter may be. RFC 7644 sets no limit; a filter beyond it is answered 400
//! `invalidFilter` (§3.12, table 9).
//!
//! All three are kept while parsing, so that a hostile filter costs neither stack nor time.

/// The largest filter to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub max_length: usize,
    /// Comparisons; a `pr` counts as one, and so does a value filter beside what is in it.
    pub max_terms: usize,
    /// Brackets within brackets, of any kind.
    pub max_depth: usize,
}

impl Default for Limits {
    /// 64 KiB, 1,000 terms, 32 levels: far above what a client writes by hand, enough for a PATCH
    /// path that names some hundred members, and small enough for any stack.
    fn default() -> Self {
        Self {
            max_length: 64 * 1024,
            max_terms: 1000,
            max_depth: 32,
        }
    }
}
