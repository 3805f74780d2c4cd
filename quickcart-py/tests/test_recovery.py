"""Recovery codes."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from quickcart import InternalError, InvalidInputError, RecoveryCodes

# Of the codes 0123-4567-89AB-CDEF and GHJK-MNPQ-RSTV-WXYZ, as OpenSSL's Argon2id hashes them.
STORED = (
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw"
    "$Hpjq6sx5xSe4QXQKhcuO/auKotpZoyBkuzXXQ3p0CYs$YC7EqdDCsbyXfJEfLVr/Uuj2Yr1UaUyV5GByUMfzN4s"
)


def redeemed(stored: str, code: str) -> str:
    after = RecoveryCodes.redeem(stored, code)
    assert after is not None
    return after


def test_a_code_works_once() -> None:
    codes, stored = RecoveryCodes.generate(2)
    assert len(codes) == RecoveryCodes.left(stored) == 2
    after = redeemed(stored, codes[1].lower())
    assert RecoveryCodes.left(after) == 1
    assert RecoveryCodes.redeem(after, codes[1]) is None
    assert RecoveryCodes.left(redeemed(after, codes[0])) == 0


def test_a_list_has_ten_codes() -> None:
    codes, stored = RecoveryCodes.generate()
    assert len(set(codes)) == RecoveryCodes.left(stored) == 10
    assert all(re.fullmatch("([0-9A-Z]{4}-){3}[0-9A-Z]{4}", code) for code in codes)
    assert not any(code in stored for code in codes)


def test_the_stored_form_stays() -> None:
    after = redeemed(redeemed(STORED, "0123-4567-89AB-CDEF"), "ghjk mnpq rstv wxyz")
    assert after == STORED[: STORED.index("$Hpjq")]


@pytest.mark.parametrize("code", ["", "0123", "0123-4567-89AB-CDEU", "CDEF-89AB-4567-0123"])
def test_wrong_codes_use_up_nothing(code: str) -> None:
    assert RecoveryCodes.redeem(STORED, code) is None


def test_threads_hash_at_the_same_time() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: RecoveryCodes.redeem(STORED, "0123-4567-89AB-CDEF"), range(8)))
    assert len(set(found)) == 1 and found[0] is not None


@pytest.mark.parametrize("count", [0, 21, 255])
def test_a_list_has_one_to_twenty_codes(count: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        RecoveryCodes.generate(count)
    assert refused.value.code == "recovery_count_invalid"


@pytest.mark.parametrize("stored", ["", STORED + "$", STORED.replace("m=19456", "m=8"), STORED.replace("ODw$", "$")])
def test_damaged_values_are_no_fault_of_the_client(stored: str) -> None:
    for action in (lambda: RecoveryCodes.redeem(stored, "0123-4567-89AB-CDEF"), lambda: RecoveryCodes.left(stored)):
        with pytest.raises(InternalError) as refused:
            action()
        assert (refused.value.code, refused.value.http_status) == ("recovery_codes_damaged", 500)
        assert str(refused.value) == "the stored recovery codes are damaged"
        assert "stored recovery codes" in str(refused.value.__cause__)
