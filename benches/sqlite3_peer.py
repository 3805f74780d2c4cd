"""Python's sqlite3 as a peer of the bench `store`: reads "insert N" or "select N", answers wall and CPU seconds."""

import sqlite3
import sys
import time

path = sys.argv[1]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = NORMAL")
connection.execute("CREATE TABLE item (item_id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_minor INTEGER NOT NULL)")
last = 0


def insert(count):
    global last
    for item_id in range(last + 1, last + count + 1):
        connection.execute("INSERT INTO item (item_id, name, price_minor) VALUES (?, ?, ?)", (item_id, "Toned Milk 1 L", item_id))
    last += count


def select(count):
    for n in range(count):
        item_id = n * 7919 % last + 1
        row = connection.execute("SELECT name, price_minor FROM item WHERE item_id = ?", (item_id,)).fetchone()
        if row != ("Toned Milk 1 L", item_id):
            raise SystemExit(f"item {item_id} is {row}")


print("Python", sys.version.split()[0], "with SQLite", sqlite3.sqlite_version, flush=True)
for line in sys.stdin:
    name, count = line.split()
    wall, cpu = time.perf_counter(), time.process_time()
    {"insert": insert, "select": select}[name](int(count))
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
