"""One-time codes."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import quickcart
from quickcart import InvalidInputError, LimitedError, Otp, UnprocessableError

PURPOSE = "sign-in"
PHONE = "+919876543210"

# For what a type checker would not let pass.
untyped: Any = quickcart


def refusal(otp: Otp, code: str, nonce: str | None = None, transaction: str | None = None) -> str:
    with pytest.raises(InvalidInputError) as refused:
        otp.verify(PURPOSE, PHONE, code, nonce, transaction=transaction)
    return refused.value.code


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


def test_a_code_works_once() -> None:
    otp = Otp(b"a secret of at least some bytes", digits=8)
    issued = otp.issue(PURPOSE, PHONE)
    assert len(issued.code) == 8 and issued.code.isdigit()
    otp.verify(PURPOSE, PHONE, issued.code)
    assert refusal(otp, issued.code) == "otp_not_found"


def test_a_code_is_good_for_its_purpose_and_subject_only() -> None:
    otp = Otp()
    code = otp.issue(PURPOSE, PHONE).code
    for purpose, subject in [("checkout", PHONE), (PURPOSE, "+919876543211")]:
        with pytest.raises(InvalidInputError) as refused:
            otp.verify(purpose, subject, code)
        assert refused.value.code == "otp_not_found"
    otp.verify(PURPOSE, PHONE, code)


def test_wrong_codes_use_up_the_attempts_and_lock() -> None:
    otp = Otp(attempts_max=2)
    code = otp.issue(PURPOSE, PHONE).code
    assert refusal(otp, another(code)) == "otp_wrong"
    assert refusal(otp, another(code)) == "otp_wrong"
    assert refusal(otp, code) == "otp_not_found"
    with pytest.raises(LimitedError) as locked:
        otp.issue(PURPOSE, PHONE)
    assert locked.value.code == "otp_locked"
    assert locked.value.retry_after_s is not None and 50 < locked.value.retry_after_s <= 60


def test_a_second_code_has_to_wait() -> None:
    for otp, cooldown_s in [(Otp(), 30), (Otp(cooldown_s=360), 360)]:
        otp.issue(PURPOSE, PHONE)
        with pytest.raises(LimitedError) as cooling:
            otp.issue(PURPOSE, PHONE)
        assert (cooling.value.code, cooling.value.http_status) == ("otp_cooling_down", 429)
        retry_after_s = cooling.value.retry_after_s
        assert retry_after_s is not None and cooldown_s - 10 < retry_after_s <= cooldown_s
        otp.issue(PURPOSE, "+919876543211")


def test_a_resend_repeats_the_code() -> None:
    otp = Otp(digits=8, cooldown_s=0)
    first, second = otp.issue(PURPOSE, PHONE), otp.issue(PURPOSE, PHONE)
    assert (second.code, second.expires_at, second.is_replay) == (first.code, first.expires_at, False)
    otp.verify(PURPOSE, PHONE, first.code)
    assert refusal(otp, second.code) == "otp_not_found"


def test_a_new_code_takes_the_place_of_the_old_one_when_asked_for() -> None:
    otp = Otp(digits=8, resend="replace", cooldown_s=0)
    old = otp.issue(PURPOSE, PHONE).code
    new = otp.issue(PURPOSE, PHONE).code
    if old != new:
        assert refusal(otp, old) == "otp_wrong"
    otp.verify(PURPOSE, PHONE, new)


def test_a_code_agrees_to_one_transaction() -> None:
    otp = Otp()
    code = otp.issue(PURPOSE, PHONE, transaction="order 42, 199.00 INR").code
    assert refusal(otp, code) == "otp_wrong"
    assert refusal(otp, code, transaction="order 42, 999.00 INR") == "otp_wrong"
    otp.verify(PURPOSE, PHONE, code, transaction="order 42, 199.00 INR")


def test_a_repeated_request_gets_the_same_code() -> None:
    otp = Otp(resend="replace", digits=8)
    first = otp.issue(PURPOSE, PHONE, idempotency_key="a1")
    again = otp.issue(PURPOSE, PHONE, idempotency_key="a1")
    assert (first.is_replay, again.is_replay) == (False, True)
    assert (again.code, again.expires_at) == (first.code, first.expires_at)


def test_a_key_of_another_request_is_refused() -> None:
    otp = Otp()
    otp.issue(PURPOSE, PHONE, idempotency_key="a1")
    for subject, transaction in [("+919876543211", None), (PHONE, "order 42")]:
        with pytest.raises(UnprocessableError) as reused:
            otp.issue(PURPOSE, subject, transaction=transaction, idempotency_key="a1")
        assert (reused.value.code, reused.value.http_status) == ("idempotency_key_reused", 422)
    with pytest.raises(InvalidInputError) as refused:
        otp.issue(PURPOSE, PHONE, idempotency_key="")
    assert refused.value.code == "idempotency_key_empty"


def test_codes_outlive_their_key_by_one() -> None:
    oldest = Otp(b"a secret of at least some bytes", cooldown_s=0)
    code = oldest.issue(PURPOSE, PHONE).code
    newer = oldest.with_newest_key(1, b"a newer secret")
    newest = newer.with_newest_key(2, b"the newest secret")
    assert newest.expires_in_s(PURPOSE, PHONE) is not None
    assert refusal(newest, code) == "otp_not_found"
    newer.verify(PURPOSE, PHONE, code)
    newer.verify(PURPOSE, PHONE, newer.issue(PURPOSE, PHONE).code)


@pytest.mark.parametrize(
    ("key_id", "secret", "code"),
    [(0, b"another", "key_id_invalid"), (1, b"another", "key_id_invalid"), (2, b"", "secret_empty")],
)
def test_a_newer_key_is_another_one(key_id: int, secret: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp().with_newest_key(1, b"a secret").with_newest_key(key_id, secret)
    assert refused.value.code == code


def test_a_nonce_must_be_shown_again() -> None:
    otp = Otp()
    code = otp.issue(PURPOSE, PHONE, nonce="cookie").code
    assert refusal(otp, code) == "otp_not_found"
    assert refusal(otp, code, "another cookie") == "otp_not_found"
    otp.verify(PURPOSE, PHONE, code, nonce="cookie")


def test_codes_say_when_they_expire() -> None:
    otp = Otp(ttl_s=600)
    assert otp.expires_in_s(PURPOSE, PHONE) is None
    before = datetime.now(timezone.utc)
    expires_at = otp.issue(PURPOSE, PHONE).expires_at
    after = datetime.now(timezone.utc)
    assert expires_at.utcoffset() == timedelta(0)
    # The clock of the core counts milliseconds.
    lag = timedelta(milliseconds=1)
    assert before - lag <= expires_at - timedelta(seconds=600) <= after
    left_s = otp.expires_in_s(PURPOSE, PHONE)
    assert left_s is not None and 0 < left_s <= 600


def test_a_fixed_code_is_for_development() -> None:
    otp = Otp(fixed_code="123456")
    assert otp.issue(PURPOSE, PHONE).code == "123456"
    otp.verify(PURPOSE, PHONE, "123456")


def test_engines_share_nothing() -> None:
    secret = b"the same secret"
    code = Otp(secret).issue(PURPOSE, PHONE).code
    assert refusal(Otp(secret), code) == "otp_not_found"


def test_the_code_is_hidden_where_it_is_shown() -> None:
    issued = Otp(fixed_code="123456").issue(PURPOSE, PHONE)
    assert "123456" not in repr(issued)
    assert repr(issued).startswith("Issued(code='***', expires_at=datetime.datetime(")


@pytest.mark.parametrize(
    ("digits", "ttl_s", "attempts_max"),
    [(5, 300, 5), (9, 300, 5), (6, 0, 5), (6, 601, 5), (6, 2**63, 5), (6, 300, 0), (6, 300, 11)],
)
def test_unsafe_rules_are_refused(digits: int, ttl_s: int, attempts_max: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp(digits=digits, ttl_s=ttl_s, attempts_max=attempts_max)
    assert refused.value.code == "policy_invalid"


@pytest.mark.parametrize(
    "rules",
    [
        {"digits": 3, "allow_short_code": True},
        {"cooldown_s": 361},
        {"cooldown_s": 2**63},
        {"resend": "again"},
        {"resend": ""},
    ],
)
def test_impossible_rules_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as refused:
        untyped.Otp(**rules)
    assert refused.value.code == "policy_invalid"


@pytest.mark.parametrize("digits", [4, 5])
def test_a_short_code_has_to_be_asked_for(digits: int) -> None:
    otp = Otp(digits=digits, allow_short_code=True)
    code = otp.issue(PURPOSE, PHONE).code
    assert len(code) == digits
    otp.verify(PURPOSE, PHONE, code)


@pytest.mark.parametrize("code", ["", "123", "123456789", "12345a", "１２３４"])
def test_a_fixed_code_is_digits(code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp(fixed_code=code)
    assert refused.value.code == "fixed_code_invalid"


def test_a_secret_has_bytes() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp(b"")
    assert refused.value.code == "secret_empty"
