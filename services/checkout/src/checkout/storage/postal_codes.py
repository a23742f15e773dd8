"""Addresses of well-known postal codes, so that a form can fill itself. A code that is not here is typed."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class PostalArea:
    """Where a postal code is; ``address1`` ends before the block number."""

    prefecture: str
    address1: str


@cache
def _areas() -> dict[str, PostalArea]:
    text = files("checkout.storage").joinpath("postal_codes.csv").read_text("utf-8")
    return {code: PostalArea(prefecture, town) for code, prefecture, town in csv.reader(text.splitlines())}


def find_postal_area(code: str) -> PostalArea | None:
    """Return the area of seven digits, or None if we do not know it."""
    return _areas().get(code)
