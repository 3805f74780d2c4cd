//! Everything a server holds, as bytes.

use super::resp::Connection;

/// Reads every type as what was written. DUMP would not do: it compresses strings and packs numbers, so a
/// search would miss them.
pub(super) fn dump(connection: &mut Connection) -> Vec<u8> {
    let mut lines = Vec::new();
    for database in databases(connection) {
        ask(connection, &[b"SELECT", &database]);
        for key in ask(connection, &[b"KEYS", b"*"]) {
            lines.extend(value(connection, &key));
            lines.push(key);
        }
    }
    lines.join(&b'\n')
}

/// The databases that hold keys: INFO has a line like `db0:keys=1,expires=0` for each.
fn databases(connection: &mut Connection) -> Vec<Vec<u8>> {
    let keyspace = ask(connection, &[b"INFO", b"keyspace"]).concat();
    let number =
        |line: &[u8]| line.strip_prefix(b"db")?.split(|byte| *byte == b':').next().map(<[u8]>::to_vec);
    keyspace.split(|byte| *byte == b'\n').filter_map(number).collect()
}

fn value(connection: &mut Connection, key: &[u8]) -> Vec<Vec<u8>> {
    let kind = ask(connection, &[b"TYPE", key]).concat();
    let command: &[&[u8]] = match kind.as_slice() {
        b"string" => &[b"GET", key],
        b"hash" => &[b"HGETALL", key],
        b"set" => &[b"SMEMBERS", key],
        b"list" => &[b"LRANGE", key, b"0", b"-1"],
        b"zset" => &[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"],
        b"stream" => &[b"XRANGE", key, b"-", b"+"],
        // It has expired meanwhile.
        b"none" => return Vec::new(),
        _ => panic!("how is a {} read?", kind.escape_ascii()),
    };
    ask(connection, command)
}

fn ask(connection: &mut Connection, command: &[&[u8]]) -> Vec<Vec<u8>> {
    connection.command(command).unwrap().into_lines()
}
