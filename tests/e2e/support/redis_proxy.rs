//! A way to a Redis on which published messages stop coming, and all else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A TCP proxy in front of a Redis. Dropping it cuts everything.
pub(crate) struct RedisProxy {
    port: u16,
    /// How often the subscribers were made deaf.
    deafened: watch::Sender<u32>,
    subscribers: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl RedisProxy {
    pub(crate) async fn in_front_of(redis: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (deafened, watched) = watch::channel(0);
        let subscribers = Arc::new(AtomicUsize::new(0));
        let count = subscribers.clone();
        let accepting = tokio::spawn(async move {
            // Dropped with this task, which ends every connection.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(relay(client, redis, watched.clone(), count.clone()));
            }
        });
        Self {
            port,
            deafened,
            subscribers,
            accepting,
        }
    }

    /// What `--store` takes.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// From now on nothing reaches the connections that have subscribed to
    /// something; they stay open. New ones are as good as any. Answers how many
    /// there were.
    pub(crate) fn deafen_subscribers(&self) -> usize {
        self.deafened.send_modify(|times| *times += 1);
        self.subscribers.swap(0, Ordering::Relaxed)
    }
}

impl Drop for RedisProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn relay(
    client: TcpStream,
    redis: u16,
    mut deafened: watch::Receiver<u32>,
    subscribers: Arc<AtomicUsize>,
) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", redis)).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (subscribed, is_subscribed) = watch::channel(false);
    let asks = async {
        let mut bytes = Vec::with_capacity(64 * 1024);
        while matches!(from_client.read_buf(&mut bytes).await, Ok(1..)) {
            if !*subscribed.borrow() && holds_subscribe(&bytes) {
                subscribed.send_replace(true);
                subscribers.fetch_add(1, Ordering::Relaxed);
            }
            if to_server.write_all(&bytes).await.is_err() {
                break;
            }
            bytes.clear();
        }
    };
    let answers = async {
        let deaf = async {
            loop {
                // An error means that the proxy is gone, and this with it.
                let _gone = deafened.changed().await.is_err();
                if *is_subscribed.borrow() {
                    return;
                }
            }
        };
        tokio::select! {
            _ = copy(&mut from_server, &mut to_client) => {}
            () = deaf => {
                let _ended = copy(&mut from_server, &mut tokio::io::sink()).await;
            }
        }
    };
    tokio::select! {
        () = asks => {}
        () = answers => {}
    }
}

fn holds_subscribe(bytes: &[u8]) -> bool {
    let name = b"SUBSCRIBE";
    let mut places = bytes.windows(name.len());
    places.any(|place| place.eq_ignore_ascii_case(name))
}
