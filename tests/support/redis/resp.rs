//! One command to a Redis and its answer (RESP 2).

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// For one that is paused or gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answer's text, the lines of a list one below the other.
pub(super) async fn ask(port: u16, command: &[&str]) -> Result<String, String> {
    let asking = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut request = format!("*{}\r\n", command.len());
        for part in command {
            request.push_str(&format!("${}\r\n{part}\r\n", part.len()));
        }
        stream.write_all(request.as_bytes()).await?;
        read(&mut BufReader::new(stream)).await
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer in {PATIENCE:?}")),
    }
}

/// Reads one answer; lists within lists are taken apart.
async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Result<String, String>> {
    let mut lines = Vec::new();
    // How many answers are still to come.
    let mut due = 1_usize;
    while due > 0 {
        due -= 1;
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let (kind, rest) = line.trim_end().split_at(1);
        match (kind, rest.parse::<i64>()) {
            ("-", _) => return Ok(Err(rest.to_owned())),
            ("*", Ok(count)) => due += usize::try_from(count).unwrap_or(0),
            ("$", Ok(len)) => {
                // -1 is no text at all.
                let Ok(len) = usize::try_from(len) else {
                    lines.push(String::new());
                    continue;
                };
                let mut text = vec![0; len + 2];
                stream.read_exact(&mut text).await?;
                text.truncate(len);
                lines.push(String::from_utf8_lossy(&text).into_owned());
            }
            _ => lines.push(rest.to_owned()),
        }
    }
    Ok(Ok(lines.join("\n")))
}
