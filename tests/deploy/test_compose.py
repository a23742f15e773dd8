"""What the compose file promises: ordinary users, few ports, nothing set that nobody can look up."""

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from deploy.native.environment import SETTING
from deploy.native.site import REPOSITORY, SERVICES

TEXT = (REPOSITORY / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
REPLICABLE = [f"{service}-{role}" for service in SERVICES for role in ("web", "worker", "relay")]
# The jobs that hand files to another user need a little more for a moment.
MAY_ADD = {"keys": {"CHOWN", "DAC_OVERRIDE", "FOWNER"}, "edge": {"NET_BIND_SERVICE"}}


def test_every_variable_is_in_the_list_of_settings() -> None:
    listed = set(SETTING.findall((REPOSITORY / ".env.example").read_text()))
    used = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", TEXT))
    passed_on = {
        name
        for container in CONTAINERS.values()
        for name, value in container.get("environment", {}).items()
        if value is None
    }
    assert (used | passed_on) - listed == set()


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_can_write_nothing_and_gain_nothing(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert set(container.get("cap_add", [])) <= MAY_ADD.get(name, set())
    assert container["mem_limit"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in CONTAINERS[name].get("ports", []))


@pytest.mark.parametrize("name", REPLICABLE)
def test_each_role_can_have_replicas(name: str) -> None:
    container = CONTAINERS[name]
    assert not {"container_name", "ports", "hostname"} & container.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_jobs_know_the_owner_and_the_administrator(service: str) -> None:
    for role in ("web", "worker", "relay"):
        assert (
            not {"MIGRATE_DATABASE_URL", "AMQP_ADMIN_URL"}
            & CONTAINERS[f"{service}-{role}"]["environment"].keys()
        )
    assert "AMQP_ADMIN_URL" not in CONTAINERS[f"{service}-migrate"]["environment"]
    assert "MIGRATE_DATABASE_URL" not in CONTAINERS[f"{service}-topology"]["environment"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_holds_only_its_own_private_key(service: str) -> None:
    mounted = {volume.split(":")[0] for volume in CONTAINERS[f"{service}-web"]["volumes"]}
    assert {name for name in mounted if name.removesuffix("-keys") in SERVICES} == {f"{service}-keys"}


DEMO = dict(re.findall(r"^([A-Z_]+)=(.*)$", (REPOSITORY / "deploy/demo.env").read_text(), re.MULTILINE))
EXACT = re.compile(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z-]+)?")


@pytest.mark.parametrize("name", [name for name in CONTAINERS if "$" in CONTAINERS[name]["image"]])
def test_a_program_from_elsewhere_is_pinned_to_one_version(name: str) -> None:
    default = re.fullmatch(r"\$\{[A-Z]+_IMAGE:-(.*)\}", CONTAINERS[name]["image"])
    assert default and EXACT.fullmatch(default[1])


def test_what_images_are_built_with_is_pinned_alike_everywhere() -> None:
    dockerfile = (REPOSITORY / "services/Dockerfile").read_text()
    bootstrap = (REPOSITORY / "deploy/bootstrap.sh").read_text()
    [uv] = re.findall(r"uv==([0-9.]+)", dockerfile)
    assert re.findall(r"uv==([0-9.]+)", bootstrap) == [uv]
    [python] = re.findall(r"^ARG PYTHON_IMAGE=(.*)$", dockerfile, re.MULTILINE)
    assert EXACT.fullmatch(python)
    assert set(re.findall(r"PYTHON_IMAGE:-([^}]*)\}", TEXT)) == {python}


def test_a_shop_without_its_own_passwords_does_not_start() -> None:
    assert "noren-demo" not in TEXT
    optional = re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET|TOKEN)):-[^}]+\}", TEXT)
    assert optional == []
    passwords = re.findall(r"\$\{([A-Z_]*PASSWORD)[^}]*\}", TEXT)
    required = re.findall(r"\$\{([A-Z_]*PASSWORD):\?", TEXT)
    assert passwords == required


def test_the_demo_sets_what_a_shop_must_set_itself() -> None:
    assert set(re.findall(r"\$\{([A-Z_]+):\?", TEXT)) <= DEMO.keys()
    assert (DEMO["SANDBOX"], DEMO["COMPOSE_PROFILES"]) == ("true", "demo")


def test_simulators_and_the_mail_catcher_run_in_the_demo_only() -> None:
    of_the_demo = {name for name, container in CONTAINERS.items() if container.get("profiles") == ["demo"]}
    assert of_the_demo == {"mail", *(name for name in CONTAINERS if name.startswith("simulator"))}
