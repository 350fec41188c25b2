//! Which name leads where, seen from inside and from outside of the virtual network.
//!
//! The chain is the real one [documented]: the workspace's public name is an alias of its `privatelink` name, in both
//! views. Only what the `privatelink` name means differs — the private endpoint inside, the region's public control plane
//! elsewhere — and this is all that makes a connection private. Names of the region are [inferred].

use std::net::IpAddr;

use hickory_proto::ProtoError;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{CNAME, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::network::private_link::PrivateEndpoint;

/// Seconds an answer may be kept: short, so that a change of the view is soon seen.
pub(crate) const TTL: u32 = 5;

/// The region all names of the control plane are in [inferred].
const REGION: &str = "westeurope";
const LOGIN: &str = "login.microsoftonline.com";

/// From where a name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// The virtual network, its private zone linked.
    Inside,
    /// Everywhere else.
    Outside,
}

impl View {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Outside => "outside",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Inside, Self::Outside]
            .into_iter()
            .find(|view| view.name() == name)
    }
}

/// All names, and the two addresses they end at.
#[derive(Debug)]
pub(crate) struct Names {
    /// `adb-<id>.<n>.azuredatabricks.net`.
    workspace: Name,
    /// `adb-<id>.<n>.privatelink.azuredatabricks.net`.
    workspace_private: Name,
    /// `<region>.pl-auth.azuredatabricks.net`, the sign-in callback of browsers.
    browser: Name,
    browser_private: Name,
    /// `<region>.azuredatabricks.net`, the public control plane.
    region: Name,
    accounts: Name,
    login: Name,
    /// What this server answers for; everything else is refused.
    zones: [Name; 2],
    pub(crate) private: IpAddr,
    pub(crate) public: IpAddr,
}

/// What a name is, in one view.
#[derive(Debug, PartialEq, Eq)]
enum Meaning<'a> {
    Alias(&'a Name),
    Address(IpAddr),
}

/// What the answer to a question holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Findings {
    pub(crate) code: ResponseCode,
    pub(crate) answers: Vec<Record>,
    /// The zone, for whoever keeps negative answers (RFC 2308 §3).
    pub(crate) authority: Option<Record>,
}

impl Names {
    /// The names around a workspace.
    ///
    /// # Errors
    ///
    /// If the host is no name, or one that leaves no room for `privatelink`.
    pub(crate) fn new(workspace_host: &str, private: IpAddr, public: IpAddr) -> Result<Self, ProtoError> {
        let host = workspace_host.trim_end_matches('.');
        // The zone comes after `adb-<id>.<n>`, or after `adb-<id>` where nothing is left otherwise.
        let cut = host.match_indices('.').map(|(at, _)| at).take(2).last().unwrap_or(0);
        let (workspace, zone) = (&host[..cut], host[cut..].trim_start_matches('.'));
        let name = |text: String| Name::from_ascii(text + ".");
        Ok(Self {
            workspace: name(host.to_owned())?,
            workspace_private: name(format!("{workspace}.privatelink.{zone}"))?,
            browser: name(format!("{REGION}.pl-auth.{zone}"))?,
            browser_private: name(format!("{REGION}.pl-auth.privatelink.{zone}"))?,
            region: name(format!("{REGION}.{zone}"))?,
            accounts: name(format!("accounts.{zone}"))?,
            login: name(LOGIN.to_owned())?,
            zones: [name(zone.to_owned())?, name(LOGIN.to_owned())?],
            private,
            public,
        })
    }

    /// The names that mean something, with what they mean.
    fn table(&self, view: View, endpoint: PrivateEndpoint) -> Vec<(&Name, Meaning<'_>)> {
        let mut table = vec![
            (&self.region, Meaning::Address(self.public)),
            (&self.accounts, Meaning::Address(self.public)),
            (&self.login, Meaning::Address(self.public)),
        ];
        for (name, private_name) in [
            (&self.workspace, &self.workspace_private),
            (&self.browser, &self.browser_private),
        ] {
            if endpoint == PrivateEndpoint::None {
                table.push((name, Meaning::Alias(&self.region)));
                continue;
            }
            table.push((name, Meaning::Alias(private_name)));
            table.push(match view {
                View::Inside => (private_name, Meaning::Address(self.private)),
                View::Outside => (private_name, Meaning::Alias(&self.region)),
            });
        }
        table
    }

    /// Answers a question; aliases are followed to their end, as a resolver does.
    pub(crate) fn find(&self, name: &Name, kind: RecordType, view: View, endpoint: PrivateEndpoint) -> Findings {
        let Some(zone) = self.zones.iter().find(|zone| zone.zone_of(name)) else {
            return Findings {
                code: ResponseCode::Refused,
                answers: Vec::new(),
                authority: None,
            };
        };
        let table = self.table(view, endpoint);
        let mut answers = Vec::new();
        // As it was asked for, letter case included.
        let mut owner = name.clone();
        let mut is_answered = false;
        while let Some((_, meaning)) = table.iter().find(|(known, _)| **known == owner) {
            let (data, next) = match meaning {
                Meaning::Alias(target) => (RData::CNAME(CNAME((*target).clone())), Some((*target).clone())),
                Meaning::Address(IpAddr::V4(address)) => (RData::A((*address).into()), None),
                Meaning::Address(IpAddr::V6(address)) => (RData::AAAA((*address).into()), None),
            };
            let is_asked = kind == data.record_type() || kind == RecordType::ANY;
            if is_asked || next.is_some() {
                answers.push(Record::from_rdata(owner.clone(), TTL, data));
            }
            is_answered = is_asked;
            match next {
                Some(target) if !is_asked => owner = target,
                _ => break,
            }
        }
        if kind == RecordType::SOA && name == zone {
            answers.push(start_of(zone));
            is_answered = true;
        }
        // A name above a known one exists, too (RFC 8020 §2).
        let exists = name == zone || table.iter().any(|(known, _)| name.zone_of(known));
        Findings {
            code: if exists {
                ResponseCode::NoError
            } else {
                ResponseCode::NXDomain
            },
            answers,
            authority: (!is_answered).then(|| start_of(zone)),
        }
    }
}

fn start_of(zone: &Name) -> Record {
    let (refresh, retry, expire) = (3600, 600, 86_400);
    let soa = SOA::new(zone.clone(), zone.clone(), 1, refresh, retry, expire, TTL);
    Record::from_rdata(zone.clone(), TTL, RData::SOA(soa))
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::{Name, RecordType};

    use super::{Names, View};
    use crate::network::private_link::PrivateEndpoint;

    const HOST: &str = "adb-12.7.azuredatabricks.net";

    fn names() -> Names {
        Names::new(HOST, "127.0.0.2".parse().unwrap(), "::1".parse().unwrap()).unwrap()
    }

    /// The answers as text, and the code.
    fn find(name: &str, kind: RecordType, view: View, endpoint: PrivateEndpoint) -> (ResponseCode, Vec<String>) {
        let name = Name::from_ascii(name).unwrap();
        let found = names().find(&name, kind, view, endpoint);
        let negative = found.answers.iter().all(|record| record.record_type() != kind);
        let refused = found.code == ResponseCode::Refused;
        if kind != RecordType::ANY {
            assert_eq!(found.authority.is_some(), negative && !refused, "{name} {kind}");
        }
        let texts = found
            .answers
            .iter()
            .map(|record| format!("{} {}", record.name, record.data));
        (found.code, texts.collect())
    }

    #[test]
    fn the_view_decides_where_the_privatelink_name_leads() {
        let approved = PrivateEndpoint::Approved;
        let alias = "adb-12.7.azuredatabricks.net. adb-12.7.privatelink.azuredatabricks.net.";
        let (code, inside) = find("adb-12.7.azuredatabricks.net.", RecordType::A, View::Inside, approved);
        assert_eq!(code, ResponseCode::NoError);
        assert_eq!(inside, [alias, "adb-12.7.privatelink.azuredatabricks.net. 127.0.0.2"]);
        let outside = find(
            "adb-12.7.azuredatabricks.net.",
            RecordType::AAAA,
            View::Outside,
            approved,
        );
        let region = "adb-12.7.privatelink.azuredatabricks.net. westeurope.azuredatabricks.net.";
        assert_eq!(outside.1, [alias, region, "westeurope.azuredatabricks.net. ::1"]);
    }

    #[test]
    fn other_types_show_the_aliases_and_nothing_more() {
        let approved = PrivateEndpoint::Approved;
        for kind in [RecordType::AAAA, RecordType::TXT, RecordType::MX] {
            let (code, answers) = find("adb-12.7.azuredatabricks.net.", kind, View::Inside, approved);
            assert_eq!((code, answers.len()), (ResponseCode::NoError, 1), "{kind}");
        }
        for kind in [RecordType::CNAME, RecordType::ANY] {
            let (_, answers) = find("adb-12.7.azuredatabricks.net.", kind, View::Outside, approved);
            assert_eq!(answers.len(), 1, "{kind}");
        }
        let (code, answers) = find("accounts.azuredatabricks.net.", RecordType::A, View::Inside, approved);
        assert_eq!((code, answers.len()), (ResponseCode::NoError, 0));
        let (_, answers) = find("azuredatabricks.net.", RecordType::SOA, View::Inside, approved);
        assert_eq!(answers.len(), 1);
    }

    #[test]
    fn unknown_names_do_not_exist_and_foreign_ones_are_refused() {
        let (any, view, approved) = (RecordType::A, View::Inside, PrivateEndpoint::Approved);
        let code = |name: &str| find(name, any, view, approved).0;
        for name in ["adb-13.7.azuredatabricks.net.", "x.login.microsoftonline.com."] {
            assert_eq!(code(name), ResponseCode::NXDomain, "{name}");
        }
        for name in [
            "7.azuredatabricks.net.",
            "privatelink.azuredatabricks.net.",
            "azuredatabricks.net.",
        ] {
            assert_eq!(code(name), ResponseCode::NoError, "{name}");
        }
        for name in ["example.com.", "microsoftonline.com.", "net.", "."] {
            assert_eq!(code(name), ResponseCode::Refused, "{name}");
        }
    }

    #[test]
    fn without_an_endpoint_no_name_says_privatelink() {
        for view in [View::Inside, View::Outside] {
            for host in [HOST, "westeurope.pl-auth.azuredatabricks.net"] {
                let (_, answers) = find(&format!("{host}."), RecordType::AAAA, view, PrivateEndpoint::None);
                let region = "westeurope.azuredatabricks.net.";
                assert_eq!(answers, [format!("{host}. {region}"), format!("{region} ::1")]);
            }
            let private = "adb-12.7.privatelink.azuredatabricks.net.";
            let (code, _) = find(private, RecordType::A, view, PrivateEndpoint::None);
            assert_eq!(code, ResponseCode::NXDomain);
        }
    }

    #[test]
    fn any_host_with_a_number_has_a_zone() {
        let address = "127.0.0.1".parse().unwrap();
        let zone = |host: &str| Names::new(host, address, address).map(|names| names.zones[0].to_string());
        assert_eq!(zone("adb-1.2.databricks.azure.us").unwrap(), "databricks.azure.us.");
        assert_eq!(zone("adb-1.example").unwrap(), "example.");
        for host in ["adb-1.2..x", "adb-1.", &format!("adb-1.{}.x.net", "a".repeat(64))] {
            assert!(zone(host).is_err(), "{host}");
        }
    }
}
