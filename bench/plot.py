"""The figures at a glance: rates, the slowest hundredth, and where the CPU goes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

Bars = list[tuple[str, float]]


def draw(report: Mapping[str, Any], file: Path) -> None:
    """Write the plot of ``report`` as an SVG."""
    groups = [
        ("Orders per second", "#1f3a5f", _rates(report)),
        ("p99 in milliseconds", "#c73e3a", _latencies(report)),
        ("CPU for one order in milliseconds", "#7a7a7a", _cpu(report)),
    ]
    shown = [group for group in groups if group[2]]
    heights = [len(bars) + 1 for _, _, bars in shown]
    figure = Figure(figsize=(9, 0.42 * sum(heights) + 0.8), layout="constrained")
    for axes, (title, colour, bars) in zip(
        figure.subplots(len(shown), 1, height_ratios=heights, squeeze=False)[:, 0], shown, strict=True
    ):
        drawn = axes.barh([name for name, _ in bars], [value for _, value in bars], color=colour)
        axes.bar_label(drawn, fmt="{:,.1f}", padding=4)
        axes.invert_yaxis()
        axes.set_title(title, loc="left")
        axes.margins(x=0.15)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file)


def _rates(report: Mapping[str, Any]) -> Bars:
    bars = [("Noren, flooded", report["flood"]["orders_per_second"])]
    for size, one in report.get("flat", {}).items():
        bars.append((f"with {int(size):,} orders behind it", one["orders_per_second"]))
    for number, one in report.get("replicas", {}).items():
        bars.append((f"with {number} processes of each", one["orders_per_second"]))
    return [*bars, ("baseline", report["baseline"]["orders_per_second"])]


def _latencies(report: Mapping[str, Any]) -> Bars:
    return [
        (f"{step.replace('_', ' ')}, {part} load", figures["p99"])
        for part, one in report.get("steady", {}).items()
        for step, figures in one["latency_ms"].items()
        if figures
    ]


def _cpu(report: Mapping[str, Any]) -> Bars:
    return [item for item in report["flood"]["cpu_ms_per_order"].items() if item[0] != "python"]
