"""The facts of the shop that every service shows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ShopIdentity:
    """Who the shop is (SHO-01). Only ``name`` is never empty.

    ``seller`` is the company or person that sells (販売業者). ``logo_path`` is a path of the shop's address. ``mail`` is
    the address for questions. ``registration_number`` is the number of an issuer of qualified invoices (T and 13 digits).
    """

    name: str
    seller: str = ""
    logo_path: str = ""
    postal_code: str = ""
    address: str = ""
    phone: str = ""
    mail: str = ""
    responsible: str = ""
    registration_number: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, Any], *, fallback: "ShopIdentity") -> Self:
        """Return the identity with ``facts``. Without a name it has the name of ``fallback``."""
        known = {one.name: facts[one.name] or "" for one in fields(cls) if one.name in facts}
        return cls(**{**known, "name": known.get("name") or fallback.name})

    @property
    def address_line(self) -> str:
        """Return postal code and address as one line; empty without an address."""
        if not self.address:
            return ""
        code = f"〒{self.postal_code[:3]}-{self.postal_code[3:]} " if self.postal_code else ""
        return f"{code}{self.address}"


NAMELESS = ShopIdentity("オンラインショップ")
"""The shop where nobody has named it."""
