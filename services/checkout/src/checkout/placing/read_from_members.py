"""Data that pages read from members. Every page also works without these data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from checkout.pricing.coupon import Coupon

log = structlog.get_logger()


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


P = TypeVar("P", bound=_Part)


class Profile(_Part):
    """A member's record for the order form, with the points and coupons that are usable now."""

    name: str = ""
    kana: str = ""
    email: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""
    phone: str = ""
    points_available: int = 0
    coupons: tuple[Coupon, ...] = ()


class AmazonLink(_Part):
    """Whether an Amazon buyer is a member, or has the address of a member who should log in first (X-35)."""

    state: Literal["linked", "login_needed", "none"] = "none"


class PointRules(_Part):
    """How many points the registering order may use (PNT-02)."""

    registration_points_usable_at_once: int = 0


@dataclass(frozen=True)
class Members:
    """Reads from members with a short time limit. A failure is logged and returns None."""

    client: httpx.AsyncClient

    async def profile(self, cookies: Mapping[str, str]) -> Profile | None:
        """Return the record of the member with the session in ``cookies``."""
        return _parsed(Profile, await self._get("/api/members/me", cookies=cookies))

    async def amazon_link(
        self, buyer_id: str, *, email: str, cookies: Mapping[str, str]
    ) -> AmazonLink | None:
        """Return what members knows about an Amazon buyer. The wallet in ``cookies`` proves who the buyer is."""
        path = f"/api/members/amazon-links/{quote(buyer_id, safe='')}"
        return _parsed(AmazonLink, await self._get(path, params={"email": email}, cookies=cookies))

    async def point_rules(self) -> PointRules | None:
        """Return the point rules in force."""
        return _parsed(PointRules, await self._get("/api/members/point-rules"))

    async def _get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> bytes | None:
        carried = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        try:
            response = await self.client.get(
                path, params=params, headers={"cookie": carried} if carried else None
            )
            response.raise_for_status()
        except httpx.HTTPError as error:
            log.warning("members.not_read", page=path.split("/")[3], error=type(error).__name__)
            return None
        return response.content


def _parsed(model: type[P], body: bytes | None) -> P | None:
    if body is None:
        return None
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        log.warning("members.answer_not_understood", what=model.__name__, problems=error.error_count())
        return None
