"""Threads share a shop, and a thread that waits for it holds up no other."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Barrier, Event

import pytest

from quickcart import ConflictError, DeviceGate, InvalidInputError, Otp, Shop

THREADS = 8


def test_threads_search_at_once(shop: Shop) -> None:
    expected = shop.search("milk")
    start = Barrier(THREADS)

    def search(_: int) -> bool:
        start.wait()
        return all(shop.search("milk") == expected for _ in range(50))

    with ThreadPoolExecutor(THREADS) as threads:
        assert all(threads.map(search, range(THREADS)))


WRITE_UNTIL_TOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("writing", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


@contextmanager
def another_writer(path: Path) -> Iterator[Popen[str]]:
    """A process that writes into the file until it reads a line. Only one can write at a time."""
    # A process of its own: two copies of SQLite in one process do not see each other's locks.
    with Popen([sys.executable, "-c", WRITE_UNTIL_TOLD, str(path)], stdin=PIPE, stdout=PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        yield writer


def test_a_waiting_writer_holds_up_nobody(path: Path, shop: Shop) -> None:
    started = Event()

    def start_and_write() -> int:
        started.set()
        return shop.sign_in("9876543210").user_id

    with another_writer(path) as writer, ThreadPoolExecutor(1) as threads:
        writing = threads.submit(start_and_write)
        started.wait()
        for _ in range(20):
            assert shop.search("milk")
        assert not writing.done()
        # If the waiting thread kept the interpreter, this one could not say so before that one has given up.
        writer.communicate("enough\n")
        assert writing.result() == 1


def test_pieces_that_come_at_once_are_all_counted(shop: Shop) -> None:
    user_id = shop.sign_in("9876543210").user_id
    shop.connect(user_id, 1)
    event = DeviceGate().parse_add_item(b'{"cart_id": 1, "product_id": 1, "weight": 1}')

    def put_in(_: int) -> None:
        for _ in range(5):
            shop.apply(event)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(put_in, range(THREADS)))
    assert shop.cart(user_id).lines[0].quantity == 5 * THREADS


def test_one_thread_of_many_can_use_a_code() -> None:
    otp = Otp(attempts_max=10)
    code = otp.issue("sign-in", "+919876543210").code

    def verify(_: int) -> bool:
        try:
            otp.verify("sign-in", "+919876543210", code)
        except InvalidInputError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as threads:
        assert sum(threads.map(verify, range(THREADS))) == 1


def test_a_shop_can_be_closed_under_way(path: Path) -> None:
    shop = Shop(path, demo=True)
    searched = Event()

    def search_until_closed(_: int) -> None:
        with pytest.raises(ConflictError):
            while True:
                shop.search("milk")
                searched.set()

    with ThreadPoolExecutor(THREADS) as threads:
        results = threads.map(search_until_closed, range(THREADS))
        searched.wait()
        shop.close()
        list(results)
