"""What a test starts of RabbitMQ ends with it, also if it never came up."""

import pytest

from deploy.native.packages import rabbitmq_folder
from harness.rabbitmq import NATIVE_PORT_SHIFT, NativeBroker, TestBroker, answers, port_is_open, started


class NeverUp(TestBroker):
    """A broker that does not come up."""

    def __init__(self) -> None:
        self.amqp_url = self.management_url = self.user = self.password = ""
        self.stopped = False

    def kill(self) -> None:
        """There is nothing to kill."""

    def start(self) -> None:
        """Give up."""
        raise TimeoutError

    def stop(self) -> None:
        """Note the end."""
        self.stopped = True


def test_a_broker_that_does_not_come_up_is_stopped() -> None:
    broker = NeverUp()

    with pytest.raises(TimeoutError), started(broker):
        pytest.fail("it is not up")

    assert broker.stopped


@pytest.mark.broker
@pytest.mark.skipif(rabbitmq_folder() is None, reason="needs RabbitMQ: make setup")
def test_a_stopped_node_leaves_no_epmd_behind() -> None:
    node = NativeBroker(port_shift=NATIVE_PORT_SHIFT - 225)
    ports = node.site.ports

    with started(node):
        assert answers(node)
        assert port_is_open(ports["epmd"])

    assert not port_is_open(ports["epmd"])
    assert not port_is_open(ports["rabbitmq"])
