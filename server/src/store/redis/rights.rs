//! The rights that a Redis user needs: every command, key and channel of ours. Redis
//! itself is asked, by a script that runs none of them
//! (<https://redis.io/docs/latest/develop/programmability/lua-api/#redis.acl_check_cmd>):
//! a right that is missing in the middle of a commit would leave half of it.

use std::collections::BTreeSet;

use redis::aio::ConnectionLike;
use redis::{Cmd, RedisResult, ServerErrorKind};

use crate::finding::Finding;

/// A key of a vendor's, one of all vendors', and channels: named as ours are, and never
/// written.
const KEY: &str = "ordertop:{rights}:probe";
const GLOBAL: &str = "ordertop:rights";
const CHANNEL: &str = "ordertop:{rights}:live";
const NEWS: &str = "ordertop:rights-news";

/// Commands with arguments that Redis takes.
type Commands = &'static [&'static [&'static str]];

/// The commands of each script, by the name of its file.
const SCRIPTS: [(&str, Commands); 8] = [
    (
        "commit",
        &[
            &["TIME"],
            &["GET", KEY],
            &["HMGET", KEY, "f"],
            &["SET", KEY, "v"],
            &["XRANGE", KEY, "-", "+"],
            &["HGET", KEY, "f"],
            &["XADD", KEY, "*", "f", "v"],
            &["XADD", GLOBAL, "*", "f", "v"],
            &["HSET", KEY, "f", "v"],
            &["ZADD", KEY, "1", "m"],
            &["RPUSH", KEY, "v"],
            &["HDEL", KEY, "f"],
            &["XTRIM", KEY, "MINID", "1"],
        ],
    ),
    (
        "events",
        &[
            &["TIME"],
            &["HMGET", KEY, "f"],
            &["XRANGE", KEY, "-", "+"],
            &["HGET", KEY, "f"],
        ],
    ),
    ("find", &[&["HMGET", KEY, "f"]]),
    (
        "index",
        &[
            &["HMGET", KEY, "f"],
            &["HGET", KEY, "f"],
            &["HSET", KEY, "f", "v"],
        ],
    ),
    ("ids", &[&["TIME"], &["GET", GLOBAL], &["SET", GLOBAL, "v"]]),
    ("orders", &[&["TIME"], &["HMGET", KEY, "f"]]),
    (
        "restore",
        &[
            &["HMGET", KEY, "f"],
            &["HGET", KEY, "f"],
            &["HSET", KEY, "f", "v"],
            &["ZADD", KEY, "1", "m"],
            &["DEL", KEY],
            &["RPUSH", KEY, "v"],
        ],
    ),
    (
        "vendor",
        &[
            &["HSETNX", KEY, "f", "v"],
            &["HSET", KEY, "f", "v"],
            &["HMGET", KEY, "f"],
        ],
    ),
];

/// The commands that are sent by themselves.
const ALONE: Commands = &[
    // Without a key: a script may not run these, and Redis says no more than that.
    &["EVAL", "return 1", "0"],
    &["EVALSHA", "0", "0"],
    &["SET", KEY, "v"],
    &["SET", GLOBAL, "v", "NX", "GET"],
    &["HMGET", KEY, "f"],
    &["HLEN", KEY],
    &["HLEN", GLOBAL],
    &["HSET", GLOBAL, "f", "v"],
    &["HSETNX", GLOBAL, "f", "v"],
    &["HGET", GLOBAL, "f"],
    &["HGETALL", GLOBAL],
    &["LRANGE", KEY, "0", "1"],
    &["ZCARD", KEY],
    &["ZRANGE", KEY, "0", "1"],
    &["XRANGE", KEY, "-", "+"],
    &["XRANGE", GLOBAL, "-", "+"],
    &["XREVRANGE", GLOBAL, "+", "-"],
];

/// The commands of messages: plain ones, and sharded ones on a cluster.
const MESSAGES: Commands = &[
    &["PUBLISH", CHANNEL, "m"],
    &["PUBLISH", NEWS, "m"],
    &["SUBSCRIBE", CHANNEL],
    &["SUBSCRIBE", NEWS],
    &["UNSUBSCRIBE", CHANNEL],
];
const SHARDED_MESSAGES: Commands = &[
    &["SPUBLISH", CHANNEL, "m"],
    &["SPUBLISH", NEWS, "m"],
    &["SSUBSCRIBE", CHANNEL],
    &["SSUBSCRIBE", NEWS],
    &["SUNSUBSCRIBE", CHANNEL],
];

/// The command that waits for replicas.
const WAITING: Commands = &[&["WAIT", "0", "1"]];

/// What a Redis is used for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uses {
    /// As a master of a cluster.
    pub(crate) cluster: bool,
    /// Commits wait for replicas.
    pub(crate) waits: bool,
}

impl Uses {
    fn commands(self) -> impl Iterator<Item = &'static [&'static str]> {
        let messages = if self.cluster {
            SHARDED_MESSAGES
        } else {
            MESSAGES
        };
        let waiting = if self.waits { WAITING } else { &[] };
        let scripts = SCRIPTS.iter().flat_map(|(_, commands)| *commands);
        let all = scripts.chain(ALONE).chain(messages).chain(waiting);
        all.copied()
    }

    /// The command that asks which rights are missing.
    pub(crate) fn question(self) -> Cmd {
        let mut question = redis::cmd("EVAL");
        question.arg(include_str!("rights.lua")).arg(0);
        for words in self.commands() {
            question.arg(words.len()).arg(words);
        }
        question
    }

    /// Asks the Redis at the other end of `connection`.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn ask(self, connection: &mut impl ConnectionLike) -> RedisResult<Missing> {
        self.missing(self.question().query_async(connection).await)
    }

    /// Reads the answer to [`Self::question`].
    pub(crate) fn missing(self, answer: RedisResult<Vec<(usize, String)>>) -> RedisResult<Missing> {
        let refused = match answer {
            // The question is a script, too.
            Err(error) if error.kind() == ServerErrorKind::NoPerm.into() => {
                let commands = ["EVAL".to_owned(), "EVALSHA".to_owned()];
                return Ok(Missing {
                    commands: commands.into(),
                    ..Missing::default()
                });
            }
            answer => answer?,
        };
        let commands: Vec<_> = self.commands().collect();
        let mut missing = Missing::default();
        let mut unsaid = Vec::new();
        for (place, why) in refused {
            let Some([name, ..]) = place.checked_sub(1).and_then(|at| commands.get(at)) else {
                continue;
            };
            if why.contains("channel") {
                missing.channels = true;
            } else if why.contains("keys") {
                missing.keys = true;
            } else if why.contains("not allowed from script") {
                unsaid.push((*name).to_owned());
            } else {
                missing.commands.insert((*name).to_owned());
            }
        }
        // A script may not subscribe: whether for the command or the channel is not said.
        if !missing.channels {
            missing.commands.extend(unsaid);
        }
        Ok(missing)
    }
}

/// Rights that a user lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Missing {
    commands: BTreeSet<String>,
    keys: bool,
    channels: bool,
}

impl Missing {
    /// A command that may not be run.
    pub(crate) fn command(name: &str) -> Self {
        Self {
            commands: [name.to_owned()].into(),
            ..Self::default()
        }
    }

    /// What is missing and the rule that gives it, in one sentence.
    pub(crate) fn remedy(&self, user: Option<&str>) -> Option<String> {
        let (says, rule) = self.of(user)?;
        Some(format!("{says}: `{rule}`"))
    }

    /// What is missing, and the rule that gives it to `user`; `None` where nothing is.
    pub(crate) fn of(&self, user: Option<&str>) -> Option<(String, String)> {
        let user = user.unwrap_or("default");
        let (mut lacks, mut rules) = (Vec::new(), Vec::new());
        if !self.commands.is_empty() {
            let names: Vec<&str> = self.commands.iter().map(String::as_str).collect();
            lacks.push(format!("run {}", names.join(", ")));
            rules.extend(names.iter().map(|name| format!("+{}", name.to_lowercase())));
        }
        if self.keys {
            lacks.push("read and write the keys ordertop:*".to_owned());
            rules.push("~ordertop:*".to_owned());
        }
        if self.channels {
            lacks.push("use the channels ordertop:*".to_owned());
            rules.push("&ordertop:*".to_owned());
        }
        if lacks.is_empty() {
            return None;
        }
        let says = format!("the user {user} may not {}", lacks.join(", nor "));
        Some((says, format!("ACL SETUSER {user} {}", rules.join(" "))))
    }

    /// The finding of a doctor.
    pub(crate) fn finding(&self, user: Option<&str>) -> Finding {
        const ABOUT: &str = "rights";
        match self.of(user) {
            None => Finding::ok(ABOUT, "its user may do all that a server does"),
            Some((says, rule)) => {
                let remedy = format!("`{rule}`, and the same in redis.conf or the ACL file");
                Finding::fail(ABOUT, says, remedy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The words between `before` and the next quote, at each place where `before` is.
    fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
        let after = text.split(before).skip(1);
        after.filter_map(|rest| rest.split(['\'', '"']).next())
    }

    fn names(commands: Commands) -> BTreeSet<&'static str> {
        commands.iter().map(|words| words[0]).collect()
    }

    #[test]
    fn the_table_holds_what_each_script_calls() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/redis");
        let mut scripts = BTreeSet::new();
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let is_script = path.extension().is_some_and(|ext| ext == "lua");
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if !is_script || name == "rights" {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let called: BTreeSet<&str> = quoted(&text, "redis.call('").collect();
            let calls = text.matches("redis.call(").count() + text.matches("redis.pcall(").count();
            let named = quoted(&text, "redis.call('").count();
            // The commit's messages, whose command is an argument.
            let published = text.matches("redis.pcall(ARGV[2],").count();
            assert_eq!(
                calls,
                named + published,
                "{name}: every call names its command"
            );
            let table = SCRIPTS.iter().find(|(script, _)| *script == name);
            let (_, commands) = table.unwrap_or_else(|| panic!("{name} is not in the table"));
            assert_eq!(names(commands), called, "{name}");
            scripts.insert(name);
        }
        assert_eq!(scripts.len(), SCRIPTS.len());
    }

    /// Every command that the store sends by itself; what is not ours to need stands here.
    #[test]
    fn the_table_holds_what_is_sent_outside_scripts() {
        let optional = ["INFO", "CONFIG", "CLUSTER", "WAIT"];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/redis");
        let mut sent = BTreeSet::new();
        let mut folders = vec![folder.clone()];
        let module = std::fs::read_to_string(folder.with_extension("rs")).unwrap();
        sent.extend(quoted(&module, "cmd(\"").map(ToOwned::to_owned));
        while let Some(folder) = folders.pop() {
            for file in std::fs::read_dir(&folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let text = text.split("#[cfg(test)]").next().unwrap();
                    sent.extend(quoted(text, "cmd(\"").map(ToOwned::to_owned));
                }
            }
        }
        for command in optional {
            sent.remove(command);
        }
        let table: BTreeSet<String> = names(ALONE).iter().map(ToString::to_string).collect();
        assert_eq!(table, sent);
    }

    #[test]
    fn what_is_missing_is_named_with_the_rule_that_gives_it() {
        let uses = Uses {
            cluster: false,
            waits: true,
        };
        let place = |name: &str| {
            let at = uses.commands().position(|words| words[0] == name);
            at.unwrap() + 1
        };
        let command = "ERR The user executing the script can't run this command or subcommand";
        let keys = "ERR The user executing the script can't access at least one of the keys \
             mentioned in the command arguments";
        let channel = "ERR The user executing the script can't publish to the channel mentioned in \
             the command";
        let unsaid = "ERR This Redis command is not allowed from script";
        for (refused, rule) in [
            (vec![], None),
            (vec![("RPUSH", command)], Some("+rpush")),
            (vec![("GET", keys), ("RPUSH", keys)], Some("~ordertop:*")),
            (
                vec![("PUBLISH", channel), ("SUBSCRIBE", unsaid)],
                Some("&ordertop:*"),
            ),
            (vec![("SUBSCRIBE", unsaid)], Some("+subscribe")),
            (
                vec![("WAIT", command), ("XADD", command)],
                Some("+wait +xadd"),
            ),
            (
                vec![("XADD", command), ("GET", keys), ("PUBLISH", channel)],
                Some("+xadd ~ordertop:* &ordertop:*"),
            ),
        ] {
            let answer = refused
                .iter()
                .map(|(name, why)| (place(name), (*why).to_owned()));
            let missing = uses.missing(Ok(answer.collect())).unwrap();
            let rule = rule.map(|rule| format!("ACL SETUSER shop {rule}"));
            assert_eq!(
                missing.of(Some("shop")).map(|(_, rule)| rule),
                rule,
                "{refused:?}"
            );
        }
    }
}
