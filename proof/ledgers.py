"""The providers' ledgers: the truth about money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Movement:
    """One line of a provider's ledger: the truth about money, which no service can write.

    ``kind`` is the provider's own word, ``amount`` integer yen. ``charge`` is what may be captured once (a
    charge, a number), ``reference`` what we gave it to know it by (an order's code, a payment's id), ``key``
    the idempotency key of the request. ``order_code`` is empty where the provider knows none (a transfer).
    """

    method: str
    kind: str
    amount: int
    charge: str
    reference: str
    key: str
    at: str
    order_code: str = ""


class Ledgers:
    """The ledgers of all providers' simulators."""

    def __init__(self, simulator_urls: Mapping[str, str], client: httpx.AsyncClient) -> None:
        self._urls = simulator_urls
        self._client = client

    async def movements(self) -> list[Movement]:
        """Return all movements of all providers, each provider's oldest first."""
        return [
            movement
            for method, url in self._urls.items()
            for movement in movements_of(method, await self._entries(url))
        ]

    async def _entries(self, url: str) -> list[dict[str, Any]]:
        answer = await self._client.get(f"{url}/ledger")
        answer.raise_for_status()
        return list(answer.json()["entries"])


def movements_of(method: str, entries: Sequence[Mapping[str, Any]]) -> list[Movement]:
    """Read one provider's ledger. A reference may stand only on the first line of a charge."""

    def first(row: Mapping[str, Any], *names: str) -> str:
        return str(next((row[name] for name in names if row.get(name)), ""))

    found: list[Movement] = []
    known: dict[str, str] = {}
    for row in entries:
        reference = first(row, "merchant_reference_id", "reference")
        charge = first(row, "charge_id", "number_id") or reference
        if charge:
            reference = known.setdefault(charge, reference)
        key, at = first(row, "idempotency_key", "key"), str(row["at"])
        amount = int(row.get("amount") or 0)
        found.append(Movement(method, str(row["kind"]), amount, charge, reference, key, at))
    return found
