//! Whether a Redis answers.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult};

use super::deadline::{Deadline, NoAnswer, ms};
use crate::finding::Finding;
use crate::store::redis::connection_info;
use crate::store::url::{Node, RedisUrl};

/// What came of a PING.
pub(super) struct Pinged {
    /// `None` where no PONG came.
    pub(super) connection: Option<MultiplexedConnection>,
    pub(super) finding: Finding,
    /// Why no PONG came.
    pub(super) cause: Option<Cause>,
}

/// Why no PONG came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// User and password are missing or wrong.
    Login,
    /// The name has no address.
    Name,
    /// Its certificate is not taken, or it speaks no TLS.
    Tls,
    /// It takes connections and says nothing.
    Silent,
    /// Nothing listens there.
    Refused,
    Other,
}

impl Cause {
    fn of(why: &NoAnswer<RedisError>) -> Self {
        let error = match why {
            NoAnswer::Silent(_) => return Self::Silent,
            NoAnswer::NotAsked => return Self::Other,
            NoAnswer::Failed(error) => error,
        };
        let is_login = matches!(error.code(), Some("NOAUTH" | "WRONGPASS"));
        if is_login || error.kind() == ErrorKind::AuthenticationFailed {
            return Self::Login;
        }
        if error.is_connection_refusal() {
            return Self::Refused;
        }
        // Of what the resolver and TLS say only their words tell.
        let words = error.to_string().to_ascii_lowercase();
        let has = |part: &&str| words.contains(*part);
        if ["name or service", "lookup", "resolve"].iter().any(has) {
            Self::Name
        } else if ["certificate", "tls"].iter().any(has) {
            Self::Tls
        } else {
            Self::Other
        }
    }
}

/// Connects, and wants a PONG.
pub(super) async fn ping(url: &RedisUrl, node: &Node, named: &str, clock: Deadline) -> Pinged {
    let began = Instant::now();
    let asked = clock.ask(async {
        let client = Client::open(connection_info(url, node)?)?;
        // The deadline of the check is the only one.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let pong: String = redis::cmd("PING").query_async(&mut connection).await?;
        RedisResult::Ok((connection, pong))
    });
    match asked.await {
        Ok((connection, pong)) => {
            let says = format!("{pong} in {}", ms(began.elapsed()));
            Pinged {
                connection: Some(connection),
                finding: Finding::ok(named, says),
                cause: None,
            }
        }
        Err(why) => {
            let cause = Cause::of(&why);
            Pinged {
                connection: None,
                finding: Finding::fail(named, why.to_string(), remedy(cause, node)),
                cause: Some(cause),
            }
        }
    }
}

fn remedy(cause: Cause, node: &Node) -> String {
    match cause {
        Cause::Login => {
            "check user and password: redis://USER:PASSWORD@HOST:PORT/DB, best in ORDERTOP_STORE"
                .into()
        }
        Cause::Name => format!(
            "check the name `{}`: this machine cannot find it",
            node.host
        ),
        Cause::Tls => {
            "check its certificate against this machine's roots (SSL_CERT_FILE), and that the port \
             speaks TLS"
                .into()
        }
        Cause::Silent => {
            "it hangs, or a firewall swallows what is sent to it: see its log, `redis-cli slowlog get`, and \
             whether its machine swaps or is paused"
                .into()
        }
        Cause::Refused | Cause::Other => format!(
            "start Redis (`redis-server`, or `systemctl start redis-server`); `redis-cli -h {} -p {} ping` \
             should answer PONG; then check firewall, `bind` and `protected-mode` of redis.conf",
            node.host, node.port
        ),
    }
}
