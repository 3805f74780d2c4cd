"""The codes of authenticator apps."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import quickcart
from quickcart import InvalidInputError, LimitedError, Otp, Totp, new_totp_secret

# For what a type checker would not let pass.
untyped: Any = quickcart

# RFC 6238, appendix B: the secrets "12345678901234567890…" of 20, 32 and 64 bytes.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_SECRET_32 = RFC_SECRET + "GEZDGNBVGY3TQOJQGEZA===="
RFC_SECRET_64 = RFC_SECRET * 3 + "GEZDGNA="

PURPOSE = "sign-in with an app"
USER = "42"


def now() -> datetime:
    return datetime.now(timezone.utc)


def refusal(otp: Otp, totp: Totp, secret: str, code: str) -> str:
    with pytest.raises(InvalidInputError) as refused:
        otp.verify_totp(PURPOSE, USER, totp, secret, code)
    return refused.value.code


def wrong(totp: Totp, secret: str) -> str:
    """A code that is not shown within some minutes."""
    near = {totp.code_at(secret, now() + timedelta(seconds=30 * step)) for step in range(-5, 6)}
    return next(code for code in map("{:06}".format, range(20)) if code not in near)


@pytest.mark.parametrize(
    ("totp", "secret", "second", "code"),
    [
        (Totp(digits=8), RFC_SECRET, 59, "94287082"),
        (Totp("sha256", 8), RFC_SECRET_32, 59, "46119246"),
        (Totp("sha512", 8), RFC_SECRET_64, 59, "90693936"),
        (Totp(digits=8), RFC_SECRET, 20_000_000_000, "65353130"),
        (Totp(), "gezd gnbv-gy3t qojq gezd gnbv gy3t qojq", 59, "287082"),
    ],
)
def test_agrees_with_rfc_6238(totp: Totp, secret: str, second: int, code: str) -> None:
    at = datetime.fromtimestamp(second, timezone.utc)
    assert totp.code_at(secret, at) == code
    assert totp.code_at(secret, at.astimezone(timezone(timedelta(hours=5, minutes=30)))) == code


def test_an_instant_has_a_time_zone() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Totp().code_at(RFC_SECRET, datetime(2026, 1, 1))
    assert refused.value.code == "time_zone_missing"


def test_the_qr_code_says_everything() -> None:
    uri = Totp("sha256", digits=8, period_s=60).uri(RFC_SECRET, "QuickCart", "asha@example.com")
    assert uri == (
        f"otpauth://totp/QuickCart:asha%40example.com?secret={RFC_SECRET}"
        "&issuer=QuickCart&algorithm=SHA256&digits=8&period=60"
    )


def test_a_code_works_once() -> None:
    otp, totp, secret = Otp(), Totp(), new_totp_secret()
    code = totp.code_at(secret, now())
    otp.verify_totp(PURPOSE, USER, totp, secret, code)
    assert refusal(otp, totp, secret, code) == "otp_not_found"
    otp.verify_totp(PURPOSE, "43", totp, secret, code)


def test_a_clock_may_be_off_by_the_skew() -> None:
    secret = new_totp_secret()
    for late_s, skew, works in [(30, 1, True), (60, 2, True), (120, 1, False), (120, 2, False)]:
        totp = Totp(skew=skew)
        code = totp.code_at(secret, now() - timedelta(seconds=late_s - 5))
        if works:
            Otp().verify_totp(PURPOSE, USER, totp, secret, code)
        else:
            assert refusal(Otp(), totp, secret, code) == "otp_wrong"


def test_wrong_codes_lock() -> None:
    otp, totp, secret = Otp(attempts_max=2), Totp(), new_totp_secret()
    assert refusal(otp, totp, secret, wrong(totp, secret)) == "otp_wrong"
    assert refusal(otp, totp, secret, "") == "otp_wrong"
    with pytest.raises(LimitedError) as locked:
        otp.verify_totp(PURPOSE, USER, totp, secret, totp.code_at(secret, now()))
    assert locked.value.code == "otp_locked"
    assert locked.value.retry_after_s is not None and 50 < locked.value.retry_after_s <= 60


def test_secrets_are_new() -> None:
    secrets = {new_totp_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {32}


@pytest.mark.parametrize("secret", ["", "GEZDGNBVGY3TQOJQ", RFC_SECRET * 4, "0" * 32, RFC_SECRET + "é"])
def test_a_secret_is_base32_of_16_to_64_bytes(secret: str) -> None:
    for action in (
        lambda: Totp().uri(secret, "QuickCart", "Asha"),
        lambda: Totp().code_at(secret, now()),
        lambda: Otp().verify_totp(PURPOSE, USER, Totp(), secret, "123456"),
    ):
        with pytest.raises(InvalidInputError) as refused:
            action()
        assert refused.value.code == "totp_secret_invalid"


@pytest.mark.parametrize(
    "rules",
    [
        {"algorithm": "SHA1"},
        {"algorithm": "md5"},
        {"digits": 5},
        {"digits": 9},
        {"period_s": 14},
        {"period_s": 121},
        {"period_s": 2**63},
        {"skew": 3},
    ],
)
def test_unsafe_rules_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        untyped.Totp(**rules)
    assert refused.value.code == "totp_invalid"
