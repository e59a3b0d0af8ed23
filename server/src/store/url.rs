//! Where a store is: a file, or the address of a Redis.

use std::path::{Path, PathBuf};

use url::Url;

/// A store's address, as `--store` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// Embedded, in this file.
    File(PathBuf),
    /// On Redis (or Valkey), which several servers share.
    Redis(RedisUrl),
}

/// The address of a Redis. Passwords are never shown by `Display` or `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    /// How it is set up.
    pub topology: Topology,
    /// Speak TLS.
    pub tls: bool,
    /// Log in as this user; needs a password.
    pub username: Option<String>,
    /// Log in with this password.
    pub password: Option<String>,
    /// The number of the database; 0 on a cluster.
    pub database: i64,
}

/// How a Redis is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Standalone(Node),
    /// Sentinels that know which server is the master of this name.
    Sentinel {
        /// The sentinels.
        nodes: Vec<Node>,
        /// The master's name.
        master: String,
    },
    /// A cluster, of which these nodes are known.
    Cluster(Vec<Node>),
}

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// A name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A text that is no store's address; says what is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidStoreUrl(String);

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// What each scheme looks like, for messages.
const FORMS: &str = "orders.db, redis://HOST:6379/0, rediss://HOST:6379 (TLS), \
    redis-sentinel://HOST:26379,HOST:26379/MASTER, or redis-cluster://HOST:6379,HOST:6379";

impl std::str::FromStr for StoreUrl {
    type Err = InvalidStoreUrl;

    fn from_str(text: &str) -> Result<Self, InvalidStoreUrl> {
        let Some((scheme, rest)) = text.split_once("://") else {
            if text.is_empty() || text == ":memory:" {
                let no = "orders are kept in a file, such as orders.db, or on a Redis";
                return Err(InvalidStoreUrl(no.to_owned()));
            }
            return Ok(Self::File(PathBuf::from(text)));
        };
        let (kind, tls) = match scheme {
            "redis" => (Kind::Standalone, false),
            "rediss" => (Kind::Standalone, true),
            "redis-sentinel" => (Kind::Sentinel, false),
            "rediss-sentinel" => (Kind::Sentinel, true),
            "redis-cluster" => (Kind::Cluster, false),
            "rediss-cluster" => (Kind::Cluster, true),
            other => {
                let no = format!("`{other}://` is no store: give {FORMS}");
                return Err(InvalidStoreUrl(no));
            }
        };
        redis(kind, tls, rest).map(Self::Redis)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Standalone,
    Sentinel,
    Cluster,
}

/// `[user:password@]host:port[,host:port…][/path]`. The `url` crate knows no
/// lists of hosts, so the parts are taken apart here; each host and the login
/// are then read by it.
fn redis(kind: Kind, tls: bool, rest: &str) -> Result<RedisUrl, InvalidStoreUrl> {
    let bad = |why: String| InvalidStoreUrl(format!("{why}: give {FORMS}"));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = match authority.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, authority),
    };
    let default_port = match kind {
        Kind::Sentinel => SENTINEL_PORT,
        Kind::Standalone | Kind::Cluster => REDIS_PORT,
    };
    let nodes: Vec<Node> = hosts
        .split(',')
        .map(|host| {
            node(host.trim(), default_port)
                .ok_or_else(|| bad(format!("`{host}` is no host and port")))
        })
        .collect::<Result<_, _>>()?;
    let (username, password) = match login {
        None => (None, None),
        // Read by the url crate, for its percent-decoding.
        Some(login) => {
            let (user, password) = login.split_once(':').unwrap_or(("", login));
            let decoded = |text: &str| {
                percent_encoding::percent_decode_str(text)
                    .decode_utf8()
                    .map(|text| Some(text.into_owned()).filter(|text| !text.is_empty()))
                    .map_err(|_| bad("user or password is not UTF-8".to_owned()))
            };
            (decoded(user)?, decoded(password)?)
        }
    };
    let number = |text: &str| match text.trim_end_matches('/') {
        "" => Ok(0),
        text => text
            .parse::<i64>()
            .ok()
            .filter(|n| *n >= 0)
            .ok_or_else(|| bad(format!("`{text}` is no number of a database"))),
    };
    let (topology, database) = match kind {
        Kind::Standalone => {
            let [node] = <[Node; 1]>::try_from(nodes).map_err(|_| {
                bad(
                    "redis:// names one server; several are redis-sentinel:// or redis-cluster://"
                        .to_owned(),
                )
            })?;
            (Topology::Standalone(node), number(path)?)
        }
        Kind::Sentinel => {
            let (master, database) = path.split_once('/').unwrap_or((path, ""));
            if master.is_empty() {
                return Err(bad(
                    "the name of the master is missing at the end, such as /mymaster".to_owned(),
                ));
            }
            let master = master.to_owned();
            (Topology::Sentinel { nodes, master }, number(database)?)
        }
        Kind::Cluster if number(path)? != 0 => {
            return Err(bad("a cluster has no databases but 0".to_owned()));
        }
        Kind::Cluster => (Topology::Cluster(nodes), 0),
    };
    Ok(RedisUrl {
        topology,
        tls,
        username,
        password,
        database,
    })
}

/// `host`, `host:port`, `[::1]:port`.
fn node(text: &str, default_port: u16) -> Option<Node> {
    let url = Url::parse(&format!("redis://{text}")).ok()?;
    let whole = url.path().is_empty() && url.query().is_none() && url.username().is_empty();
    let host = url.host_str().filter(|host| whole && !host.is_empty())?;
    Some(Node {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(default_port),
    })
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The address without user and password.
impl std::fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = if self.tls { "s" } else { "" };
        let list = |nodes: &[Node]| {
            let nodes: Vec<_> = nodes.iter().map(ToString::to_string).collect();
            nodes.join(",")
        };
        match &self.topology {
            Topology::Standalone(node) => write!(f, "redis{s}://{node}/{}", self.database),
            Topology::Sentinel { nodes, master } => {
                write!(
                    f,
                    "redis{s}-sentinel://{}/{master}/{}",
                    list(nodes),
                    self.database
                )
            }
            Topology::Cluster(nodes) => write!(f, "redis{s}-cluster://{}", list(nodes)),
        }
    }
}

impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

impl std::fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Redis(url) => url.fmt(f),
        }
    }
}

impl From<PathBuf> for StoreUrl {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for StoreUrl {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RedisUrl {
        match text.parse().unwrap() {
            StoreUrl::Redis(url) => url,
            StoreUrl::File(path) => panic!("{path:?} is a file"),
        }
    }

    #[test]
    fn every_form_is_read_and_shown_without_its_secret() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            (
                "rediss://:secret@10.0.0.1:7000/3",
                "rediss://10.0.0.1:7000/3",
            ),
            ("redis://[::1]:7000", "redis://[::1]:7000/0"),
            (
                "redis-sentinel://u:secret@a,b:1/m",
                "redis-sentinel://a:26379,b:1/m/0",
            ),
            ("redis-sentinel://a/m/2", "redis-sentinel://a:26379/m/2"),
            (
                "redis-cluster://a:1,b:2,c",
                "redis-cluster://a:1,b:2,c:6379",
            ),
        ] {
            let url = parse(text);
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"), "{text}");
        }
        let login = parse("redis://us%40er:p%3Aw@h");
        assert_eq!(login.username.as_deref(), Some("us@er"));
        assert_eq!(login.password.as_deref(), Some("p:w"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_forms() {
        for text in [
            "postgres://h",
            "redis://",
            "redis://a,b",
            "redis://h/x",
            "redis-sentinel://h",
            "redis-cluster://h/1",
            "redis://h:port",
            "redis-cluster://a,,b",
        ] {
            let error = text.parse::<StoreUrl>().unwrap_err().to_string();
            assert!(error.contains("redis-cluster://HOST"), "{text}: {error}");
        }
        assert!("".parse::<StoreUrl>().is_err() && ":memory:".parse::<StoreUrl>().is_err());
        assert_eq!("a/b.db".parse(), Ok(StoreUrl::File("a/b.db".into())));
    }
}
