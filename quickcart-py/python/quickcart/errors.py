"""The exceptions of quickcart: one base class, and one subclass for each kind of failure.

Each says its stable ``code`` to match on, the ``http_status`` that fits, and in ``retry_after_s`` how long to wait before
the same request may succeed, where that is known. ``str(error)`` is meant for the client and holds no internals; what
happened inside is in ``__cause__``, for the log.
"""

from __future__ import annotations

__all__ = [
    "ConflictError",
    "ForbiddenError",
    "InternalError",
    "InvalidInputError",
    "LimitedError",
    "NotFoundError",
    "QuickcartError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnprocessableError",
]


class QuickcartError(Exception):
    """What quickcart raises."""

    code: str
    http_status: int
    retry_after_s: float | None

    def __init__(self, message: str, code: str, http_status: int, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[type[QuickcartError], tuple[str, str, int, float | None]]:
        # Exceptions cross process borders in Celery and multiprocessing.
        return type(self), (str(self), self.code, self.http_status, self.retry_after_s)


class InvalidInputError(QuickcartError):
    """The request can never succeed as it stands."""


class UnauthenticatedError(QuickcartError):
    """The caller did not prove who they are."""


class ForbiddenError(QuickcartError):
    """The caller may not do this."""


class NotFoundError(QuickcartError):
    """The thing that was named does not exist."""


class ConflictError(QuickcartError):
    """The thing exists, but its state forbids this now."""


class UnprocessableError(QuickcartError):
    """The request contradicts one that was made before."""


class LimitedError(QuickcartError):
    """Too many requests; see ``retry_after_s``."""


class UnavailableError(QuickcartError):
    """Something this depends on does not answer; the same request may succeed later."""


class InternalError(QuickcartError):
    """A defect or damaged data on our side."""
