"""A guard before the routes of FastAPI.

::

    signed_in = Guard(Tokens(os.environb[b"JWT_SECRET_KEY"], "phone-otp", shop=shop))

    @app.get("/wishlist")
    def wishlist(token: Annotated[Token, Depends(signed_in)]):
        return {"user_id": token.claims["user_id"]}
"""

from typing import Annotated

from fastapi import Header, HTTPException

from quickcart import QuickcartError, Token, Tokens

__all__ = ["Guard"]


class Guard:
    """A dependency: the token of a request that shows one of these; every other request gets 401."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    # Not a coroutine: FastAPI then calls it in a thread, where it may wait for the shop.
    def __call__(self, authorization: Annotated[str | None, Header()] = None) -> Token:
        try:
            return self._tokens.verify(authorization)
        except QuickcartError as error:
            headers = {"WWW-Authenticate": "Bearer"} if error.http_status == 401 else None
            raise HTTPException(error.http_status, str(error), headers) from error
