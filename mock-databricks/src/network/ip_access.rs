//! IP access lists: which public addresses may come.
//!
//! Workspace and account have a list each; traffic through the private endpoint is never looked at [documented]. Every client
//! of a mock comes from loopback, so the address it would have on the internet can be set: the egress address.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::state::Level;

/// One list of addresses let in and one of addresses kept out; IPv4 only [documented].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccessList {
    pub(crate) enabled: bool,
    pub(crate) allow: Vec<Ipv4Net>,
    pub(crate) block: Vec<Ipv4Net>,
}

impl AccessList {
    /// Whether an address is kept out: blocked, or not among those let in where any are named [documented]. An IPv6 address
    /// is in no list [inferred].
    fn refuses(&self, source: IpAddr) -> bool {
        let holds = |networks: &[Ipv4Net]| match source.to_canonical() {
            IpAddr::V4(source) => networks.iter().any(|network| network.contains(&source)),
            IpAddr::V6(_) => false,
        };
        self.enabled && (holds(&self.block) || !self.allow.is_empty() && !holds(&self.allow))
    }
}

/// Both lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccessLists {
    pub(crate) workspace: AccessList,
    pub(crate) account: AccessList,
}

/// The lists in force, those on their way, and where clients seem to come from.
#[derive(Debug, Default)]
pub(crate) struct IpAccess {
    /// Instead of the address of the peer.
    pub(crate) egress_ip: Option<Ipv4Addr>,
    in_force: AccessLists,
    coming: VecDeque<(Duration, AccessLists)>,
}

impl IpAccess {
    /// The lists as last set, in force or not.
    pub(crate) fn latest(&self) -> &AccessLists {
        self.coming.back().map_or(&self.in_force, |(_, lists)| lists)
    }

    /// Sets both lists, in force from the time `from`.
    pub(crate) fn set(&mut self, lists: AccessLists, from: Duration) {
        self.coming.push_back((from, lists));
    }

    /// Whether the lists as last set are in force.
    pub(crate) fn is_settled(&mut self, now: Duration) -> bool {
        self.settle(now);
        self.coming.is_empty()
    }

    /// The last change whose time has come wins, even if an earlier one was to take longer.
    fn settle(&mut self, now: Duration) {
        let Some(last) = self.coming.iter().rposition(|(from, _)| *from <= now) else {
            return;
        };
        if let Some((_, lists)) = self.coming.drain(..=last).next_back() {
            self.in_force = lists;
        }
    }

    /// The address that is refused, if the one a request comes from is.
    pub(crate) fn refused(&mut self, level: Level, peer: Option<IpAddr>, now: Duration) -> Option<IpAddr> {
        self.settle(now);
        let source = self.egress_ip.map(IpAddr::V4).or(peer)?.to_canonical();
        let list = match level {
            Level::Workspace => &self.in_force.workspace,
            Level::Account => &self.in_force.account,
        };
        list.refuses(source).then_some(source)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AccessList, AccessLists, IpAccess, Level};

    fn list(allow: &[&str], block: &[&str]) -> AccessList {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        AccessList {
            enabled: true,
            allow: parse(allow),
            block: parse(block),
        }
    }

    #[test]
    fn block_wins_and_an_empty_allow_list_lets_everybody_in() {
        let refuses = |list: &AccessList, source: &str| list.refuses(source.parse().unwrap());
        let open = list(&[], &["203.0.113.0/24"]);
        assert!(refuses(&open, "203.0.113.7") && refuses(&open, "::ffff:203.0.113.7"));
        assert!(!refuses(&open, "198.51.100.1") && !refuses(&open, "2001:db8::1"));
        let narrow = list(&["203.0.113.0/24"], &["203.0.113.7/32"]);
        assert!(refuses(&narrow, "203.0.113.7") && refuses(&narrow, "198.51.100.1"));
        assert!(refuses(&narrow, "2001:db8::1"));
        assert!(!refuses(&narrow, "203.0.113.8"));
        let off = AccessList {
            enabled: false,
            ..narrow
        };
        assert!(!refuses(&off, "203.0.113.7"));
    }

    #[test]
    fn a_change_waits_for_its_time_and_an_older_one_never_comes_back() {
        let seconds = Duration::from_secs;
        let mut access = IpAccess::default();
        let refused = |access: &mut IpAccess, now: u64| {
            let peer = "203.0.113.7".parse().unwrap();
            access.refused(Level::Workspace, Some(peer), seconds(now)).is_some()
        };
        let blocking = AccessLists {
            workspace: list(&[], &["0.0.0.0/0"]),
            account: AccessList::default(),
        };
        access.set(blocking.clone(), seconds(60));
        assert!(!refused(&mut access, 59));
        assert_eq!(access.latest(), &blocking);
        assert!(!access.is_settled(seconds(59)));
        assert!(refused(&mut access, 60) && access.is_settled(seconds(60)));
        access.set(blocking, seconds(200));
        access.set(AccessLists::default(), seconds(100));
        assert!(!refused(&mut access, 100) && access.is_settled(seconds(100)));
        assert!(!refused(&mut access, 200));
    }
}
