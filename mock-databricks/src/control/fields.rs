//! Reading control bodies: every complaint names the field.

use serde_json::{Map, Value};

/// Bad input on the control listener; answered 400 with the text under `error`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadInput(pub(crate) String);

impl BadInput {
    pub(crate) fn field(name: &str, problem: impl std::fmt::Display) -> Self {
        Self(format!("field `{name}` {problem}"))
    }
}

/// The fields of an object, taken one by one; what is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Path of the object inside the body, empty or with a final dot.
    prefix: String,
    rest: Map<String, Value>,
}

impl Fields {
    /// From a body; an empty one is an empty object.
    pub(crate) fn from_body(body: &[u8]) -> Result<Self, BadInput> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::new("", Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(Self::new("", object)),
            Ok(_) => Err(BadInput("the body must be a JSON object".to_owned())),
            Err(error) => Err(BadInput(format!("the body is not JSON: {error}"))),
        }
    }

    pub(crate) fn new(prefix: &str, object: Map<String, Value>) -> Self {
        Self {
            prefix: prefix.to_owned(),
            rest: object,
        }
    }

    /// The full name of a field of this object.
    pub(crate) fn name(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// A field as it is; null is as good as absent.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.rest.shift_remove(field).filter(|value| !value.is_null())
    }

    /// A field as it is, null included.
    pub(crate) fn take_raw(&mut self, field: &str) -> Option<Value> {
        self.rest.shift_remove(field)
    }

    pub(crate) fn text(&mut self, field: &str) -> Result<Option<String>, BadInput> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(BadInput::field(&self.name(field), "must be a string")),
        }
    }

    pub(crate) fn required_text(&mut self, field: &str) -> Result<String, BadInput> {
        self.text(field)?
            .ok_or_else(|| BadInput::field(&self.name(field), "is missing"))
    }

    /// One of some words; `names` lists them for the complaint.
    pub(crate) fn word<T>(
        &mut self,
        field: &str,
        names: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, BadInput> {
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        let word = parse(&text);
        word.map(Some)
            .ok_or_else(|| BadInput::field(&self.name(field), format!("must be {names}")))
    }

    pub(crate) fn boolean(&mut self, field: &str) -> Result<Option<bool>, BadInput> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(BadInput::field(&self.name(field), "must be true or false")),
        }
    }

    /// A whole number from 0 to `most`.
    pub(crate) fn number(&mut self, field: &str, most: u64) -> Result<Option<u64>, BadInput> {
        let Some(value) = self.take(field) else {
            return Ok(None);
        };
        match value.as_u64() {
            Some(number) if number <= most => Ok(Some(number)),
            _ => Err(BadInput::field(
                &self.name(field),
                format!("must be a whole number from 0 to {most}, not {value}"),
            )),
        }
    }

    pub(crate) fn object(&mut self, field: &str) -> Result<Option<Self>, BadInput> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Self::new(&format!("{}.", self.name(field)), object))),
            Some(_) => Err(BadInput::field(&self.name(field), "must be an object")),
        }
    }

    /// All fields were read.
    pub(crate) fn finish(self) -> Result<(), BadInput> {
        match self.rest.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(BadInput::field(&self.name(unknown), "is unknown")),
        }
    }

    /// A copy of what is left.
    pub(crate) fn clone_rest(&self) -> Map<String, Value> {
        self.rest.clone()
    }

    /// What is left, for objects whose keys are free.
    pub(crate) fn into_rest(self) -> Map<String, Value> {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn complaints_name_the_field_with_its_path() {
        let mut fields = Fields::from_body(br#"{"match":{"method":7,"colour":1},"skip":-1}"#).unwrap();
        let mut inner = fields.object("match").unwrap().unwrap();
        assert_eq!(
            inner.text("method").unwrap_err().to_string(),
            "field `match.method` must be a string"
        );
        assert_eq!(
            inner.finish().unwrap_err().to_string(),
            "field `match.colour` is unknown"
        );
        let error = fields.number("skip", 9).unwrap_err().to_string();
        assert_eq!(error, "field `skip` must be a whole number from 0 to 9, not -1");
    }
}
