"""A guard before the views of Flask.

::

    tokens = Tokens(os.environb[b"JWT_SECRET_KEY"], "phone-otp", shop=shop)

    @app.get("/wishlist")
    @guard(tokens)
    def wishlist():
        return {"user_id": current_token().claims["user_id"]}
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import abort, g, jsonify, make_response, request

from quickcart import QuickcartError, Token, Tokens

__all__ = ["current_token", "guard"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def guard(tokens: Tokens) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Runs a view only for who shows a token of these; everybody else gets 401 as JSON."""

    def decorate(view: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(view)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                g.quickcart_token = tokens.verify(request.headers.get("Authorization"))
            except QuickcartError as error:
                response = make_response(jsonify(detail=str(error), code=error.code), error.http_status)
                if error.http_status == 401:
                    response.headers["WWW-Authenticate"] = "Bearer"
                abort(response)
            return view(*args, **kwargs)

        return guarded

    return decorate


def current_token() -> Token:
    """What the token of this request proves, in a view behind the guard."""
    return cast(Token, g.quickcart_token)
