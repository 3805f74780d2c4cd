"""Python's sqlite3 as a peer of the bench `reads`: the same SQL on the same rows.

Reads "NAME COUNT" and answers wall and CPU seconds, or "answers NAME" and answers the first column of all rows, as JSON.
"""

import itertools
import json
import sqlite3
import sys
import time

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
# The build of Python decides whether there is an index to search.
connection.execute("SELECT rowid FROM product_search LIMIT 1").fetchone()
questions = json.loads(sys.argv[2])


def product(sql, product_id):
    found, foodtypes, allergies = sql
    connection.execute("BEGIN")
    row = connection.execute(found, (product_id,)).fetchone()
    labels = connection.execute(foodtypes, (product_id,)).fetchall() + connection.execute(allergies, (product_id,)).fetchall()
    connection.execute("COMMIT")
    return [row, *labels]


def search(sql, text):
    connection.execute("BEGIN")
    rows = connection.execute(sql[0], (text, 500, 0)).fetchall()
    connection.execute("COMMIT")
    return rows


def cart(sql, user_id):
    found, lines = sql
    connection.execute("BEGIN")
    row = connection.execute(found, (user_id,)).fetchone()
    rows = connection.execute(lines, (row[0],)).fetchall()
    connection.execute("COMMIT")
    return [row, *rows]


READS = {"product": product, "search": search, "cart": cart}

print("Python", sys.version.split()[0], "with SQLite", sqlite3.sqlite_version, flush=True)
for line in sys.stdin:
    first, second = line.split()
    if first == "answers":
        read, question = READS[second], questions[second]
        print(json.dumps([[row[0] for row in read(question["sql"], value)] for value in question["values"]]), flush=True)
        continue
    read, sql = READS[first], questions[first]["sql"]
    values = itertools.islice(itertools.cycle(questions[first]["values"]), int(second))
    wall, cpu = time.perf_counter(), time.process_time()
    for value in values:
        read(sql, value)
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
