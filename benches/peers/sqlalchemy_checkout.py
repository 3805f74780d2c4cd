"""SQLAlchemy as a peer of the bench `checkout`: the same statements, each a transaction of its own, by so many threads.

Reads "CLIENTS COUNT" and answers wall and CPU seconds.
"""

import concurrent.futures
import json
import sys
import time

import psycopg
import sqlalchemy

url = sys.argv[1].replace("postgres://", "postgresql+psycopg://", 1)
engine = sqlalchemy.create_engine(url, pool_size=8, isolation_level="AUTOCOMMIT")
plan = json.loads(sys.argv[2])
read_cart, place = (sqlalchemy.text(plan[name].rstrip(";")) for name in ("read_cart", "place"))


def checkout(user):
    spread = [plan["first_product"] + (user * 7 + line * 1013) % plan["products"] for line in range(3)]
    values = {"user": user, "cart": plan["first_cart"] + user, "p1": spread[0], "p2": spread[1], "p3": spread[2]}
    with engine.connect() as connection:
        assert len(connection.execute(read_cart, values).fetchall()) == 3
        order = connection.execute(place, values).scalar()
    assert order
    return order


print("SQLAlchemy", sqlalchemy.__version__, "with psycopg", psycopg.__version__, flush=True)
for line in sys.stdin:
    clients, count = map(int, line.split())
    users = range(plan["first_user"], plan["first_user"] + count)
    with concurrent.futures.ThreadPoolExecutor(clients) as threads:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in threads.map(lambda first: [checkout(user) for user in users[first::clients]], range(clients)):
            pass
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
