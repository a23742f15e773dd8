"""How providers' notices come: late, twice, or after many tries."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import FastAPI

from proof.simulation.nodes import NoAnswer
from proof.simulation.world import World

TRIES_MAX = 4


async def post_notice(world: World, method: str, notice: Mapping[str, Any], *, surely: bool = False) -> None:
    """Post ``notice`` until it is answered with 200; unless ``surely``, some never arrive; some come twice."""
    chance = world.chance
    body = json.dumps(notice).encode()
    signature = hmac.new(b"noren-demo", body, hashlib.sha256).hexdigest()
    if not surely and chance.happens(chance.dangers.notice, "notice never came"):
        return
    tries_max = 50 if surely else TRIES_MAX
    times = 2 if chance.happens(0.15, "notice came twice") else 1
    for _ in range(tries_max):
        await asyncio.sleep(chance.seconds(0.01, 1))
        node = world.node("payments")
        if not node.is_alive:
            continue
        pages = node.resources[FastAPI]
        try:
            answer = await node.ask(
                partial(
                    pages.post,
                    f"/payments/{method}/notices",
                    content=body,
                    headers={"x-konbini-signature": signature},
                )
            )
        except (NoAnswer, ConnectionError):
            continue
        if answer.status_code == 200:
            times -= 1
        if times <= 0:
            return
