//! IP access lists of workspace and account, and the address clients seem to come from.

use std::net::Ipv4Addr;
use std::time::Duration;

use axum::extract::State;
use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::mock::Mock;
use crate::network::ip_access::AccessList;
use crate::switches::Switch;

/// `GET /ip-access-list`: the lists as last set; `in_force` is false while a change is on its way.
pub(super) async fn show(State(mock): Shared) -> Reply {
    Reply::ok(value(&mock))
}

fn value(mock: &Mock) -> Value {
    let now = mock.clock.elapsed();
    let access = &mut mock.lock().ip_access;
    let in_force = access.is_settled(now);
    let list = |list: &AccessList| json!({"enabled": list.enabled, "allow": list.allow, "block": list.block});
    json!({
        "egress_ip": access.egress_ip,
        "workspace": list(&access.latest().workspace),
        "account": list(&access.latest().account),
        "in_force": in_force,
    })
}

/// `PUT /ip-access-list {"egress_ip":…,"workspace":{"enabled":…,"allow":[…],"block":[…]},"account":{…}}`.
///
/// What is left out stays; `"egress_ip": null` is the address of the peer again, and takes effect at once as any other.
pub(super) async fn set(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let egress_ip = match fields.take_raw("egress_ip") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => {
            let address = value.as_str().and_then(|text| text.parse::<Ipv4Addr>().ok());
            let problem = || BadInput::field("egress_ip", format!("must be an IPv4 address or null, not {value}"));
            Some(Some(address.ok_or_else(problem)?))
        }
    };
    let workspace = fields.object("workspace")?.map(Change::read).transpose()?;
    let account = fields.object("account")?.map(Change::read).transpose()?;
    fields.finish()?;
    {
        let mut shared = mock.lock();
        let delay = Duration::from_secs(shared.switches.number(Switch::IpAccessListDelayS));
        let access = &mut shared.ip_access;
        access.egress_ip = egress_ip.unwrap_or(access.egress_ip);
        if workspace.is_some() || account.is_some() {
            let mut lists = access.latest().clone();
            if let Some(change) = workspace {
                change.apply(&mut lists.workspace);
            }
            if let Some(change) = account {
                change.apply(&mut lists.account);
            }
            access.set(lists, mock.clock.elapsed() + mock.scaled(delay));
        }
    }
    Ok(Reply::ok(value(&mock)))
}

/// What a call says about one list.
struct Change {
    enabled: Option<bool>,
    allow: Option<Vec<Ipv4Net>>,
    block: Option<Vec<Ipv4Net>>,
}

impl Change {
    fn read(mut fields: Fields) -> Result<Self, BadInput> {
        let change = Self {
            enabled: fields.boolean("enabled")?,
            allow: networks(&mut fields, "allow")?,
            block: networks(&mut fields, "block")?,
        };
        fields.finish()?;
        Ok(change)
    }

    fn apply(self, list: &mut AccessList) {
        list.enabled = self.enabled.unwrap_or(list.enabled);
        if let Some(allow) = self.allow {
            list.allow = allow;
        }
        if let Some(block) = self.block {
            list.block = block;
        }
    }
}

/// A list of IPv4 addresses and ranges; each complaint names the entry.
fn networks(fields: &mut Fields, field: &str) -> Result<Option<Vec<Ipv4Net>>, BadInput> {
    let Some(value) = fields.take(field) else {
        return Ok(None);
    };
    let name = fields.name(field);
    let Value::Array(entries) = value else {
        return Err(BadInput::field(&name, "must be an array"));
    };
    let network = |(index, entry): (usize, &Value)| {
        let text = entry.as_str().unwrap_or_default();
        let network = text
            .parse::<Ipv4Net>()
            .or_else(|_| text.parse::<Ipv4Addr>().map(Ipv4Net::from));
        network.map_err(|_| {
            let problem = format!("must be an IPv4 address or range like \"203.0.113.0/24\", not {entry}");
            BadInput::field(&format!("{name}[{index}]"), problem)
        })
    };
    entries
        .iter()
        .enumerate()
        .map(network)
        .collect::<Result<_, _>>()
        .map(Some)
}
