"""Troubles of the whole shop at once: its broker, its deployment, its processes."""

import asyncio
from functools import partial

from proof.simulation.nodes import Node
from proof.simulation.world import World


async def troubles(world: World) -> None:
    """What happens to the whole shop at once."""
    chance, loop = world.chance, world.loop
    if chance.happens(0.1, "deployed before who hears it"):
        world.broker.unbind(chance.one_of(list(world.nodes)), seconds=chance.seconds(1, 15))
    if chance.happens(0.2, "broker restarted"):
        loop.call_later(chance.seconds(0, 15), lambda: world.broker.restart(seconds=chance.seconds(0.5, 12)))
    if chance.happens(0.2, "consumers forgotten by the broker"):
        loop.call_later(chance.seconds(0, 15), world.broker.forget_consumers)
    if chance.happens(0.35, "process killed at any moment"):
        victim = chance.one_of(world.all_nodes())
        loop.call_later(chance.seconds(0, 20), partial(_kill, victim))
    await asyncio.sleep(0)


def _kill(victim: Node) -> None:
    if victim.is_alive:
        victim.die("killed")
