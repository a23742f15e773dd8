"""The demo of the compose file starts on a clean machine, every container healthy, and the shop in it takes orders.

Under a project name and ports of its own, beside whatever else runs; containers, networks and volumes are removed
at the end, the images stay for the next start.
"""

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from testcontainers.compose import DockerCompose

from deploy.containers import engine_answers
from deploy.native.site import REPOSITORY, SERVICES
from harness.eventually import eventually
from harness.ports import free_port
from proof.browser import Browser
from proof.shopper import AmazonChoice, Shopper
from proof.staff import Staff

ROLES = [f"{service}-{role}" for service in SERVICES for role in ("web", "worker", "relay")]
PORTS = ("EDGE_PORT", "QUEUES_PORT", "MAIL_PORT", "AMAZON_PAY_PORT", "KONBINI_PORT", "BANK_TRANSFER_PORT")
READY_SECONDS_MAX = 180
# Live and ready as the role itself says it, whatever compose makes of it.
ASK = "\n".join(
    (
        "import json, urllib.request as web",
        "ask = lambda path: web.urlopen('http://127.0.0.1:8000/health/' + path, timeout=5).status",
        "print(json.dumps({path: ask(path) for path in ('live', 'ready')}))",
    )
)

pytestmark = [
    pytest.mark.containers,
    pytest.mark.timeout(900),  # images are built once, which may take minutes
    pytest.mark.skipif(not engine_answers(), reason="no container engine with the compose plugin answers"),
]


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: free_port() for name in PORTS}


@pytest.fixture(scope="module")
def compose(ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerCompose]:
    """The compose file as it is for a demo, with nothing else set but its name and its ports."""
    settings = Path(tmp_path_factory.mktemp("compose")) / "settings"
    own = "".join(f"{name}={port}\n" for name, port in ports.items())
    settings.write_text((REPOSITORY / "deploy/demo.env").read_text() + own)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COMPOSE_PROJECT_NAME", f"noren-test-{os.getpid()}")
        with DockerCompose(
            REPOSITORY, "docker-compose.yml", build=True, wait=False, env_file=str(settings)
        ) as made:
            yield made


def complaints(compose: DockerCompose) -> dict[str, str]:
    """Name -> state of each container that is neither healthy nor a job that has done its work."""
    found = {}
    for one in compose.get_containers(include_all=True):
        works = one.State == "running" and one.Health == "healthy"
        if not works and (one.State, one.ExitCode) != ("exited", 0):
            found[str(one.Service)] = f"{one.State} {one.Health} {one.ExitCode}"
    return found


@pytest.mark.feature("OPS-03")
async def test_every_container_and_every_health_endpoint_is_healthy(
    compose: DockerCompose,
) -> None:
    await eventually(lambda: not complaints(compose), seconds=READY_SECONDS_MAX, every=1)

    running = {str(one.Service) for one in compose.get_containers()}
    assert running >= {"edge", "rabbitmq", "postgres", "mail", *ROLES}
    for role in ROLES:
        said, _, code = compose.exec_in_container(["python", "-c", ASK], service_name=role)
        assert (json.loads(said), code) == ({"live": 200, "ready": 200}, 0), role


@pytest.mark.feature("OPS-06", clause="with an engine: flows across services")
async def test_an_order_passes_through_all_four_services_in_containers(
    compose: DockerCompose, ports: dict[str, int]
) -> None:
    await eventually(lambda: not complaints(compose), seconds=READY_SECONDS_MAX, every=1)
    origin = f"http://127.0.0.1:{ports['EDGE_PORT']}"
    async with Browser(origin) as browser, Browser(origin) as desk:
        shopper, staff = Shopper(browser), Staff(desk)
        await eventually(lambda: _menu_is_there(browser), seconds=READY_SECONDS_MAX, every=0.5)
        await shopper.put_in_cart()
        code = await shopper.order_by_amazon(AmazonChoice(), register=True)
        await staff.log_in()
        await eventually(lambda: _says(staff, code, r"承認済"), seconds=60, every=0.5)
        await staff.ship(code)
        # checkout: 処理済み, payments: 売上確定済, members: points, notifications: the mail on the timeline.
        for words in (
            r"処理済みになりました",
            r"売上確定済",
            r"ポイントが有効になりました",
            r"発送いたしました",
        ):
            await eventually(partial(_says, staff, code, words), seconds=60, every=0.5)


async def _menu_is_there(browser: Browser) -> bool:
    answer = await browser.client.get("/api/checkout/methods", params={"total": 1000})
    menu: list[Any] = answer.json()
    return len(menu) == 4


async def _says(staff: Staff, code: str, words: str) -> bool:
    return re.search(words, await staff.open_order(code)) is not None
