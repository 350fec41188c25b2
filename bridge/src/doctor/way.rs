//! Name, address class, TCP, TLS, certificate name: the way to the workspace or the account (rule E5).

use std::net::IpAddr;

use super::report::{Report, Step};
use crate::databricks::{TlsProblem, Way};

const NAME: &str = "name";
const ADDRESS: &str = "address class";
const TCP: &str = "tcp";
const TLS: &str = "tls";
const CERTIFICATE: &str = "certificate name";

/// Walks it; the step that it ended at, if it ended early.
pub(super) async fn walk(report: &mut Report<'_>, way: &Way) -> Result<(), &'static str> {
    if way.proxy().is_some() {
        return through_proxy(report, way).await;
    }
    let reached = directly(report, way).await;
    if let Err(missing) = reached {
        let all = [NAME, ADDRESS, TCP, TLS, CERTIFICATE];
        let after = all.iter().skip_while(|name| **name != missing).skip(1);
        for name in after {
            report.skip(name, missing);
        }
    }
    reached
}

async fn directly(report: &mut Report<'_>, way: &Way) -> Result<(), &'static str> {
    report.begin(NAME);
    let found = match way.addresses().await {
        Ok(found) => found,
        Err(why) => {
            let remedy = "check target.workspace_url; let this machine's DNS forward azuredatabricks.net to the virtual \
                          network, or set target.dns_server or target.resolve";
            report.add(Step::fail(NAME, why, remedy));
            return Err(NAME);
        }
    };
    report.add(Step::ok(NAME, format!("{} is {}", way.host(), list(&found))));
    let private = match way.only_private(&found) {
        Ok(private) => private,
        Err(why) => {
            let remedy = "link the zone privatelink.azuredatabricks.net to the network that this machine's DNS asks, or set \
                          target.dns_server or target.resolve; if the address is meant, add its range to target.private_ranges";
            report.add(Step::fail(ADDRESS, why, remedy));
            return Err(ADDRESS);
        }
    };
    let left_out: Vec<IpAddr> = found
        .iter()
        .filter(|address| !private.contains(address))
        .copied()
        .collect();
    report.add(if !way.is_checked() {
        Step::ok(ADDRESS, "the account's host is public: its address is not checked")
    } else if left_out.is_empty() {
        Step::ok(ADDRESS, "inside target.private_ranges")
    } else {
        let found = format!("{} is outside target.private_ranges and is never used", list(&left_out));
        Step::warn(
            ADDRESS,
            found,
            "find out why DNS gives public addresses beside private ones",
        )
    });
    report.begin(TCP);
    let (stream, at) = match way.connect(&private).await {
        Ok(connected) => connected,
        Err(why) => {
            let remedy = "allow this machine to reach the private endpoint (route, network security group, firewall) and \
                          check that the endpoint is approved";
            report.add(Step::fail(TCP, why, remedy));
            return Err(TCP);
        }
    };
    report.add(Step::ok(TCP, format!("connected to {at}")));
    report.begin(TLS);
    let trusted = "signed by somebody who is trusted here";
    match way.handshake(stream).await {
        Ok(version) => {
            report.add(Step::ok(TLS, format!("{version}, {trusted}")));
            report.add(Step::ok(CERTIFICATE, format!("covers {}", way.host())));
            Ok(())
        }
        Err(TlsProblem::Name(why)) => {
            report.add(Step::ok(TLS, trusted));
            let remedy = "target.workspace_url must have the workspace's public name, not a privatelink name; else \
                          somebody else answers at that address: check target.resolve and a proxy on the way";
            report.add(Step::fail(CERTIFICATE, why, remedy));
            Err(CERTIFICATE)
        }
        Err(problem) => {
            let (why, remedy) = match problem {
                TlsProblem::Untrusted(why) => (
                    why,
                    "a proxy on the way that opens TLS must let this name pass; or put its authority into target.ca_file",
                ),
                TlsProblem::Expired(why) => (
                    why,
                    "check the clock of this machine; else the certificate has to be renewed",
                ),
                TlsProblem::Broken(why) | TlsProblem::Name(why) => (
                    why,
                    "check target.ca_file, and that nothing on the way cuts or changes TLS on this port",
                ),
            };
            report.add(Step::fail(TLS, why, remedy));
            Err(TLS)
        }
    }
}

/// The proxy looks the name up and connects; only the way to it can be looked at from here.
async fn through_proxy(report: &mut Report<'_>, way: &Way) -> Result<(), &'static str> {
    let Some(proxy) = way.proxy() else {
        return Ok(());
    };
    report.add(Step::skipped(NAME, "the proxy looks it up"));
    report.add(Step::warn(
        ADDRESS,
        "the private address check is off behind target.proxy",
        "make sure that the proxy itself reaches the workspace by its private address",
    ));
    report.begin(TCP);
    match way.connect_to_proxy(proxy).await {
        Ok(()) => report.add(Step::ok(TCP, format!("connected to the proxy {proxy}"))),
        Err(why) => {
            report.add(Step::fail(TCP, why, "check target.proxy and the way to it"));
            report.skip(TLS, TCP);
            report.skip(CERTIFICATE, TCP);
            return Err(TCP);
        }
    }
    report.add(Step::skipped(TLS, "through the proxy: the credential's call checks it"));
    report.add(Step::skipped(
        CERTIFICATE,
        "through the proxy: the credential's call checks it",
    ));
    Ok(())
}

fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}
