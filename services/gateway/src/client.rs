//! Where a request comes from: the peer, or what proxies that are trusted say of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use todo_kit::config::ConfigError;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// A longer way than this is not followed.
const HOPS_MAX: usize = 16;

/// Which proxies before the gateway are believed. Anybody can send `X-Forwarded-For`; only what a proxy of ours added
/// to it is worth something, and that stands on the right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxies {
    /// None: the client is the peer.
    #[default]
    None,
    /// So many, one behind the other; each adds who asked it.
    Hops(usize),
    /// Those with an address in these networks.
    Networks(Vec<IpNet>),
}

/// Which proxies are believed: by number or by network, not both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrustedProxiesConfig {
    /// How many stand before the gateway, one behind the other; 0 by default, at most 16.
    pub hops: usize,
    /// Their networks, such as `10.0.0.0/8`; none by default.
    pub networks: Vec<String>,
}

impl TrustedProxiesConfig {
    /// Whether nobody is believed.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Who is believed. Networks that cannot be read are refused here, and so are both ways at once.
    pub fn proxies(&self) -> Result<Proxies, ConfigError> {
        if self.hops > 0 && !self.networks.is_empty() {
            return Err(ConfigError::refused(
                "trustedProxies",
                "set hops or networks, not both",
            ));
        }
        if self.hops > HOPS_MAX {
            let message = format!("{HOPS_MAX} is the most");
            return Err(ConfigError::refused("trustedProxies.hops", message));
        }
        if self.hops > 0 {
            return Ok(Proxies::Hops(self.hops));
        }
        if self.networks.is_empty() {
            return Ok(Proxies::None);
        }
        let read = |text: &String| {
            let refused = |_| {
                let message = format!("{text} is no network such as 10.0.0.0/8");
                ConfigError::refused("trustedProxies.networks", message)
            };
            text.parse().map_err(refused)
        };
        let networks: Result<_, _> = self.networks.iter().map(read).collect();
        networks.map(Proxies::Networks)
    }
}

impl Proxies {
    /// The address of who sent a request with these headers over a connection from `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let hops = match self {
            Self::None => 0,
            Self::Hops(hops) => *hops,
            Self::Networks(_) => HOPS_MAX,
        };
        let mut client = peer.to_canonical();
        for named in right_to_left(headers).take(hops) {
            if !self.believes(client) {
                break;
            }
            let Some(address) = address(named) else {
                break;
            };
            client = address;
        }
        client
    }

    fn believes(&self, address: IpAddr) -> bool {
        match self {
            Self::None => false,
            Self::Hops(_) => true,
            Self::Networks(networks) => networks.iter().any(|network| network.contains(&address)),
        }
    }
}

/// The entries of all `X-Forwarded-For`, the last first.
fn right_to_left(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    // A value that is no text ends the way: what it hides is not skipped.
    values
        .into_iter()
        .rev()
        .flat_map(|value| value.to_str().unwrap_or("?").rsplit(','))
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    let address = address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// What is counted together: an IPv4 address, or the /64 of an IPv6 one, for whoever has one of those has all of it.
pub(crate) fn subject(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client(proxies: &Proxies, peer: &str, forwarded_for: &[&str]) -> String {
        let values = forwarded_for.iter().map(|value| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (FORWARDED_FOR, value)
        });
        proxies.client(ip(peer), &values.collect()).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_client_is_the_peer() {
        for sent in [&[][..], &["198.51.100.7"], &["198.51.100.7, 10.0.0.1"]] {
            assert_eq!(client(&Proxies::None, "203.0.113.9", sent), "203.0.113.9");
        }
    }

    #[test]
    fn each_hop_is_one_entry_from_the_right() {
        let sent = &["192.0.2.66, 198.51.100.7", "10.0.0.2"][..];
        for (hops, expected) in [
            (0, "10.0.0.1"),
            (1, "10.0.0.2"),
            (2, "198.51.100.7"),
            // What the client itself wrote is reached only by who counts wrong.
            (3, "192.0.2.66"),
            (9, "192.0.2.66"),
        ] {
            assert_eq!(client(&Proxies::Hops(hops), "10.0.0.1", sent), expected, "{hops}");
        }
        assert_eq!(client(&Proxies::Hops(1), "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_client_is_the_first_from_the_right_that_is_no_proxy_of_ours() {
        let proxies = Proxies::Networks(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for (peer, sent, expected) in [
            (
                "10.0.0.1",
                &["192.0.2.66, 198.51.100.7, 10.0.0.2"][..],
                "198.51.100.7",
            ),
            ("fd00::1", &["192.0.2.66", "2001:db8::7"], "2001:db8::7"),
            // A peer that is no proxy of ours may say what it likes.
            ("203.0.113.9", &["198.51.100.7, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.7, nonsense"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7, "], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7", "\u{e4}"], "10.0.0.1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7"),
        ] {
            assert_eq!(client(&proxies, peer, sent), expected, "{peer} {sent:?}");
        }
    }

    #[test]
    fn an_address_may_have_a_port_or_brackets() {
        for (text, expected) in [
            ("198.51.100.7:4711", "198.51.100.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            (" 2001:db8::7 ", "2001:db8::7"),
        ] {
            assert_eq!(client(&Proxies::Hops(1), "10.0.0.1", &[text]), expected, "{text}");
        }
    }

    #[test]
    fn a_network_of_one_user_is_counted_as_one() {
        for (address, expected) in [
            ("198.51.100.7", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(subject(ip(address)), expected);
        }
    }
}
