"""What the tests share: a demo shop in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quickcart import Shop


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def shop(path: Path) -> Iterator[Shop]:
    with Shop(path, demo=True) as shop:
        yield shop
