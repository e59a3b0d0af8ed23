//! A network that breaks when told.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::{JoinHandle, JoinSet};

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
            Self::Up | Self::Stalled | Self::Slow => true,
            Self::NoSockets => carries == Carries::Rest,
            Self::Down => false,
        }
    }
}

/// A TCP proxy in front of a server. Dropping it cuts everything.
pub(crate) struct FaultProxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    harm: broadcast::Sender<(Harm, f64)>,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy in front of `server`, on a port of its own, up.
    pub(crate) async fn in_front_of(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (network, watched) = watch::channel(Network::Up);
        let (harm, _) = broadcast::channel(64);
        let accepting = tokio::spawn(accept(listener, server, watched, harm.clone()));
        Self {
            address,
            network,
            harm,
            accepting,
        }
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
) {
    // Dropped with this task, which ends every connection.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(relay(client, server, network.clone(), harm.subscribe()));
        while connections.try_join_next().is_some() {}
    }
}

/// Carries one connection for as long as the network lets it.
async fn relay(
    mut client: TcpStream,
    server: SocketAddr,
    mut network: watch::Receiver<Network>,
    mut harm: broadcast::Receiver<(Harm, f64)>,
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
    let copy = async {
        upstream.write_all(&head).await?;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = upstream.split();
        tokio::try_join!(
            pump(&mut from_client, &mut to_server, &weather),
            pump(&mut from_server, &mut to_client, &weather),
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

/// Carries one direction to its end.
async fn pump(
    from: &mut ReadHalf<'_>,
    to: &mut WriteHalf<'_>,
    network: &watch::Receiver<Network>,
) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(64 * 1024);
    while from.read_buf(&mut bytes).await? > 0 {
        if *network.borrow() == Network::Slow {
            tokio::time::sleep(DELAY).await;
        }
        to.write_all(&bytes).await?;
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
