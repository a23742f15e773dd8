"""Delivery of providers' notices: late, twice, or after many tries."""

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
TRIES_UNTIL_HEARD_MAX = 100


async def post_notice(
    world: World, method: str, notice: Mapping[str, Any], *, plan: str = "", until_heard: bool = False
) -> None:
    """Post ``notice`` until it is answered with 200; some never arrive, some come twice.

    ``until_heard``: it tells of money that nothing else names, so it is sent until it is heard.
    """
    chance = world.chance
    body = json.dumps(notice).encode()
    signature = hmac.new(b"noren-demo", body, hashlib.sha256).hexdigest()
    # Money that comes again is told of by nothing but its notice: here trouble is likeliest.
    if not until_heard and chance.happens(
        chance.dangers.notice * (2 if plan == "twice" else 1), "notice never came"
    ):
        chance.sometimes(f"notice never came: {plan or method}")
        return
    times = 2 if chance.happens(0.15, "notice came twice") else 1
    for _ in range(TRIES_UNTIL_HEARD_MAX if until_heard else TRIES_MAX):
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
