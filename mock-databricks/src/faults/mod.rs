//! Faults: what goes wrong on request.
//!
//! A rule is looked at only for calls the gateway lets through (network, credential, limits): those the
//! real service would have worked on.

mod rule;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

use crate::answer::Kind;
use crate::chance::Chance;
use crate::control::edit::Edit;
use crate::control::{BadInput, Fields};

/// What a matching call gets instead of its answer.
#[derive(Debug, Clone)]
pub(crate) enum FaultAnswer {
    /// A fixed answer.
    Fixed {
        status: StatusCode,
        headers: Vec<(HeaderName, HeaderValue)>,
        kind: Kind,
        body: bytes::Bytes,
    },
    /// The Private Link refusal in its present form.
    PrivateLink,
    /// The TCP connection is reset.
    Reset,
    /// Held, then cut.
    Hang(Duration),
    /// Half of the true answer, announced in full.
    Truncate,
    /// 200 and a sign-in page.
    Html,
    /// Cut now, effect later.
    LateEffect(Duration),
    /// The true answer, later.
    Latency(Duration),
    /// The true answer: the rule is there for its edits.
    True,
}

/// Whether the call takes effect before the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// A fault that fires.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    pub(crate) when: When,
    pub(crate) answer: FaultAnswer,
    /// What a foreign hand does meanwhile.
    pub(crate) edits: Vec<Edit>,
}

/// The armed rules, oldest first.
#[derive(Debug)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    last_id: u64,
    seed: u64,
}

#[derive(Debug)]
struct Rule {
    id: u64,
    method: Option<String>,
    path: Option<String>,
    skip: u64,
    /// Left; `None` = until deleted.
    times: Option<u64>,
    when: When,
    answer: FaultAnswer,
    edits: Vec<Edit>,
    /// How likely it fires, and what decides.
    probability: f64,
    chance: Chance,
    /// As it was armed.
    source: Value,
}

impl Faults {
    /// None yet; the seed is for rules that fire by chance.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rules: Vec::new(),
            last_id: 0,
            seed,
        }
    }

    /// Arms a rule from its JSON; gives its id.
    pub(crate) fn arm(&mut self, body: &[u8]) -> Result<u64, BadInput> {
        let fields = Fields::from_body(body)?;
        let source = Value::Object(fields.clone_rest());
        let id = self.last_id + 1;
        self.rules.push(rule::parse(id, self.seed, fields, source)?);
        self.last_id = id;
        Ok(id)
    }

    /// The fault for a call, if a rule matches; counts the rule down.
    pub(crate) fn take(&mut self, method: &Method, path: &str) -> Option<Fault> {
        let mut fired = None;
        for rule in &mut self.rules {
            if !rule.matches(method, path) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if !rule.chance.happens(rule.probability) {
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            fired = Some(Fault {
                id: rule.id,
                when: rule.when,
                answer: rule.answer.clone(),
                edits: rule.edits.clone(),
            });
            break;
        }
        self.rules.retain(|rule| rule.times != Some(0));
        fired
    }

    /// Removes one rule, used up or not; false if there never was one of this id.
    pub(crate) fn disarm(&mut self, id: u64) -> bool {
        self.rules.retain(|rule| rule.id != id);
        (1..=self.last_id).contains(&id)
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules that can still fire.
    pub(crate) fn list(&self) -> Value {
        self.rules
            .iter()
            .map(|rule| {
                json!({
                    "id": rule.id, "skip_left": rule.skip, "times_left": rule.times.unwrap_or(0),
                    "rule": rule.source,
                })
            })
            .collect()
    }
}

impl Rule {
    fn matches(&self, method: &Method, path: &str) -> bool {
        self.method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::{FaultAnswer, Faults};

    fn arm(faults: &mut Faults, text: &str) -> Result<u64, String> {
        faults.arm(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn skip_and_times_count_matching_calls_only() {
        let mut faults = Faults::new(1);
        let rule = r#"{"match":{"method":"PATCH","path":"/Groups"},"skip":1,"times":2,"answer":{"reset":true}}"#;
        arm(&mut faults, rule).unwrap();
        let mut hit = |method: Method, path: &str| faults.take(&method, path).is_some();
        assert!(!hit(Method::GET, "/Groups/1"));
        assert!(!hit(Method::PATCH, "/Users/1"));
        assert!(!hit(Method::PATCH, "/Groups/1"));
        assert!(hit(Method::PATCH, "/Groups/1"));
        assert!(hit(Method::PATCH, "/Groups/2?x"));
        assert!(!hit(Method::PATCH, "/Groups/3"));
    }

    #[test]
    fn times_zero_stays_until_deleted() {
        let mut faults = Faults::new(1);
        let id = arm(&mut faults, r#"{"times":0,"answer":{"hang_ms":5}}"#).unwrap();
        for _ in 0..10 {
            let fault = faults.take(&Method::GET, "/").unwrap();
            assert!(matches!(fault.answer, FaultAnswer::Hang(_)));
        }
        assert!(faults.disarm(id));
        assert!(faults.disarm(id));
        assert!(!faults.disarm(id + 1));
        assert!(faults.take(&Method::GET, "/").is_none());
    }

    #[test]
    fn chance_follows_from_the_seed_and_a_call_let_off_does_not_count() {
        let rule = r#"{"times":3,"probability":0.3,"answer":{"reset":true}}"#;
        let pattern =
            |faults: &mut Faults| -> Vec<bool> { (0..40).map(|_| faults.take(&Method::GET, "/").is_some()).collect() };
        let (mut first, mut second, mut other) = (Faults::new(1), Faults::new(1), Faults::new(2));
        for faults in [&mut first, &mut second, &mut other] {
            arm(faults, rule).unwrap();
        }
        let found = pattern(&mut first);
        assert_eq!(found, pattern(&mut second));
        assert_ne!(found, pattern(&mut other));
        assert_eq!(found.iter().filter(|hit| **hit).count(), 3);
        let own = r#"{"times":3,"probability":0.3,"seed":9,"answer":{"reset":true}}"#;
        let (mut first, mut other) = (Faults::new(1), Faults::new(2));
        arm(&mut first, own).unwrap();
        arm(&mut other, own).unwrap();
        assert_eq!(pattern(&mut first), pattern(&mut other));
    }

    #[test]
    fn bad_rules_are_refused_naming_the_field() {
        let mut faults = Faults::new(1);
        for (rule, complaint) in [
            ("{", "the body is not JSON"),
            ("{}", "field `answer` is missing"),
            (r#"{"answer":{}}"#, "field `answer` must hold one of"),
            (
                r#"{"answer":{"reset":true,"html":true}}"#,
                "field `answer.html` is unknown beside",
            ),
            (
                r#"{"probability":2,"answer":{"reset":true}}"#,
                "field `probability` must be",
            ),
            (
                r#"{"when":"after","answer":{"latency_ms":5}}"#,
                "field `when` says nothing",
            ),
            (r#"{"edit":{"method":"GET"}}"#, "field `edit.path` is missing"),
            (
                r#"{"edit":[],"answer":{"reset":true}}"#,
                "field `edit` must be an object or a list",
            ),
            (
                r#"{"seed":3,"answer":{"reset":true}}"#,
                "field `seed` says nothing without",
            ),
            (r#"{"edit":[7]}"#, "field `edit` must be an object or a list of objects"),
            (r#"{"answer":{"reset":false}}"#, "field `answer.reset` must be true"),
            (r#"{"answer":{"status":42}}"#, "field `answer.status`"),
            (
                r#"{"answer":{"status":503,"headers":{"a b":"c"}}}"#,
                "field `answer.headers.a b`",
            ),
            (r#"{"answer":{"hang_ms":"long"}}"#, "field `answer.hang_ms`"),
            (
                r#"{"answer":{"status":503,"headers":{"Content-Length":"3"}}}"#,
                "field `answer.headers.Content-Length` is made from the body",
            ),
            (
                r#"{"answer":{"status":503,"headers":{"transfer-encoding":"chunked"}}}"#,
                "field `answer.headers.transfer-encoding` is made from the body",
            ),
            (
                r#"{"answer":{"status":204,"body":"x"}}"#,
                "field `answer.body` cannot be sent with status 204",
            ),
            (r#"{"when":"during","answer":{"reset":true}}"#, "field `when`"),
            (
                r#"{"when":"after","answer":{"hang_ms":5}}"#,
                "field `when` cannot be \"after\" beside `hang_ms`",
            ),
            (
                r#"{"when":"after","answer":{"late_effect_ms":5}}"#,
                "field `when` cannot be \"after\" beside `late_effect_ms`",
            ),
            (
                r#"{"when":"after","answer":{"private_link":true}}"#,
                "field `when` cannot be \"after\" beside `private_link`",
            ),
            (
                r#"{"when":"before","answer":{"truncate":true}}"#,
                "field `when` cannot be \"before\" beside `truncate`",
            ),
            (
                r#"{"match":{"colour":1},"answer":{"reset":true}}"#,
                "field `match.colour` is unknown",
            ),
            (r#"{"mtach":{},"answer":{"reset":true}}"#, "field `mtach` is unknown"),
        ] {
            let error = arm(&mut faults, rule).unwrap_err();
            assert!(error.starts_with(complaint), "{rule}: {error}");
        }
    }
}
