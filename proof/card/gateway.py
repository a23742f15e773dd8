"""The card gateway: holds and takes money after a fixed time, once for each key.

    python -m proof.card.gateway PORT DELAY_MS

``GET /ledger`` is the truth about money, in the form that the checkers read.
"""

import asyncio
import sys
import time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KINDS = {"authorize": "authorized", "capture": "captured", "void": "voided", "refund": "refunded"}


class Gateway:
    """Charges in memory. A repeated key gets the first answer; nothing is done twice."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._entries: list[dict[str, Any]] = []
        self._of_charge: dict[str, list[dict[str, Any]]] = {}
        self._by_key: dict[str, dict[str, Any]] = {}

    async def act(self, request: Request) -> JSONResponse:
        """Do what is asked, and answer after the gateway's own time."""
        charge, do = request.path_params["charge"], request.path_params["do"]
        wish = await request.json()
        entry = self._by_key.get(wish["key"])
        if entry is None:
            entry = {
                "number": len(self._entries) + 1,
                "kind": KINDS[do],
                "charge_id": charge,
                "merchant_reference_id": charge,
                "amount": wish["amount"],
                "key": wish["key"],
                "at": time.time(),
            }
            self._entries.append(entry)
            self._of_charge.setdefault(charge, []).append(entry)
            self._by_key[wish["key"]] = entry
        await asyncio.sleep(self._delay_seconds)
        return JSONResponse(entry)

    async def charge(self, request: Request) -> JSONResponse:
        """Everything that was done to a charge."""
        return JSONResponse(self._of_charge.get(request.path_params["charge"], []))

    async def ledger(self, request: Request) -> JSONResponse:
        """Every movement."""
        return JSONResponse({"entries": self._entries})


def main() -> None:
    """Serve until stopped."""
    port, delay_ms = int(sys.argv[1]), float(sys.argv[2])
    gateway = Gateway(delay_ms / 1000)
    routes = [
        Route("/ledger", gateway.ledger),
        Route("/charges/{charge}", gateway.charge),
        Route("/charges/{charge}/{do}", gateway.act, methods=["POST"]),
    ]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
