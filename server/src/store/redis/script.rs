//! Scripts, sent by their digest and in full where a node does not know them yet.

use redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
};

use super::connection::Connection;

/// A script and its digest.
#[derive(Debug)]
pub(super) struct Script {
    code: &'static str,
    sha1: String,
}

impl Script {
    pub(super) fn new(code: &'static str) -> Self {
        let sha1 = redis::Script::new(code).get_hash().to_owned();
        Self { code, sha1 }
    }

    fn command(&self, in_full: bool, keys: &[String], args: &[String]) -> Cmd {
        let mut command = if in_full {
            let mut command = redis::cmd("EVAL");
            command.arg(self.code);
            command
        } else {
            let mut command = redis::cmd("EVALSHA");
            command.arg(&self.sha1);
            command
        };
        command.arg(keys.len()).arg(keys).arg(args);
        command
    }

    /// Runs it.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        mut connection: Connection,
        keys: &[String],
        args: &[String],
    ) -> RedisResult<T> {
        let by_digest = self.command(false, keys, args);
        match by_digest.query_async(&mut connection).await {
            Err(error) if is_unknown(&error) => {
                let in_full = self.command(true, keys, args);
                in_full.query_async(&mut connection).await
            }
            done => done,
        }
    }

    /// Runs it, then waits until so many replicas have what it wrote, or the time
    /// is over; how many have it, or why nobody knows. The connection should be nobody else's: what
    /// comes after it waits too.
    pub(super) async fn run_and_wait<T: FromRedisValue>(
        &self,
        mut connection: Connection,
        keys: &[String],
        args: &[String],
        replicas: u32,
        patience_ms: u64,
    ) -> RedisResult<(T, RedisResult<u32>)> {
        let both = |in_full| {
            let mut pipeline = Pipeline::new();
            // Each by itself: what the script wrote stays when the waiting fails.
            pipeline.ignore_errors();
            pipeline.add_command(self.command(in_full, keys, args));
            pipeline.cmd("WAIT").arg(replicas).arg(patience_ms);
            pipeline
        };
        let (mut done, mut waited): (Value, Value) =
            both(false).query_async(&mut connection).await?;
        if matches!(done.clone().extract_error(), Err(error) if is_unknown(&error)) {
            (done, waited) = both(true).query_async(&mut connection).await?;
        }
        let done = redis::from_redis_value(done.extract_error()?)?;
        let replicas = waited
            .extract_error()
            .and_then(|n| Ok(redis::from_redis_value(n)?));
        Ok((done, replicas))
    }
}

/// Whether a node does not know the script: it started since, or is new.
fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
