//! Reading a rule from JSON.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{FaultAnswer, Rule, When};
use crate::answer::Kind;
use crate::chance::Chance;
use crate::control::edit::Edit;
use crate::control::{BadInput, Fields};

/// A day: nothing here waits longer.
const LONGEST_MS: u64 = 86_400_000;

const ANSWERS: &str =
    "`status`, `private_link`, `reset`, `hang_ms`, `truncate`, `html`, `late_effect_ms`, `latency_ms`";

pub(super) fn parse(id: u64, seed: u64, mut fields: Fields, source: Value) -> Result<Rule, BadInput> {
    let (mut method, mut path) = (None, None);
    if let Some(mut wanted) = fields.object("match")? {
        method = wanted.text("method")?;
        path = wanted.text("path")?;
        wanted.finish()?;
    }
    let skip = fields.number("skip", u64::MAX)?.unwrap_or(0);
    let times = match fields.number("times", u64::MAX)?.unwrap_or(1) {
        0 => None,
        times => Some(times),
    };
    let when = match fields.text("when")?.as_deref() {
        None => None,
        Some("before") => Some(When::Before),
        Some("after") => Some(When::After),
        Some(_) => {
            let problem = "must be \"before\" or \"after\"";
            return Err(BadInput::field("when", problem));
        }
    };
    let edits = parse_edits(&mut fields)?;
    let answer = match fields.object("answer")? {
        Some(answer) => parse_answer(answer)?,
        // The client gets what it should: the rule is there for its edits.
        None if !edits.is_empty() => FaultAnswer::True,
        None => return Err(BadInput::field("answer", "is missing")),
    };
    if edits.is_empty() {
        check_pair(when, &answer)?;
    }
    let when = when.unwrap_or(match answer {
        FaultAnswer::True => When::After,
        _ => When::Before,
    });
    let probability = match fields.take("probability") {
        None => 1.0,
        Some(value) => value
            .as_f64()
            .filter(|number| (0.0..=1.0).contains(number))
            .ok_or_else(|| BadInput::field("probability", "must be a number from 0 to 1"))?,
    };
    let chance = match fields.number("seed", u64::MAX)? {
        Some(_) if probability >= 1.0 => return Err(BadInput::field("seed", "says nothing without a `probability`")),
        Some(own) => Chance::new(own, 8),
        None => Chance::new(seed ^ id, 8),
    };
    fields.finish()?;
    Ok(Rule {
        id,
        method,
        path,
        skip,
        times,
        when,
        answer,
        edits,
        probability,
        chance,
        source,
    })
}

/// `edit`: what a foreign hand does when the rule fires, one request or a list of them.
fn parse_edits(fields: &mut Fields) -> Result<Vec<Edit>, BadInput> {
    let items = match fields.take("edit") {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) if !items.is_empty() => items,
        Some(one) => vec![one],
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(object) => Edit::parse(Fields::new("edit.", object)),
            _ => Err(BadInput::field("edit", "must be an object or a list of objects")),
        })
        .collect()
}

/// Some answers say by themselves whether the call takes effect; `when` must not say otherwise.
fn check_pair(when: Option<When>, answer: &FaultAnswer) -> Result<(), BadInput> {
    let problem = match (when, answer) {
        (Some(When::After), FaultAnswer::Hang(_)) => "cannot be \"after\" beside `hang_ms`: a held call has no effect",
        (Some(When::After), FaultAnswer::LateEffect(_)) => {
            "cannot be \"after\" beside `late_effect_ms`: the effect comes when the time is over"
        }
        (Some(When::After), FaultAnswer::PrivateLink) => {
            "cannot be \"after\" beside `private_link`: the refusal stands before the workspace"
        }
        (Some(When::Before), FaultAnswer::Truncate) => {
            "cannot be \"before\" beside `truncate`: half of the true answer needs the effect"
        }
        (Some(_), FaultAnswer::Latency(_)) => "says nothing beside `latency_ms`: the true answer has its effect",
        _ => return Ok(()),
    };
    Err(BadInput::field("when", problem))
}

fn parse_answer(mut fields: Fields) -> Result<FaultAnswer, BadInput> {
    let (key, answer) = if let Some(status) = fields.number("status", 999)? {
        ("status", fixed(status, &mut fields)?)
    } else if flag(&mut fields, "private_link")? {
        ("private_link", FaultAnswer::PrivateLink)
    } else if flag(&mut fields, "reset")? {
        ("reset", FaultAnswer::Reset)
    } else if flag(&mut fields, "truncate")? {
        ("truncate", FaultAnswer::Truncate)
    } else if flag(&mut fields, "html")? {
        ("html", FaultAnswer::Html)
    } else if let Some(ms) = fields.number("hang_ms", LONGEST_MS)? {
        ("hang_ms", FaultAnswer::Hang(Duration::from_millis(ms)))
    } else if let Some(ms) = fields.number("late_effect_ms", LONGEST_MS)? {
        let delay = Duration::from_millis(ms);
        ("late_effect_ms", FaultAnswer::LateEffect(delay))
    } else if let Some(ms) = fields.number("latency_ms", LONGEST_MS)? {
        ("latency_ms", FaultAnswer::Latency(Duration::from_millis(ms)))
    } else {
        let problem = format!("must hold one of {ANSWERS}");
        return Err(BadInput::field("answer", problem));
    };
    let beside = fields.clone_rest();
    match beside.keys().next() {
        None => Ok(answer),
        Some(unknown) => Err(BadInput::field(
            &fields.name(unknown),
            format!("is unknown beside `{key}`"),
        )),
    }
}

fn flag(fields: &mut Fields, name: &str) -> Result<bool, BadInput> {
    match fields.boolean(name)? {
        None => Ok(false),
        Some(true) => Ok(true),
        Some(false) => Err(BadInput::field(&fields.name(name), "must be true, or be left out")),
    }
}

fn fixed(status: u64, fields: &mut Fields) -> Result<FaultAnswer, BadInput> {
    let status = u16::try_from(status)
        .ok()
        .filter(|code| *code >= 200)
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| BadInput::field("answer.status", "must be an HTTP status from 200 to 999"))?;
    let mut headers = Vec::new();
    if let Some(given) = fields.object("headers")? {
        for (name, value) in given.into_rest() {
            let full = format!("answer.headers.{name}");
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                _ => return Err(BadInput::field(&full, "must be a string")),
            };
            let name = name
                .parse::<HeaderName>()
                .map_err(|_| BadInput::field(&full, "is no header name"))?;
            if [header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(&name) {
                return Err(BadInput::field(
                    &full,
                    "is made from the body; use `truncate` for half an answer",
                ));
            }
            let value = HeaderValue::from_str(&text)
                .map_err(|_| BadInput::field(&full, "holds characters no header may hold"))?;
            headers.push((name, value));
        }
    }
    let (kind, body) = match fields.take_raw("body") {
        None | Some(Value::Null) => (Kind::Bare, Bytes::new()),
        Some(Value::String(text)) => (Kind::Text, text.into()),
        Some(json) => (Kind::Json, json.to_string().into()),
    };
    if !body.is_empty() && [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        let problem = format!("cannot be sent with status {}", status.as_u16());
        return Err(BadInput::field("answer.body", problem));
    }
    Ok(FaultAnswer::Fixed {
        status,
        headers,
        kind,
        body,
    })
}
