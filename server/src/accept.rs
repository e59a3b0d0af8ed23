//! Takes connections and hands their requests to the routes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Either;
use http::header::HOST;
use http::{HeaderMap, Version};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::progress::WriteProgress;
use crate::reply::ApiError;
use crate::routes;
use crate::state::AppState;
use crate::turn::Turn;

/// Takes connections until the server stops; at the limit, they wait.
pub(crate) async fn accept(state: Arc<AppState>, listener: TcpListener) {
    let turns = Arc::new(Semaphore::new(state.config.limits.connections));
    let service = TowerToHyperService::new(warp::service(routes::routes(state.clone())));
    let mut http = http1::Builder::new();
    // Without a timer the time limit on a request's head does nothing.
    http.timer(TokioTimer::new())
        .header_read_timeout(state.config.timing.head_timeout);
    http.max_buf_size(64 * 1024);
    loop {
        let stream = tokio::select! {
            biased;
            () = state.draining.cancelled() => return,
            taken = take(&turns, &listener) => taken,
        };
        let (stream, turn) = match stream {
            Ok(taken) => taken,
            // The connection's own misfortune.
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                // Out of file descriptors, most likely: the listener stays
                // ready, and without a pause this would spin.
                tokio::select! {
                    () = state.draining.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(1)) => continue,
                }
            }
        };
        // A small frame should leave at once, not wait for a fuller packet.
        let _ = stream.set_nodelay(true);
        let stream = WriteProgress::new(stream, state.config.timing.write_timeout);
        let turn = Turn::new(turn);
        let service = service.clone();
        let with_turn = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            if let Err(error) = check_host(request.version(), request.headers()) {
                let refused = routes::finish(request.uri().path(), error.into_response());
                return Either::Left(std::future::ready(Ok(refused)));
            }
            request.extensions_mut().insert(turn.clone());
            Either::Right(service.call(request))
        });
        let connection = http
            .serve_connection(TokioIo::new(stream), with_turn)
            .with_upgrades();
        let draining = state.draining.clone();
        state.tasks.spawn(async move {
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = draining.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// Checks that a request of HTTP/1.1 names its host once (RFC 9112, section 3.2); older ones need not.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), ApiError> {
    let hosts = headers.get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && version < Version::HTTP_11) {
        return Ok(());
    }
    let wanted = "send one `Host` header: HTTP/1.1 needs it";
    Err(ApiError::bad("bad_host", wanted))
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn take(
    turns: &Arc<Semaphore>,
    listener: &TcpListener,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let turn = turns
        .clone()
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, turn))
}
