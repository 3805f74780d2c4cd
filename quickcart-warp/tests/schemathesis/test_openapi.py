"""Holds the built program to its own description: it is OpenAPI 3.1, and whatever is asked is answered as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from itertools import count, dropwhile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CODE = "424242"
ADMIN_KEY = "the-admin-key-of-this-test"
PASSWORD = "secret12"
EMAIL = "asha@example.com"
# Of each operation; with the cases of the coverage phase, which are counted by the description, a run takes a minute or two.
EXAMPLES_MAX = 25
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# What of the description is asked by whom; everything by anybody.
OPERATIONS = {
    "anybody": [],
    "shopper": ["--include-tag", "smart-cart"],
    "customer": ["--include-path", "/auth/me", "--include-path", "/users/me"],
    "employee": ["--include-path", "/auth/me", "--include-path", "/users/me"],
    "book buyer": ["--include-tag", "book-order"],
    "administrator": ["--include-tag", "admin", "--include-tag", "book-order"],
}


def program() -> Path:
    """As `cargo xtask test` names it, or where cargo puts it by itself."""
    target = Path(__file__).parents[3] / "target"
    return Path(os.environ.get("QUICKCART_WARP", target / "debug" / "quickcart-warp")).resolve()


class Shop:
    """A server in development, and everybody who has a token of it. All that they ask is held to the description, too."""

    def __init__(self, url: str, output: Iterator[str]) -> None:
        self.url = url
        self.description = schemathesis.openapi.from_url(f"{url}/openapi.json")
        self._numbers = (str(number) for number in count(9876543210))
        self._output = output
        self._register()
        self._book_buyer = self._order_books()

    def ask(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        case = self.description[path]["POST"].Case(body=body, media_type="application/json", headers=headers)
        response = case.call_and_validate(checks=CHECKS)
        assert response.status_code < 300, (path, response.text)
        return response

    def headers(self, who: str) -> dict[str, str]:
        """What they show; a token that nobody else has, where they may sign in again."""
        if who == "anybody":
            return {}
        if who == "administrator":
            return {"X-Admin-Key": ADMIN_KEY}
        if who == "book buyer":
            return bearer(self._book_buyer)
        sign_in = {"shopper": self._shopper, "member": self._member, "administrator of members": self._admin}
        return bearer(sign_in[who]() if who in sign_in else self._log_in(who))

    def _shopper(self) -> str:
        """Somebody who has a cart."""
        number = {"mobile_number": next(self._numbers)}
        asked = self.ask("/auth/verify_mobile", number)
        cookie = {"Cookie": asked.headers["set-cookie"][0].split(";")[0]}
        token = str(self.ask("/auth/verify_otp", number | {"otp": CODE}, cookie).json()["token"])
        self.ask("/cart/connect", NOT_SET, bearer(token))
        return token

    def _member(self) -> str:
        number = next(self._numbers)
        sent = self.ask("/api/auth/send-otp", {"phoneNumber": number}).json()
        self.ask("/api/auth/verify-otp", {"phoneNumber": number, "otp": sent["otp"]})
        made = self.ask("/api/auth/complete-profile", {"phone": number, "name": "Asha"})
        return str(made.json()["token"])

    def _admin(self) -> str:
        proof = {"username": "asha", "password": PASSWORD}
        return str(self.ask("/api/auth/admin-login", proof).json()["token"])

    def _register(self) -> None:
        email = {"email": EMAIL}
        self.ask("/auth/register/initiate", email)
        self.ask("/auth/register/verify-otp", email | {"otp": self._sent_code()})
        self.ask("/auth/register/set-password", email | {"password": PASSWORD})
        details = {"hoTen": "Nguyễn Văn An", "SDT": "0900000001", "CCCD": "012345678901", "diaChi": "Hà Nội"}
        self.ask("/auth/register/complete", email | details)

    def _log_in(self, who: str) -> str:
        email = {"customer": EMAIL, "employee": "staff@example.com"}[who]
        proof = {"email": email, "password": PASSWORD}
        return str(self.ask("/auth/login", proof).json()["access_token"])

    def _order_books(self) -> str:
        books = [{"id": "1", "title": "Milk", "price": 55, "quantity": 1}]
        order = {"phone_number": "+8801712345678", "address": "12 Road", "payment_method": "cash_on_delivery"}
        token = str(self.ask("/orders/initiate", order | {"books": books}).json()["session_token"])
        self.ask("/orders/verify", {"session_token": token, "pin_code": self._sent_code()})
        return token

    def _sent_code(self) -> str:
        """In development the server prints what it would send."""
        message = dropwhile(lambda line: not line.startswith("message to "), self._output)
        codes = (re.search(r"(?<![\d*])\d{6}(?!\d)", line) for line in message)
        return next(code[0] for code in codes if code is not None)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """On a free port, with a database of its own that has an employee and an administrator of members."""
    env = {
        "QUICKCART_LISTEN": "127.0.0.1:0",
        "FIXED_OTP": CODE,
        "QUICKCART_ADMIN_KEY": ADMIN_KEY,
        "QUICKCART_LOG": "error",
        # Whoever asks for hundreds of codes and shows none is closed out, and then nobody could sign in.
        "QUICKCART_PUMPING_WATCH": "false",
        "QUICKCART_LIMIT_PREFIX": "off",
    }
    folder = tmp_path_factory.mktemp("shop")
    state = Path(__file__).parents[1] / "replay" / "fixtures.json"
    subprocess.run([program(), "import", state], cwd=folder, env=env, check=True)
    name = ["administrator", "asha", "--phone", "9876543299", "--name", "Asha"]
    subprocess.run([program(), *name], cwd=folder, env=env, input=PASSWORD, text=True, check=True)
    with subprocess.Popen([program()], cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            first = server.stdout.readline()
            assert " listens on " in first, first
            shop = Shop(next(word for word in first.split() if word.startswith("http://")), server.stdout)
            # Whoever prints has to be read.
            threading.Thread(target=deque, args=(server.stdout, 0), daemon=True).start()
            yield shop
        finally:
            server.terminate()


def test_the_description_is_openapi_3_1(shop: Shop) -> None:
    description = shop.description.raw_schema
    assert [str(error) for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


@pytest.mark.parametrize("who", OPERATIONS)
def test_answers_are_as_described(shop: Shop, who: str, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-m", "schemathesis.cli", "run", f"{shop.url}/openapi.json"]
    command += ["--checks", ",".join(check.__name__ for check in CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing"]
    command += ["--max-examples", str(EXAMPLES_MAX), "--generation-deterministic"]
    command += ["--no-color", "--warnings", "off", *OPERATIONS[who]]
    for header in shop.headers(who).items():
        command += ["--header", ": ".join(header)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr


@pytest.mark.parametrize("who", ["shopper", "member", "administrator of members", "customer", "employee"])
def test_a_token_ends_as_described(shop: Shop, who: str) -> None:
    # The last one ends whatever its bearer gets in the same second, too.
    for action, done in [("refresh", 200), ("revoke", 204), ("revoke-all", 204)]:
        case = shop.description[f"/v1/tokens/{action}"]["POST"].Case(headers=shop.headers(who))
        statuses = [case.call_and_validate(checks=CHECKS).status_code for _ in range(2)]
        assert statuses == [done, 401], action
