"""The health of the other services, as each reports it. A service that does not respond in time is shown as silent."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import structlog
from pydantic import ValidationError

from shared.web.operations import ServiceHealth

log = structlog.get_logger()


@dataclass(frozen=True)
class HealthOfServices:
    """Reads each service at its address, with the session of the person who looks."""

    clients: Mapping[str, httpx.AsyncClient] = field(default_factory=dict)

    async def read(self, cookies: Mapping[str, str]) -> dict[str, ServiceHealth | None]:
        """Return the health of each service. It is None for a service that did not respond."""
        carried = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        said = await asyncio.gather(*(self._ask(name, carried) for name in self.clients))
        return dict(zip(self.clients, said, strict=True))

    async def _ask(self, service: str, headers: Mapping[str, str]) -> ServiceHealth | None:
        try:
            answer = await self.clients[service].get(f"/api/{service}/operations", headers=headers)
            answer.raise_for_status()
            return ServiceHealth.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("operations.not_read", of=service, error=type(error).__name__)
            return None
