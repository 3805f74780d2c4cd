"""SQLAlchemy as a peer of the bench `checkout`: the same statements in the same transaction, by so many threads.

Reads "CLIENTS COUNT" and answers wall and CPU seconds.
"""

import concurrent.futures
import json
import sys
import time

import psycopg
import sqlalchemy

engine = sqlalchemy.create_engine(sys.argv[1].replace("postgres://", "postgresql+psycopg://", 1), pool_size=8)
plan = json.loads(sys.argv[2])
lock_cart, take, place = (sqlalchemy.text(plan[name].rstrip(";")) for name in ("lock_cart", "take", "place"))


def checkout(user):
    spread = [plan["first_product"] + (user * 7 + line * 1013) % plan["products"] for line in range(3)]
    values = {"user": user, "cart": plan["first_cart"] + user, "p1": spread[0], "p2": spread[1], "p3": spread[2]}
    with engine.begin() as connection:
        lines = connection.execute(lock_cart, values).fetchall()
        assert len(lines) == 3 and connection.execute(take, values).scalar()
        return connection.execute(place, values).scalar()


print("SQLAlchemy", sqlalchemy.__version__, "with psycopg", psycopg.__version__, flush=True)
for line in sys.stdin:
    clients, count = map(int, line.split())
    users = range(plan["first_user"], plan["first_user"] + count)
    with concurrent.futures.ThreadPoolExecutor(clients) as threads:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in threads.map(lambda first: [checkout(user) for user in users[first::clients]], range(clients)):
            pass
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
