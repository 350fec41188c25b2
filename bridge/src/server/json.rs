//! The gate that every body passes: JSON within limits, and no name twice.
//!
//! A parser that takes the last of two equal names lets a body say one thing to this server and
//! another to whoever reads it with the first (RFC 8259 §4 leaves it open); here it is refused. So are
//! the names that the JSON library keeps for itself: stored once, they could never be read again.

use std::cell::Cell;
use std::fmt;

use scim::error::ScimError;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How large the structure of a body may be.
#[derive(Debug, Clone, Copy)]
pub struct JsonLimits {
    /// Objects and lists inside one another, at most [`DEEPEST`].
    pub max_depth: usize,
    /// Values, counting each object, list, string, number, boolean and null.
    pub max_values: usize,
}

/// What the names begin with by which `serde_json` tells its own types from objects.
const RESERVED: &str = "$serde_json::private::";

/// The largest limit of depth: the parser itself goes to 127.
pub const DEEPEST: usize = 100;

/// Reads a body.
///
/// # Errors
///
/// 400 `invalidSyntax`, with line and column, for what is not JSON, has a name twice or one that cannot
/// be kept, or is nested too deep; 413 for too many values. A limit is named with its setting; the text never quotes the body.
pub fn read(bytes: &[u8], limits: JsonLimits) -> Result<Value, ScimError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let gate = Gate {
        values_left: Cell::new(limits.max_values),
        stopped: Cell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = Part {
        gate: &gate,
        depth_left: limits.max_depth,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        // serde's text names line, column and what was expected, never what stood there.
        let place = format!("line {} column {}", error.line(), error.column());
        match gate.stopped.get() {
            None => {
                let kind = format!("{:?}", error.classify()).to_lowercase();
                ScimError::invalid_syntax(format!("the body is not JSON: {kind} error at {place}"))
            }
            Some(Stop::DoubledName) => {
                ScimError::invalid_syntax(format!("the body has an object with one name twice, at {place}"))
            }
            Some(Stop::ReservedName) => {
                ScimError::invalid_syntax(format!("the body has a name that begins with {RESERVED}, at {place}"))
            }
            Some(Stop::TooDeep) => ScimError::invalid_syntax(format!(
                "the body is nested deeper than {} levels, at {place} (setting server.max_json_depth)",
                limits.max_depth
            )),
            Some(Stop::TooMany) => ScimError::new(
                413,
                format!(
                    "the body has more than {} values, at {place} (setting server.max_json_values)",
                    limits.max_values
                ),
            ),
        }
    })
}

struct Gate {
    values_left: Cell<usize>,
    stopped: Cell<Option<Stop>>,
}

#[derive(Debug, Clone, Copy)]
enum Stop {
    DoubledName,
    ReservedName,
    TooDeep,
    TooMany,
}

impl Gate {
    fn stop<E: Error>(&self, why: Stop) -> E {
        self.stopped.set(Some(why));
        E::custom("stopped at the gate")
    }
}

/// A value still to be read.
#[derive(Clone, Copy)]
struct Part<'g> {
    gate: &'g Gate,
    depth_left: usize,
}

impl Part<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1);
        Ok(Self {
            depth_left: depth_left.ok_or_else(|| self.gate.stop(Stop::TooDeep))?,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.gate.values_left.get().checked_sub(1);
        self.gate
            .values_left
            .set(left.ok_or_else(|| self.gate.stop(Stop::TooMany))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(self.gate.stop(Stop::DoubledName));
            }
            if name.starts_with(RESERVED) {
                return Err(self.gate.stop(Stop::ReservedName));
            }
            object.insert(name, access.next_value_seed(inside)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LIMITS: JsonLimits = JsonLimits {
        max_depth: 4,
        max_values: 50,
    };

    fn refused(text: &str) -> (u16, String) {
        let error = read(text.as_bytes(), LIMITS).unwrap_err();
        (error.status, error.detail)
    }

    #[test]
    fn what_is_within_the_limits_is_read_as_it_is() {
        let text = "\u{feff}{\"a\":[null,true,-1,18446744073709551615,1.5,\"\\u00e9\"],\"A\":{}}";
        assert_eq!(
            read(text.as_bytes(), LIMITS),
            Ok(json!({"a": [null, true, -1, 18_446_744_073_709_551_615_u64, 1.5, "é"], "A": {}}))
        );
        assert!(read(b"[[[[1]]]]", LIMITS).is_ok());
    }

    #[test]
    fn each_refusal_names_place_and_setting() {
        assert_eq!(
            refused("[[[[[1]]]]]"),
            (
                400,
                "the body is nested deeper than 4 levels, at line 1 column 5 (setting server.max_json_depth)"
                    .to_owned()
            )
        );
        let many = format!("[{}1]", "1,".repeat(60));
        assert!(refused(&many).1.contains("server.max_json_values"));
        assert!(
            refused("{\"$serde_json::private::RawValue\":1}")
                .1
                .contains("$serde_json")
        );
        assert!(refused("{\"a\":1,\n\"a\":2}").1.contains("one name twice, at line 2"));
        for broken in ["", "{", "{}x", "{\"a\":}", "\"\\ud800\"", "1e999", "\u{0}"] {
            let (status, detail) = refused(broken);
            assert_eq!(status, 400, "{broken}");
            assert!(detail.starts_with("the body is not JSON"), "{detail}");
        }
    }

    #[test]
    fn a_depth_of_a_million_is_refused_before_it_is_felt() {
        assert_eq!(refused(&"[".repeat(1_000_000)).0, 400);
        assert_eq!(refused(&"{\"a\":".repeat(1_000_000)).0, 400);
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(text in "\\PC{0,40}|[\\[\\]{}\":,a0 .\\\\eu-]{0,40}") {
            let limits = JsonLimits { max_depth: 60, max_values: 1000 };
            match (read(text.as_bytes(), limits), serde_json::from_str::<Value>(&text)) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
                (Err(refused), Ok(_)) => prop_assert!(refused.detail.contains("twice"), "{}", refused.detail),
                (Ok(_), Err(_)) => prop_assert_eq!(text.chars().next(), Some('\u{feff}')),
                (Err(_), Err(_)) => {}
            }
        }
    }
}
