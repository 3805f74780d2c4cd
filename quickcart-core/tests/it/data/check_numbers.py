"""Holds phone_numbers.csv to Google's metadata, read by a second implementation; the tests do not need this.

    pip install phonenumbers && python check_numbers.py
"""

import csv
import pathlib

import phonenumbers
from phonenumbers import PhoneNumberType as Line

DATA = pathlib.Path(__file__).with_name("phone_numbers.csv")
COUNTRIES = {"IN", "BD", "VN"}
MAY_BE_MOBILE = {Line.MOBILE, Line.FIXED_LINE_OR_MOBILE, Line.UNKNOWN}


def read(text, region):
    """The number, or None when it is impossible; read again until nothing is left to strip."""
    if len(text.encode()) > 32 or not set(text) <= set("0123456789+ -.()"):
        return None
    first = read_once(text, region)
    second = first and read_once(e164(first), region)
    third = second and read_once(e164(second), region)
    return second if first == second or third == second else None


def read_once(text, region):
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    return number if reason == phonenumbers.ValidationResult.IS_POSSIBLE else None


def e164(number):
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def expected(text, region):
    """The last three columns: the number, the verdict by default, and the verdict with every country allowed."""
    number = read(text, region)
    if number is None:
        return ["-", "-", "-"]
    line = "ok" if phonenumbers.number_type(number) in MAY_BE_MOBILE else "line"
    allowed = phonenumbers.region_code_for_number(number) in COUNTRIES
    return [e164(number), line if allowed else "country", line]


def main():
    lines = [line for line in DATA.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines[1:]))
    wrong = [(row, expected(*row[:2])) for row in rows if row[2:] != expected(*row[:2])]
    for row, better in wrong:
        print(f"{row} is {better} to phonenumbers {phonenumbers.__version__}")
    print(f"{len(rows)} numbers, {len(wrong)} disagreements")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
