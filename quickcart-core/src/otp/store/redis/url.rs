//! Where Redis is.

use std::fmt;
use std::str::FromStr;

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

/// The address of a Redis server, or of sentinels that know it.
///
/// - `redis://[user:password@]host[:port][/db]`, `redis+unix:///path`
/// - `redis+sentinel://[user:password@]host[:port][,host[:port]...]/master[/db][?replicas=N]`: sentinels, and the name of
///   the master they watch; with `replicas`, a decision counts once so many replicas have it. Name as many as sentinel may
///   promote, and a failover forgets none; one that is away then stops all codes.
///
/// `Display` and `Debug` hide the password.
#[derive(Clone)]
pub struct RedisUrl {
    pub(super) servers: Vec<ConnectionInfo>,
    pub(super) sentinel: Option<SentinelMaster>,
}

#[derive(Clone)]
pub(super) struct SentinelMaster {
    pub(super) name: String,
    pub(super) db: i64,
    pub(super) replicas: u32,
}

/// The text is no address of a Redis server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an address of Redis: write redis://host:6379, redis://user:password@host:6379/0, or \
     redis+sentinel://host:26379/master; rediss:// (TLS) needs a tunnel beside this version"
)]
pub struct InvalidRedisUrl;

const SENTINEL: &str = "redis+sentinel://";
const SENTINEL_PORT: u16 = 26_379;

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        match text.strip_prefix(SENTINEL) {
            Some(rest) => sentinels(rest),
            None if text.starts_with("rediss:") => Err(InvalidRedisUrl),
            None => Ok(Self { servers: vec![server(text)?], sentinel: None }),
        }
    }
}

fn server(text: &str) -> Result<ConnectionInfo, InvalidRedisUrl> {
    text.into_connection_info().map_err(|_| InvalidRedisUrl)
}

fn sentinels(text: &str) -> Result<RedisUrl, InvalidRedisUrl> {
    let (text, options) = text.split_once('?').unwrap_or((text, ""));
    let replicas = match options.split_once('=') {
        None if options.is_empty() => 0,
        Some(("replicas", count)) => count.parse().map_err(|_| InvalidRedisUrl)?,
        _ => return Err(InvalidRedisUrl),
    };
    let (hosts, path) = text.split_once('/').ok_or(InvalidRedisUrl)?;
    let (name, db) = path.split_once('/').unwrap_or((path, "0"));
    let db = db.parse().map_err(|_| InvalidRedisUrl)?;
    let (user, hosts) = hosts.rsplit_once('@').map_or(("", hosts), |(user, hosts)| (user, hosts));
    let one = |host: &str| {
        let at = if user.is_empty() { "" } else { "@" };
        let with_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if with_port { String::new() } else { format!(":{SENTINEL_PORT}") };
        server(&format!("redis://{user}{at}{host}{port}"))
    };
    let servers = hosts.split(',').map(one).collect::<Result<Vec<_>, _>>()?;
    if name.is_empty() {
        return Err(InvalidRedisUrl);
    }
    Ok(RedisUrl { servers, sentinel: Some(SentinelMaster { name: name.to_owned(), db, replicas }) })
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = |server: &ConnectionInfo| match server.addr() {
            ConnectionAddr::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}"),
            other => other.to_string(),
        };
        let servers: Vec<_> = self.servers.iter().map(address).collect();
        match &self.sentinel {
            None => write!(f, "redis://{}", servers.join(",")),
            Some(master) => write!(f, "{SENTINEL}{}/{}", servers.join(","), master.name),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_servers_and_sentinels_and_hides_passwords() {
        for (text, shown) in [
            ("redis://127.0.0.1:6390", "redis://127.0.0.1:6390"),
            ("redis://[::1]:6390", "redis://[::1]:6390"),
            ("redis://user:secret@cache/2", "redis://cache:6379"),
            ("redis+sentinel://a,b:26380/shop", "redis+sentinel://a:26379,b:26380/shop"),
            ("redis+sentinel://:secret@a/shop/1?replicas=1", "redis+sentinel://a:26379/shop"),
        ] {
            let url: RedisUrl = text.parse().unwrap();
            assert_eq!(format!("{url} {url:?}"), format!("{shown} {shown}"), "{text}");
        }
        for text in ["", "localhost", "http://a", "rediss://a", "redis+sentinel://a", "redis+sentinel://a/"] {
            assert!(text.parse::<RedisUrl>().is_err(), "{text}");
        }
        assert!("redis+sentinel://a/shop?other=1".parse::<RedisUrl>().is_err());
    }
}
