"""`.env.example` lists every setting of every service, with its default, and nothing that nobody reads."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.native.environment import SETTING, overruled
from deploy.native.site import REPOSITORY, SERVICES, Site
from payments.methods.registry import known_kinds
from shared.process.settings import ServiceSettings

TEXT = (REPOSITORY / ".env.example").read_text()
LISTED = set(SETTING.findall(TEXT))
SHOWN = dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", TEXT, re.MULTILINE))
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text()
# Read by `make` and by the jobs of compose, not by a service.
OF_THE_MACHINE = {
    "DOCKER",
    "NOREN_HOME",
    "NOREN_PORT_SHIFT",
    "AMQP_MANAGEMENT_URL",
    "DATABASE_PORT",
    "BROKER_PORT",
}
# Shown as what an installation would write, because it differs from one to the next.
OWN_IN_EACH_PLACE = {"SIGNING_KEY_FILE", "TRUSTED_KEYS_FILE", "AMAZON_PAY_PRIVATE_KEY_FILE"}
# Their defaults are the demo's merchant; a shop has its own.
OWN_IN_EACH_PLACE |= {
    f"AMAZON_PAY_{name}" for name in ("MERCHANT_ID", "STORE_ID", "PUBLIC_KEY_ID", "TOPIC_ARNS")
}


def settings_classes() -> Iterator[type[BaseSettings]]:
    """The settings of the services and of the payment methods."""
    yield ServiceSettings
    for service in SERVICES:
        yield import_module(f"{service}.settings").Settings
    for name in known_kinds():
        try:
            module = import_module(f"payments.methods.{name}.settings")
        except ModuleNotFoundError:
            continue
        yield from (
            one
            for one in vars(module).values()
            if isinstance(one, type) and issubclass(one, BaseSettings) and one.__module__ == module.__name__
        )


def variables() -> dict[str, FieldInfo]:
    """Environment variable -> the field that reads it."""
    found: dict[str, FieldInfo] = {}
    for one in settings_classes():
        prefix = str(one.model_config.get("env_prefix", ""))
        for name, field in one.model_fields.items():
            found[str(field.validation_alias or prefix + name).upper()] = field
    return found


def test_every_setting_is_listed() -> None:
    assert set(variables()) - LISTED == set()


def test_nothing_is_listed_that_nobody_reads() -> None:
    used_by_compose = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", COMPOSE))
    assert LISTED - set(variables()) - used_by_compose - OF_THE_MACHINE == set()
    assert yaml.safe_load(COMPOSE)["services"]


@pytest.mark.parametrize("name", sorted(set(variables()) - OWN_IN_EACH_PLACE))
def test_a_setting_is_shown_with_its_default(name: str) -> None:
    field = variables()[name]
    if field.is_required() or field.default in (None, ""):
        return  # an example is shown, or nothing
    assert SHOWN[name] == _as_written(field.default)


def _as_written(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return str(getattr(value, "value", value))


def test_settings_that_do_nothing_natively_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LISTED:
        monkeypatch.delenv(name, raising=False)
    site = Site(home=tmp_path)
    wishes = {
        "SMTP_HOST": "mail.example",
        "KONBINI_URL": "https://k.example",
        "HTTP_PORT": "1",
        "SHOP": "nuno",
    }
    for name, value in {**wishes, "SANDBOX": "true", "NICENESS": "3"}.items():
        monkeypatch.setenv(name, value)

    assert set(overruled(site)) == {"SMTP_HOST", "KONBINI_URL", "HTTP_PORT"}
