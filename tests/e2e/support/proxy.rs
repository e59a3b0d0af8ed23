//! A network that breaks when told.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::within;

/// What the network lets through. A change holds for open connections, too:
/// those that it forbids are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// Everything.
    Up,
    /// Everything but WebSockets.
    NoSockets,
    /// Nothing.
    Down,
    /// Connections stay and are accepted, but no byte moves.
    Stalled,
    /// Everything, each piece later than it could come.
    Slow,
    /// Sockets and requests, but no answer: its connection is cut when it comes.
    Unanswered,
}

/// How much later: enough that answers overtake events, not that anyone gives up.
const DELAY: Duration = Duration::from_millis(60);

/// What befalls single connections; new ones are as good as any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// It ends.
    Cut,
    /// It stays, and no byte ever moves again: no end is told (no FIN).
    Strand,
}

/// What a connection carries, by its first request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    Rest,
    Socket,
}

impl Network {
    fn lets(self, carries: Carries) -> bool {
        match self {
            Self::Up | Self::Stalled | Self::Slow | Self::Unanswered => true,
            Self::NoSockets => carries == Carries::Rest,
            Self::Down => false,
        }
    }
}

/// A request that reached the server, as far as a story asks about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Method and path: `POST /api/orders/A-1/update-status/`.
    pub(crate) what: String,
    /// Its `Idempotency-Key`.
    pub(crate) key: Option<String>,
    pub(crate) body: String,
}

/// What went to the server: the bytes of each connection that is no socket.
type Heard = Vec<Vec<u8>>;

/// A TCP proxy in front of a server. Dropping it cuts everything.
pub(crate) struct FaultProxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    harm: broadcast::Sender<(Harm, f64)>,
    heard: watch::Sender<Heard>,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy in front of `server`, on a port of its own, up.
    pub(crate) async fn in_front_of(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (network, watched) = watch::channel(Network::Up);
        let (harm, _) = broadcast::channel(64);
        let (heard, _) = watch::channel(Heard::new());
        let accepting = tokio::spawn(accept(
            listener,
            server,
            watched,
            harm.clone(),
            heard.clone(),
        ));
        Self {
            address,
            network,
            harm,
            heard,
            accepting,
        }
    }

    /// The requests that reached the server and name this in method or path, by
    /// connection, each one's in their order.
    pub(crate) fn sent(&self, what: &str) -> Vec<Request> {
        sent(&self.heard.borrow(), what)
    }

    /// Waits until so many of them did.
    pub(crate) async fn until_sent(&self, what: &str, count: usize) {
        let mut heard = self.heard.subscribe();
        let enough = heard.wait_for(|heard| sent(heard, what).len() >= count);
        within(&format!("{count} requests for {what}"), enough)
            .await
            .expect("the proxy is there");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// Does this to each open connection with this probability.
    pub(crate) fn harm(&self, harm: Harm, probability: f64) {
        // An error: there is no connection.
        let _nobody = self.harm.send((harm, probability)).is_err();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    network: watch::Receiver<Network>,
    harm: broadcast::Sender<(Harm, f64)>,
    heard: watch::Sender<Heard>,
) {
    // Dropped with this task, which ends every connection.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (network, harm) = (network.clone(), harm.subscribe());
        connections.spawn(relay(client, server, network, harm, heard.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Carries one connection for as long as the network lets it.
async fn relay(
    mut client: TcpStream,
    server: SocketAddr,
    mut network: watch::Receiver<Network>,
    mut harm: broadcast::Receiver<(Harm, f64)>,
    heard: watch::Sender<Heard>,
) {
    let head = tokio::select! {
        head = first_request(&mut client) => head,
        () = until_down(network.clone()) => return,
    };
    let carries = if is_upgrade(&head) {
        Carries::Socket
    } else {
        Carries::Rest
    };
    if !network.borrow_and_update().lets(carries) {
        return;
    }
    let Ok(mut upstream) = TcpStream::connect(server).await else {
        return;
    };
    let weather = network.clone();
    // A socket is no request, and carries bytes without end.
    let heard = (carries == Carries::Rest).then(|| Ear::new(heard));
    let answers = carries == Carries::Rest;
    let copy = async {
        upstream.write_all(&head).await?;
        if let Some(ear) = &heard {
            ear.hears(&head);
        }
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = upstream.split();
        tokio::try_join!(
            pump(
                &mut from_client,
                &mut to_server,
                &weather,
                heard.as_ref(),
                false
            ),
            pump(&mut from_server, &mut to_client, &weather, None, answers),
        )
    };
    tokio::pin!(copy);
    let mut stranded = false;
    loop {
        let now = *network.borrow_and_update();
        if !now.lets(carries) {
            return;
        }
        tokio::select! {
            _ = &mut copy, if now != Network::Stalled && !stranded => return,
            changed = network.changed() => if changed.is_err() { return },
            befallen = harm.recv() => match befallen {
                Ok((harm, probability)) if rand::random_bool(probability) => match harm {
                    Harm::Cut => return,
                    Harm::Strand => stranded = true,
                },
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

/// Writes down what goes to the server on one connection.
struct Ear {
    heard: watch::Sender<Heard>,
    place: usize,
}

impl Ear {
    fn new(heard: watch::Sender<Heard>) -> Self {
        let mut place = 0;
        heard.send_modify(|heard| {
            place = heard.len();
            heard.push(Vec::new());
        });
        Self { heard, place }
    }

    fn hears(&self, bytes: &[u8]) {
        self.heard
            .send_modify(|heard| heard[self.place].extend_from_slice(bytes));
    }
}

/// The whole requests in what was heard that name `what`.
fn sent(heard: &Heard, what: &str) -> Vec<Request> {
    let all = heard.iter().flat_map(|bytes| requests(bytes));
    all.filter(|request| request.what.contains(what)).collect()
}

/// One request after the other, each with a head and a body of `content-length`.
fn requests(mut bytes: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let field = |name: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
            field.map(|(_, value)| value.to_owned())
        };
        let length = field("content-length").and_then(|length| length.parse().ok());
        let Some(body) = bytes.get(end + 4..end + 4 + length.unwrap_or(0)) else {
            break;
        };
        let line = head.lines().next().unwrap_or_default();
        requests.push(Request {
            what: line.trim_end_matches(" HTTP/1.1").to_owned(),
            key: field("idempotency-key"),
            body: String::from_utf8_lossy(body).into_owned(),
        });
        bytes = &bytes[end + 4 + body.len()..];
    }
    requests
}

/// Carries one direction to its end; `answers` says that it brings them.
async fn pump(
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    network: &watch::Receiver<Network>,
    ear: Option<&Ear>,
    answers: bool,
) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(64 * 1024);
    while from.read_buf(&mut bytes).await? > 0 {
        if *network.borrow() == Network::Slow {
            tokio::time::sleep(DELAY).await;
        }
        if answers && *network.borrow() == Network::Unanswered {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        to.write_all(&bytes).await?;
        if let Some(ear) = ear {
            ear.hears(&bytes);
        }
        bytes.clear();
    }
    to.shutdown().await
}

/// Reads up to the end of the first request's head.
async fn first_request(client: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !matches!(client.read_buf(&mut head).await, Ok(1..)) {
            break;
        }
    }
    head
}

async fn until_down(mut network: watch::Receiver<Network>) {
    // An error means that the proxy is gone: as down as can be.
    let _gone = network.wait_for(|now| *now == Network::Down).await.is_err();
}

fn is_upgrade(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.lines()
        .any(|line| line.starts_with("upgrade:") && line.contains("websocket"))
}
