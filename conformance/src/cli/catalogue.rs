//! `list` and `explain`: the catalogue for reading.

use comfy_table::{Table, presets};

use super::Exit;
use super::arguments::{ExplainArguments, SelectionArguments};
use crate::catalogue;
use crate::check::{Check, Profile};

pub(super) fn list(arguments: &SelectionArguments) -> Result<Exit, String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["id", "level", "title"]);
    for check in arguments.selection().checks()? {
        table.add_row([check.id, check.level.name(), check.title]);
    }
    println!("{}", table.trim_fmt());
    Ok(Exit::Passed)
}

pub(super) fn explain(arguments: &ExplainArguments) -> Result<Exit, String> {
    let check = catalogue::find(&arguments.id)
        .ok_or_else(|| format!("there is no check {}; `list --profile strict` shows all", arguments.id))?;
    println!("{}", explanation(check));
    Ok(Exit::Passed)
}

fn explanation(check: &Check) -> String {
    let mut lines = vec![
        format!("{}  {}", check.id, check.title),
        String::new(),
        format!("section   {}", check.section.title()),
        format!("level     {}", check.level),
        format!(
            "profiles  {}",
            check.profiles().map(Profile::name).collect::<Vec<_>>().join(", ")
        ),
    ];
    for source in check.sources {
        let url = source.url().map_or_else(String::new, |url| format!(" — {url}"));
        lines.push(format!("rule      {source}{url}"));
    }
    if !check.needs.is_empty() {
        let needs: Vec<&str> = check.needs.iter().map(|need| need.words()).collect();
        lines.push(format!(
            "needs     {}; skipped where that is not announced",
            needs.join(", ")
        ));
    }
    lines.push(format!("hint      {}", check.hint));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_tells_rule_needs_and_hint() {
        let check = catalogue::find("grp-09").unwrap();
        insta::assert_snapshot!(explanation(check), @r#"
        GRP-09  PATCH remove with path members[value eq "id"]

        section   groups
        level     must
        profiles  entra, rfc, strict
        rule      RFC 7644 §3.5.2.2 — https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2.2
        needs     patch, groups; skipped where that is not announced
        hint      remove only the members that the value filter matches; whoever ignores the filter empties the group
        "#);
    }
}
