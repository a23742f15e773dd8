"""The sender of the shop's mails. It is read at start and refused if no mail server could accept it."""

import re
from dataclasses import dataclass, replace

_WITH_NAME = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>", re.DOTALL)
_ADDRESS = re.compile(r"[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]+@[0-9A-Za-z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Sender:
    """The display name as it was set, and the address, which is never empty."""

    name: str
    address: str

    def named(self, name: str) -> "Sender":
        """Return the sender with ``name`` unless it already has a name."""
        return self if self.name else replace(self, name=name)

    @property
    def domain(self) -> str:
        """Return the domain of Message-IDs."""
        return self.address.rpartition("@")[2]


def sender(text: str) -> Sender:
    """Parse ``Shop name <shop@example.jp>`` or ``shop@example.jp``. Raises ValueError for anything else.

    The name is all text before the bracket, including commas, colons and other brackets. Quotation marks around the
    whole name, which other programs require, are removed.
    """
    found = _WITH_NAME.fullmatch(text.strip())
    name, address = (found["name"].strip(), found["address"]) if found else ("", text.strip())
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    if not _ADDRESS.fullmatch(address) or _CONTROL.search(name) or "=?" in name:
        raise ValueError("must look like: Shop name <shop@example.jp>")
    return Sender(name, address)
