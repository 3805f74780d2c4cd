"""The guards before views of Flask and routes of FastAPI."""

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from flask import Flask

from quickcart import Token, Tokens
from quickcart.fastapi import Guard
from quickcart.flask import current_token, guard

TOKENS = Tokens(b"a secret of 32 bytes, or some more", "phone-otp")
MEMBER = {"user_id": 7, "phone": "9876543210", "is_admin": False}


def revoked() -> str:
    text = TOKENS.issue(MEMBER)
    TOKENS.revoke(text)
    return text


REFUSED = [
    ({}, "the Authorization header holds no token"),
    ({"Authorization": "Bearer nonsense"}, "the token is invalid; sign in again"),
    ({"Authorization": f"Bearer {revoked()}"}, "the token was revoked; sign in again"),
]


def flask_app() -> Any:
    app = Flask("host")

    @app.get("/wishlist/<int:page>")
    @guard(TOKENS)
    def wishlist(page: int) -> dict[str, int]:
        return {"user_id": current_token().claims["user_id"], "page": page}

    return app.test_client()


def fastapi_app() -> TestClient:
    app = FastAPI()
    signed_in = Guard(TOKENS)

    @app.get("/wishlist/{page}")
    def wishlist(page: int, token: Annotated[Token, Depends(signed_in)]) -> dict[str, int]:
        return {"user_id": token.claims["user_id"], "page": page}

    return TestClient(app)


def test_flask_runs_a_view_for_who_shows_a_token() -> None:
    client = flask_app()
    for shown in (TOKENS.issue(MEMBER), f"Bearer {TOKENS.issue(MEMBER)}"):
        answer = client.get("/wishlist/2", headers={"Authorization": shown})
        assert (answer.status_code, answer.get_json()) == (200, {"user_id": 7, "page": 2})


@pytest.mark.parametrize(("headers", "detail"), REFUSED)
def test_flask_refuses_everybody_else(headers: dict[str, str], detail: str) -> None:
    answer = flask_app().get("/wishlist/2", headers=headers)
    assert (answer.status_code, answer.get_json()["detail"]) == (401, detail)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_fastapi_runs_a_route_for_who_shows_a_token() -> None:
    client = fastapi_app()
    for shown in (TOKENS.issue(MEMBER), f"Bearer {TOKENS.issue(MEMBER)}"):
        answer = client.get("/wishlist/2", headers={"Authorization": shown})
        assert (answer.status_code, answer.json()) == (200, {"user_id": 7, "page": 2})


@pytest.mark.parametrize(("headers", "detail"), REFUSED)
def test_fastapi_refuses_everybody_else(headers: dict[str, str], detail: str) -> None:
    answer = fastapi_app().get("/wishlist/2", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"detail": detail})
    assert answer.headers["WWW-Authenticate"] == "Bearer"
