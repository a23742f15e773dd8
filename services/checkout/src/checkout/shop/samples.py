"""The identity of the demo's shop and its texts for the law. A sandbox adds it at start; what staff changed since stays."""

import tomllib
from importlib.resources import files

from checkout.shop.identity import IdentitySettings
from checkout.shop.law import LawSettings
from checkout.shop.tell_shop import tell_shop
from shared.clock import now
from shared.database.transactions import Tx
from shared.shop.identity.facts import ShopIdentity
from shared.shop.settings.change_settings import change, lock_settings
from shared.shop.settings.group import Group

BY = "見本"
SAMPLES: tuple[type[Group], ...] = (IdentitySettings, LawSettings)


def sample_settings(group: type[Group]) -> Group:
    """Return the settings of ``group`` in ``samples.toml``."""
    text = files("checkout.shop").joinpath("samples.toml").read_text("utf-8")
    return group.model_validate(tomllib.loads(text)[group.group_key])


async def add_sample_shop(tx: Tx, *, fallback: ShopIdentity) -> None:
    """Store the sample settings of each group that nobody has ever changed, and tell the other services."""
    await lock_settings(tx)
    changed = await tx.rows("SELECT DISTINCT group_name FROM settings")
    known = {row.group_name for row in changed}
    for group in SAMPLES:
        if group.group_key not in known:
            await change(tx, sample_settings(group), by=BY, at=now())
    if IdentitySettings.group_key not in known:
        await tell_shop(tx, fallback=fallback)
