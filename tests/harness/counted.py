"""What the metrics of this process have counted, as Prometheus reads it."""

from prometheus_client import REGISTRY


def counted(name: str, **labels: str) -> float:
    """Return the value of a metric; 0 where nothing was counted yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
