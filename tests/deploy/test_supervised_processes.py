"""What supervisord is told about our processes."""

from pathlib import Path

import pytest
from supervisor.options import ServerOptions
from watchfiles import Change

from deploy.native import develop, environment, processes
from deploy.native.develop import restarts
from deploy.native.site import CannotRun, Site


def test_two_installations_share_no_port_and_no_node_name(tmp_path: Path) -> None:
    one, other = Site(home=tmp_path / "one"), Site(home=tmp_path / "other", port_shift=1000)
    assert not set(one.ports.values()) & set(other.ports.values())
    assert one.node_name != other.node_name


def test_no_two_processes_of_an_installation_share_a_port(tmp_path: Path) -> None:
    ports = list(Site(home=tmp_path).ports.values())
    assert len(set(ports)) == len(ports)


def test_a_deep_folder_still_gets_a_control_socket_that_fits(tmp_path: Path) -> None:
    site = Site(home=tmp_path / ("very-" * 20) / "deep")
    assert len(str(site.control_socket)) < 104


def test_passwords_stay_the_same_and_private(tmp_path: Path) -> None:
    first = Site(home=tmp_path).secrets
    assert Site(home=tmp_path).secrets == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_settings_reach_the_process_as_they_are(tmp_path: Path) -> None:
    odd = {
        "LIST": '["a:b", "c"]',
        "PERCENT": "50%(x)s",
        "NAME": "Noren <shop@noren.example>",
        "COMMAS": "a,b=c",
    }
    process = processes.Process(
        name="odd", command=["/bin/true", "100%"], directory=tmp_path, environment=odd
    )
    site = Site(home=tmp_path)
    site.prepare()
    file = tmp_path / "supervisord.conf"
    file.write_text(processes.render(site, [process]))
    options = ServerOptions()
    options.realize(["-c", str(file)])
    [group] = options.process_group_configs
    [configuration] = group.process_configs
    assert configuration.environment == odd
    assert configuration.command == "/bin/true 100%"


def test_a_setting_that_the_file_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="apostrophe"):
        processes.Process(name="odd", command=[], directory=tmp_path, environment={"A": "it's"})


def test_a_service_in_a_terminal_starts_anew_for_code_alone() -> None:
    changed = ["orders/book.py", "shop/words.toml", "texts/shipped.customer.ja.txt", "web/macros.html"]
    other = ["templates/shop_home.html", "README.md", ".book.py", "__pycache__/book.cpython-313.pyc"]
    assert [name for name in changed + other if restarts(Change.modified, f"/src/{name}")] == changed


def test_a_service_in_a_terminal_has_the_settings_it_always_has(tmp_path: Path) -> None:
    site = Site(home=tmp_path)
    usual, here = environment.service(site, "checkout"), develop.settings(site, "checkout")
    changed = {name for name in here if here[name] != usual.get(name)}
    assert changed == {
        *("AMQP_ADMIN_URL", "DECLARE_TOPOLOGY"),
        *("LIVE_TEMPLATES", "LOG_FORMAT", "SHUTDOWN_GRACE_SECONDS"),
    }
