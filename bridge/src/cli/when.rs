//! Moments as people write them on a command line: `2026-11-24T08:00:00Z`, `2026-11-24`, or `3d` back from now.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo};

use crate::clock::Timestamp;

/// Reads a moment: RFC 3339, a day (its beginning in UTC), or a length of time back from `now`.
///
/// # Errors
///
/// A sentence that shows how to write one.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_micros(moment.as_microsecond()));
    }
    if let Ok(day) = text.parse::<Date>()
        && let Ok(begin) = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0))
    {
        return Ok(Timestamp::from_micros(begin.as_microsecond()));
    }
    let back = text.parse::<Span>().ok().and_then(|span| {
        let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        Duration::try_from(length).ok()
    });
    match back {
        Some(back) => {
            let back = i64::try_from(back.as_micros()).unwrap_or(i64::MAX);
            Ok(Timestamp::from_micros(now.as_micros().saturating_sub(back)))
        }
        None => Err(format!(
            "\"{text}\" is no moment; write for example 2026-11-24T08:00:00Z, 2026-11-24, or 2h or 3d for so long ago"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_day_or_so_long_ago() {
        let now = read("2026-11-24T08:00:00Z", Timestamp::default()).unwrap();
        assert_eq!(now.to_rfc3339(), "2026-11-24T08:00:00.000Z");
        for (text, moment) in [
            ("2026-11-24T10:00:00+02:00", "2026-11-24T08:00:00.000Z"),
            ("2026-11-20", "2026-11-20T00:00:00.000Z"),
            ("2h", "2026-11-24T06:00:00.000Z"),
            ("3d", "2026-11-21T08:00:00.000Z"),
            ("1w 90m", "2026-11-17T06:30:00.000Z"),
        ] {
            assert_eq!(read(text, now).unwrap().to_rfc3339(), moment, "{text}");
        }
        for wrong in ["", "yesterday", "3", "-2h", "2 moons", "2026-13-01"] {
            assert!(read(wrong, now).unwrap_err().contains("write for example"), "{wrong}");
        }
    }
}
