"""Servers that load the application once and fork their workers, such as `gunicorn --preload`."""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from quickcart import DeviceGate, InternalError, Otp, RecoveryCodes, Shop, StoreMap, new_totp_secret

if sys.platform == "win32":
    pytest.skip("nothing forks here", allow_module_level=True)

# So that a child that hangs is a failed test.
CHILD_TIME_S = 20


def start_child(work: Callable[[], object], fork: Callable[[], int] = os.fork) -> int:
    """A child that does `work`, and ends well if that does."""
    child = fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(CHILD_TIME_S)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def ends_well(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    return status == 0


def answer_of(work: Callable[[], str]) -> str:
    """What `work` answers in a child."""
    reading, writing = os.pipe()
    child = start_child(lambda: os.write(writing, work().encode()))
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    assert ends_well(child)
    return text


def buy(shop: Shop, phone: str, cart_id: int) -> None:
    user_id = shop.sign_in(phone).user_id
    shop.connect(user_id, cart_id)
    message = b'{"cart_id": %d, "product_id": 1, "weight": 1}' % cart_id
    shop.apply(DeviceGate().parse_add_item(message))
    shop.checkout(user_id)


def orders(shop: Shop, phone: str) -> int:
    return len(shop.orders(shop.sign_in(phone).user_id))


def test_workers_use_the_shop_of_their_parent(shop: Shop) -> None:
    phones = ["9876543210", "9876543211", "9876543212"]
    children = [
        start_child(lambda: buy(shop, phone, cart_id)) for cart_id, phone in enumerate(phones, start=1)
    ]
    buy(shop, "9876543213", 4)
    assert all([ends_well(child) for child in children])
    assert [orders(shop, phone) for phone in phones] == [1, 1, 1]


def test_a_worker_has_workers(shop: Shop) -> None:
    def work() -> None:
        shop.search("milk")
        assert ends_well(start_child(lambda: buy(shop, "9876543210", 1)))
        assert orders(shop, "9876543210") == 1

    assert ends_well(start_child(work))


# Python 3.12 and later warn of the threads of this very test.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_forks_while_threads_are_at_work(shop: Shop) -> None:
    stop = Event()

    def work(cart_id: int) -> None:
        while not stop.is_set():
            buy(shop, f"987654321{cart_id}", cart_id)
            shop.search("milk")

    with ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, cart_id) for cart_id in range(1, 5)]
        try:
            children = [start_child(lambda: shop.search("milk")) for _ in range(10)]
            assert all([ends_well(child) for child in children])
        finally:
            stop.set()
        for each in working:
            each.result()


def test_what_a_worker_commits_survives_its_parent_closing_the_file(path: Path) -> None:
    # SQLite deletes the log of a file when it believes that nobody else has the file open.
    shop = Shop(path, demo=True)
    opened, closed = os.pipe(), os.pipe()

    def work() -> None:
        shop.search("milk")
        os.write(opened[1], b".")
        os.read(closed[0], 1)
        buy(shop, "9876543210", 1)

    child = start_child(work)
    os.close(opened[1])
    assert os.read(opened[0], 1) == b"."
    shop.search("milk")
    shop.close()
    os.write(closed[1], b".")
    assert ends_well(child)
    with Shop(path) as again:
        assert orders(again, "9876543210") == 1


def test_a_worker_ends_as_programs_do(path: Path) -> None:
    shop = Shop(path, demo=True)

    def work() -> None:
        nonlocal shop
        del shop

    assert ends_well(start_child(work))
    assert shop.search("milk")
    shop.close()


def test_workers_draw_codes_of_their_own() -> None:
    otp = Otp(digits=8, resend="replace", cooldown_s=0)
    otp.issue("sign-in", "+919876543210")

    def codes() -> str:
        return " ".join(otp.issue("sign-in", "+919876543210").code for _ in range(4))

    drawn = [answer_of(codes), answer_of(codes), codes()]
    assert len(set(drawn)) == 3


@pytest.mark.parametrize("secret", [new_totp_secret, lambda: RecoveryCodes.generate(1)[0][0]])
def test_workers_make_secrets_of_their_own(secret: Callable[[], str]) -> None:
    secret()
    made = [answer_of(secret), answer_of(secret), secret()]
    assert len(set(made)) == 3


def test_codes_from_before_the_fork_work_in_the_child() -> None:
    otp = Otp()
    code = otp.issue("sign-in", "+919876543210").code
    assert ends_well(start_child(lambda: otp.verify("sign-in", "+919876543210", code)))


def test_a_fork_behind_the_back_of_python_is_refused(path: Path) -> None:
    shop = Shop(path, demo=True)

    def work() -> None:
        nonlocal shop
        with pytest.raises(InternalError) as refused:
            shop.search("milk")
        assert refused.value.code == "forked_open"
        del shop

    # Not through os.fork, so nobody asks the shop to close first.
    assert ends_well(start_child(work, ctypes.PyDLL(None).fork))
    assert shop.search("milk")
    shop.close()


def test_a_map_is_asked_and_changed_on_both_sides() -> None:
    store_map = StoreMap.parse("....\n....\n....\n", technique="search")
    start, goal = (0.5, 0.5), (3.5, 0.5)
    done = Event()

    def ask_and_change() -> None:
        while not done.is_set():
            assert store_map.block(1, 0, 2, 1) == 1
            assert store_map.distances([start], [goal])[0] > 3
            assert store_map.free(1, 0, 2, 1) == 1

    def ask_in_a_child() -> None:
        # The copy is of a moment between two calls.
        store_map.free(1, 0, 2, 1)
        assert store_map.distance(start, goal) == 3

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(ask_and_change)
        assert all(ends_well(start_child(ask_in_a_child)) for _ in range(20))
        done.set()
        working.result()
