"""Who the mails of the shop are from: read once, refused at the start if no mail server could take it."""

import re
from dataclasses import dataclass, replace

_WITH_NAME = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>", re.DOTALL)
_ADDRESS = re.compile(r"[0-9A-Za-z.!#$%&'*+/=?^_`{|}~-]+@[0-9A-Za-z](?:[0-9A-Za-z.-]*[0-9A-Za-z])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Sender:
    """The name that mail programs show, as it was set, and the address, which is never empty."""

    name: str
    address: str

    def named(self, name: str) -> "Sender":
        """Return the sender under ``name`` unless it has one."""
        return self if self.name else replace(self, name=name)

    @property
    def domain(self) -> str:
        """What Message-IDs end in."""
        return self.address.rpartition("@")[2]


def sender(text: str) -> Sender:
    """Read ``Shop name <shop@example.jp>`` or ``shop@example.jp``. Raises ValueError for anything else.

    The name is everything before the bracket: commas, colons and brackets of other kinds are part of it. Quotation
    marks round all of it are not, as other programs want them there.
    """
    found = _WITH_NAME.fullmatch(text.strip())
    name, address = (found["name"].strip(), found["address"]) if found else ("", text.strip())
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    if not _ADDRESS.fullmatch(address) or _CONTROL.search(name) or "=?" in name:
        raise ValueError("must look like: Shop name <shop@example.jp>")
    return Sender(name, address)
