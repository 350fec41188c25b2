//! Filters in full (RFC 7644 §3.4.2.2).

use jiff::Timestamp;
use serde_json::Value;

use super::path::Path;
use super::schema;

/// A filter.
#[derive(Debug, Clone)]
pub enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Present(Path),
    Compare(Path, String, Value, How),
    /// `emails[type eq "work"]`, and a comparison of a sub-attribute of what matched.
    Element(Path, Box<Filter>, Option<Box<Filter>>),
}

/// How two texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Exactly,
    WithoutCase,
    AsTimes,
}

/// A filter over the resources of this kind; why not, if it is none.
pub fn read(kind: &str, text: &str) -> Result<Filter, String> {
    let mut reader = Reader {
        kind,
        rest: text,
        within: None,
    };
    let filter = reader.any()?;
    reader.blanks();
    if reader.rest.is_empty() {
        Ok(filter)
    } else {
        Err(format!("`{}` should not be there", reader.rest))
    }
}

/// The filter in the brackets after `attribute`, and what follows them.
pub fn in_brackets<'t>(kind: &'t str, attribute: &Path, text: &'t str) -> Result<(Filter, &'t str), String> {
    let mut reader = Reader {
        kind,
        rest: text,
        within: Some(attribute.clone()),
    };
    let filter = reader.any()?;
    reader.blanks();
    reader.expect(']')?;
    Ok((filter, reader.rest))
}

struct Reader<'t> {
    kind: &'t str,
    rest: &'t str,
    /// The attribute whose elements the filter is about.
    within: Option<Path>,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Filter, String> {
        let mut filter = self.all()?;
        while self.word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.all()?));
        }
        Ok(filter)
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut filter = self.one()?;
        while self.word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.word("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        self.blanks();
        if self.rest.starts_with('(') {
            self.rest = &self.rest[1..];
            let filter = self.any()?;
            self.blanks();
            self.expect(')')?;
            return Ok(filter);
        }
        let path = self.path()?;
        if let Some(rest) = self.rest.strip_prefix('[') {
            let (inner, rest) = in_brackets(self.kind, &path, rest)?;
            self.rest = rest;
            let mut then = None;
            if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                self.within = Some(path.clone());
                let sub = self.path()?;
                self.within = None;
                then = Some(Box::new(self.comparison(sub)?));
            }
            return Ok(Filter::Element(path, Box::new(inner), then));
        }
        self.comparison(path)
    }

    fn comparison(&mut self, path: Path) -> Result<Filter, String> {
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        let how = match path.known(self.kind) {
            Some(known) if known["type"] == "dateTime" => How::AsTimes,
            Some(known) if known["caseExact"] == true => How::Exactly,
            _ => How::WithoutCase,
        };
        for op in ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] {
            if self.word(op) {
                return Ok(Filter::Compare(path, op.to_owned(), self.literal()?, how));
            }
        }
        Err(format!("`{}` begins with no operator", self.rest))
    }

    fn path(&mut self) -> Result<Path, String> {
        self.blanks();
        let end = self
            .rest
            .find(|letter: char| letter.is_whitespace() || "()[]\"".contains(letter))
            .unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let whole = match &self.within {
            Some(within) => format!("{}.{text}", spelled(within)),
            None => text.to_owned(),
        };
        let path = Path::read(self.kind, &whole).ok_or_else(|| format!("`{text}` names no attribute"))?;
        Ok(match &self.within {
            Some(within) => Path {
                names: path.names[within.names.len()..].to_vec(),
            },
            None => path,
        })
    }

    fn literal(&mut self) -> Result<Value, String> {
        self.blanks();
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = values
            .next()
            .and_then(Result::ok)
            .filter(|value| !value.is_object() && !value.is_array())
            .ok_or_else(|| format!("`{}` begins with no value", self.rest))?;
        self.rest = &self.rest[values.byte_offset()..];
        Ok(value)
    }

    /// Takes this word, in any letter case, if it comes next.
    fn word(&mut self, word: &str) -> bool {
        self.blanks();
        let matches = self
            .rest
            .get(..word.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(word));
        let ends = matches
            && self.rest[word.len()..]
                .chars()
                .next()
                .is_none_or(|next| next.is_whitespace() || "()]".contains(next));
        if ends {
            self.rest = &self.rest[word.len()..];
        }
        ends
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        self.rest = self
            .rest
            .strip_prefix(wanted)
            .ok_or_else(|| format!("a `{wanted}` is missing"))?;
        Ok(())
    }
}

fn spelled(path: &Path) -> String {
    match path.names.split_first() {
        Some((urn, rest)) if urn.starts_with("urn:") => format!("{urn}:{}", rest.join(".")),
        _ => path.names.join("."),
    }
}

impl Filter {
    pub fn matches(&self, value: &Value) -> bool {
        match self {
            Self::And(left, right) => left.matches(value) && right.matches(value),
            Self::Or(left, right) => left.matches(value) || right.matches(value),
            Self::Not(inner) => !inner.matches(value),
            Self::Present(path) => path.values(value).iter().any(|found| !schema::is_nothing(found)),
            Self::Compare(path, op, wanted, how) => {
                let any = |op: &str| {
                    path.values(value)
                        .iter()
                        .map(|found| found.get("value").unwrap_or(found))
                        .any(|found| compare(found, op, wanted, *how))
                };
                if op == "ne" { !any("eq") } else { any(op) }
            }
            Self::Element(path, inner, then) => path
                .values(value)
                .into_iter()
                .any(|element| inner.matches(element) && then.as_ref().is_none_or(|then| then.matches(element))),
        }
    }

    /// The attributes that a conjunction of `eq` says an element has.
    pub fn says(&self) -> Option<serde_json::Map<String, Value>> {
        match self {
            Self::And(left, right) => {
                let mut both = left.says()?;
                both.extend(right.says()?);
                Some(both)
            }
            Self::Compare(path, op, wanted, _) if op == "eq" => Some(serde_json::Map::from_iter([(
                path.names.last()?.clone(),
                wanted.clone(),
            )])),
            _ => None,
        }
    }
}

fn compare(found: &Value, op: &str, wanted: &Value, how: How) -> bool {
    let (Some(found), Some(wanted)) = (found.as_str(), wanted.as_str()) else {
        return op == "eq"
            && *found
                == if found.is_boolean() {
                    schema::boolean(wanted)
                } else {
                    wanted.clone()
                };
    };
    let text = |text: &str| match how {
        How::WithoutCase => text.to_lowercase(),
        How::Exactly | How::AsTimes => text.to_owned(),
    };
    let time = |text: &str| (how == How::AsTimes).then(|| text.parse::<Timestamp>().ok()).flatten();
    let order = || match (time(found), time(wanted)) {
        (Some(found), Some(wanted)) => found.cmp(&wanted),
        _ => text(found).cmp(&text(wanted)),
    };
    match op {
        "eq" => order().is_eq(),
        "gt" => order().is_gt(),
        "ge" => order().is_ge(),
        "lt" => order().is_lt(),
        "le" => order().is_le(),
        "co" => text(found).contains(&text(wanted)),
        "sw" => text(found).starts_with(&text(wanted)),
        "ew" => text(found).ends_with(&text(wanted)),
        _ => false,
    }
}
