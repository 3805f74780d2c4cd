"""Who may come in: tokens that the server issued, or the program itself."""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import quickcart
from quickcart import InvalidInputError, Shop, Token, Tokens, UnauthenticatedError

# For what a type checker would not let pass.
untyped: Any = quickcart

SECRET = b"a secret of 32 bytes, or some more"
SHOPPER = {"user_id": 7}
MEMBER = {"user_id": 7, "phone": "9876543210", "is_admin": False}


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(UnauthenticatedError) as refused:
        work()
    assert refused.value.http_status == 401
    return refused.value.code


def signed(claims: dict[str, Any], secret: bytes = SECRET) -> str:
    """A token as another program writes it (RFC 7519)."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + "." + part(json.dumps(claims).encode())
    return head + "." + part(hmac.new(secret, head.encode(), hashlib.sha256).digest())


def test_says_who_it_is_of() -> None:
    tokens = Tokens(SECRET, "phone-otp")
    text = tokens.issue(MEMBER)
    for shown in (text, f"Bearer {text}", f"bearer  {text} "):
        token = tokens.verify(shown)
        assert isinstance(token, Token)
        assert {**token.claims, **MEMBER} == token.claims
        assert (token.group, token.expires_at - token.issued_at) == ("phone-otp", timedelta(days=7))
        assert token.token_id
        assert "9876543210" not in repr(token)


def test_reads_what_the_server_issued() -> None:
    now = int(time.time())
    registered = {"aud": "smart-cart", "jti": "a", "iat": now, "exp": now + 60}
    assert Tokens(SECRET).verify(signed({**SHOPPER, **registered})).claims["user_id"] == 7
    expired = signed({**SHOPPER, **registered, "exp": now - 1})
    assert refusal(lambda: Tokens(SECRET).verify(expired)) == "token_expired"


@pytest.mark.parametrize("shown", [None, "", "  ", "Bearer", "Bearer "])
def test_nothing_is_shown(shown: str | None) -> None:
    assert refusal(lambda: Tokens(SECRET).verify(shown)) == "token_missing"


def test_proves_nothing_elsewhere() -> None:
    tokens = Tokens(SECRET)
    text = tokens.issue(SHOPPER)
    for other in (Tokens(SECRET, "phone-otp"), Tokens(SECRET, "registration"), Tokens(b"another secret")):
        assert refusal(lambda other=other: other.verify(text)) == "token_invalid"  # type: ignore[misc]
    for shown in ("nonsense", "a.b.c", text[:-2], "é" * 9, "x" * 100_000):
        assert refusal(lambda shown=shown: tokens.verify(shown)) == "token_invalid"  # type: ignore[misc]


def test_a_revoked_token_ends_and_the_others_hold() -> None:
    tokens = Tokens(SECRET)
    first, second, stranger = tokens.issue(SHOPPER), tokens.issue(SHOPPER), tokens.issue({"user_id": 8})
    assert tokens.revoke(first)
    assert refusal(lambda: tokens.verify(first)) == "token_revoked"
    assert refusal(lambda: tokens.revoke(first)) == "token_revoked"
    assert tokens.verify(second).claims["user_id"] == 7
    tokens.revoke_all(second)
    assert refusal(lambda: tokens.verify(second)) == "token_revoked"
    assert tokens.verify(stranger).claims["user_id"] == 8


def test_the_shop_remembers_what_was_revoked(path: Path, shop: Shop) -> None:
    tokens = Tokens(SECRET, shop=shop)
    text = tokens.issue(SHOPPER)
    tokens.revoke(text)
    assert refusal(lambda: Tokens(SECRET, shop=shop).verify(text)) == "token_revoked"
    with Shop(path) as same:
        assert refusal(lambda: Tokens(SECRET, shop=same).verify(text)) == "token_revoked"
    assert Tokens(SECRET).verify(text).claims["user_id"] == 7, "without the shop nobody knows"


def test_what_somebody_else_revoked_is_known_soon(shop: Shop) -> None:
    here, there = Tokens(SECRET, shop=shop), Tokens(SECRET, shop=shop)
    text = here.issue(SHOPPER)
    here.revoke(text)
    deadline = time.monotonic() + 30
    while True:
        try:
            there.verify(text)
        except UnauthenticatedError as error:
            assert error.code == "token_revoked"
            break
        assert time.monotonic() < deadline


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_child_goes_on_with_the_same_tokens(shop: Shop) -> None:
    tokens = Tokens(SECRET, shop=shop)
    text = tokens.issue(SHOPPER)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if tokens.verify(text).claims["user_id"] == 7 and tokens.revoke(text) else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert refusal(lambda: Tokens(SECRET, shop=shop).verify(text)) == "token_revoked"


def test_wrong_settings_and_claims_are_refused() -> None:
    for arguments in ((b"",), (SECRET, "everything")):
        with pytest.raises(InvalidInputError):
            untyped.Tokens(*arguments)
    for claims in ({}, {"user_id": "7"}, {"user_id": 2**64}):
        with pytest.raises(InvalidInputError) as refused:
            untyped.Tokens(SECRET).issue(claims)
        assert refused.value.code == "claims_invalid"
