"""One-time codes."""

from datetime import datetime, timedelta, timezone

import pytest

from quickcart import InvalidInputError, Otp

PURPOSE = "sign-in"
PHONE = "+919876543210"


def refusal(otp: Otp, code: str, nonce: str | None = None) -> str:
    with pytest.raises(InvalidInputError) as refused:
        otp.verify(PURPOSE, PHONE, code, nonce)
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


def test_wrong_codes_use_up_the_attempts() -> None:
    otp = Otp(attempts_max=2)
    code = otp.issue(PURPOSE, PHONE).code
    assert refusal(otp, another(code)) == "otp_wrong"
    assert refusal(otp, another(code)) == "otp_wrong"
    assert refusal(otp, code) == "otp_not_found"


def test_a_new_code_takes_the_place_of_the_old_one() -> None:
    otp = Otp(digits=8)
    old = otp.issue(PURPOSE, PHONE).code
    new = otp.issue(PURPOSE, PHONE).code
    if old != new:
        assert refusal(otp, old) == "otp_wrong"
    otp.verify(PURPOSE, PHONE, new)


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
    [(3, 300, 5), (9, 300, 5), (6, 0, 5), (6, 601, 5), (6, 2**63, 5), (6, 300, 0), (6, 300, 11)],
)
def test_unsafe_rules_are_refused(digits: int, ttl_s: int, attempts_max: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp(digits=digits, ttl_s=ttl_s, attempts_max=attempts_max)
    assert refused.value.code == "policy_invalid"


@pytest.mark.parametrize("code", ["", "123", "123456789", "12345a", "１２３４"])
def test_a_fixed_code_is_digits(code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp(fixed_code=code)
    assert refused.value.code == "fixed_code_invalid"


def test_a_secret_has_bytes() -> None:
    with pytest.raises(InvalidInputError) as refused:
        Otp(b"")
    assert refused.value.code == "secret_empty"
