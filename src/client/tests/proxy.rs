//! Calls and sockets through a proxy: the same way for both, or none for either.

use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A proxy that leads to one server, whatever name is asked for. Refuses with a status where it
/// has one.
async fn proxy(server: std::net::SocketAddr, refuses: Option<&'static str>) -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://name:s3cret@{}", listener.local_addr().unwrap());
    let heads = Heads::default();
    let seen = heads.clone();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::spawn(pass_on(tcp, server, refuses, seen.clone()));
        }
    });
    (address, heads)
}

type Heads = Arc<std::sync::Mutex<Vec<String>>>;

async fn pass_on(
    mut tcp: TcpStream,
    server: std::net::SocketAddr,
    refuses: Option<&'static str>,
    seen: Heads,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if tcp.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    seen.lock().unwrap().push(head.clone());
    if let Some(status) = refuses {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return tcp.write_all(answer.as_bytes()).await;
    }
    let mut to = TcpStream::connect(server).await?;
    if head.starts_with("CONNECT ") {
        tcp.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    } else {
        // The server is asked for a path, not for an address.
        let head = head.replacen("http://shop.example:8080", "", 1);
        to.write_all(head.as_bytes()).await?;
    }
    copy_bidirectional(&mut tcp, &mut to).await.map(drop)
}

fn config(server: &str) -> ClientConfig {
    let credentials = Credentials {
        master_token: "secret".to_owned(),
    };
    ClientConfig {
        poll_every: Duration::from_secs(5),
        ..ClientConfig::new(server.parse().unwrap(), Some(vendor()), credentials)
    }
}

fn through(proxy: &str, server: &str) -> Route {
    let proxies = Matcher::builder().all(proxy).build();
    Route::by(&proxies, &server.parse().unwrap())
}

#[tokio::test]
async fn calls_and_sockets_go_through_the_proxy_of_a_server_elsewhere() {
    let fake = Fake::start().await;
    fake.with(|state| state.stream.touch(1));
    let (proxy, heads) = proxy(fake.address, None).await;
    let server = "http://shop.example:8080";
    let started = Client::start_on(through(&proxy, server), config(server)).unwrap();
    let mut screen = Screen::of(started);
    screen.until_live().await;
    screen.until("the order", |s| s.orders.len() == 1).await;
    let heads = heads.lock().unwrap().clone();
    let begin = |start: &str| heads.iter().find(|head| head.starts_with(start)).cloned();
    let tunnel = begin("CONNECT shop.example:8080 HTTP/1.1\r\n").expect("the socket's tunnel");
    let list = begin("GET http://shop.example:8080/api/orders/vendor/").expect("the list");
    for head in [&tunnel, &list] {
        let head = head.to_lowercase();
        assert!(head.contains("proxy-authorization: basic"), "{head}");
    }
    assert!(
        !tunnel.to_lowercase().contains("x-master-token"),
        "{tunnel}"
    );
}

#[tokio::test]
async fn a_server_on_this_machine_is_reached_without_the_proxy() {
    let fake = Fake::start().await;
    fake.with(|state| state.stream.touch(1));
    let (proxy, heads) = proxy(fake.address, None).await;
    let server = format!("http://{}", fake.address);
    let started = Client::start_on(through(&proxy, &server), config(&server)).unwrap();
    let mut screen = Screen::of(started);
    screen.until_live().await;
    screen.until("the order", |s| s.orders.len() == 1).await;
    assert!(heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let fake = Fake::start().await;
    let server = "http://shop.example:8080";
    for status in [
        "407 Proxy Authentication Required",
        "503 Service Unavailable",
    ] {
        let (proxy, _heads) = proxy(fake.address, Some(status)).await;
        let named = proxy.replace("name:s3cret@", "");
        let route = through(&proxy, server);
        let socket = route
            .connect("shop.example", 8080)
            .await
            .unwrap_err()
            .to_string();
        let rest = Rest::on(route, &server.parse().unwrap(), &config(server).credentials).unwrap();
        let call = rest.vendors().await.unwrap_err().to_string();
        for said in [socket, call] {
            assert!(said.contains(&named) && !said.contains("s3cret"), "{said}");
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let route = through(&nobody, server);
    let rest = Rest::on(route, &server.parse().unwrap(), &config(server).credentials).unwrap();
    let said = rest.vendors().await.unwrap_err().to_string();
    let reason = format!("connection refused (through the proxy {nobody})");
    assert!(said.ends_with(&reason), "{said}");
}

/// A port that says this to whatever it is told.
async fn says(answer: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            let _ = tcp.read(&mut head).await;
            let _ = tcp.write_all(answer).await;
        }
    });
    address
}

#[tokio::test]
async fn a_mix_of_http_and_https_is_told() {
    let http = says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    // A fatal alert, unexpected_message: so a TLS port answers a request in plain HTTP.
    let tls = says(&[0x15, 3, 1, 0, 2, 2, 10]).await;
    let table = [
        (format!("https://{http}"), "it does not speak TLS"),
        (format!("http://{tls}"), "is its address https://"),
    ];
    for (server, words) in table {
        let server: Url = server.parse().unwrap();
        let credentials = config(server.as_str()).credentials;
        let rest = Rest::on(Route::direct(), &server, &credentials).unwrap();
        let said = rest.vendors().await.unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
}
