"""Holds the built program to its own description: it is OpenAPI 3.1, and whatever is asked is answered as it says."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

CODE = "424242"
NUMBER = "9876543210"
ADMIN_KEY = "the-admin-key-of-this-test"
# Of each operation; with the cases of the coverage phase, which are counted by the description, a run takes a minute or two.
EXAMPLES_MAX = 25
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]


def program() -> Path:
    """As `cargo xtask test` names it, or where cargo puts it by itself."""
    target = Path(__file__).parents[3] / "target"
    return Path(os.environ.get("QUICKCART_WARP", target / "debug" / "quickcart-warp")).resolve()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in development, on a free port, with a database of its own."""
    settings = {
        "QUICKCART_LISTEN": "127.0.0.1:0",
        "FIXED_OTP": CODE,
        "QUICKCART_ADMIN_KEY": ADMIN_KEY,
        "QUICKCART_LOG": "error",
    }
    folder = tmp_path_factory.mktemp("shop")
    with subprocess.Popen([program()], cwd=folder, env=settings, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            first = server.stdout.readline()
            assert " listens on " in first, first
            yield next(word for word in first.split() if word.startswith("http://"))
        finally:
            server.terminate()


def ask(
    url: str, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[Any, str]:
    """The JSON of the answer, and its cookie."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    all_headers = {"Content-Type": "application/json"} | (headers or {})
    connection.request(method, path, json.dumps(body) if body else None, all_headers)
    response = connection.getresponse()
    text = response.read()
    assert response.status == 200, (path, text)
    return json.loads(text), response.headers.get("Set-Cookie", "").split(";")[0]


def sign_in(url: str) -> str:
    """The token of a shopper who has a trolley."""
    _, cookie = ask(url, "POST", "/auth/verify_mobile", {"mobile_number": NUMBER})
    proof = {"mobile_number": NUMBER, "otp": CODE}
    signed_in, _ = ask(url, "POST", "/auth/verify_otp", proof, {"Cookie": cookie})
    token = str(signed_in["token"])
    ask(url, "POST", "/cart/connect", {"cart_id": 1}, {"Authorization": f"Bearer {token}"})
    return token


def test_the_description_is_openapi_3_1(url: str) -> None:
    description, _ = ask(url, "GET", "/openapi.json")
    assert [str(error) for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


@pytest.mark.parametrize("who", ["anybody", "shopper", "administrator"])
def test_answers_are_as_described(url: str, who: str, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-m", "schemathesis.cli", "run", f"{url}/openapi.json"]
    command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"]
    command += ["--max-examples", str(EXAMPLES_MAX), "--generation-deterministic"]
    command += ["--no-color", "--warnings", "off"]
    if who == "shopper":
        command += ["--include-tag", "smart-cart", "--header", f"Authorization: Bearer {sign_in(url)}"]
    if who == "administrator":
        command += ["--include-tag", "admin", "--include-tag", "book-order"]
        command += ["--header", f"X-Admin-Key: {ADMIN_KEY}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
