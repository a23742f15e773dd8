"""The figures as an SVG, drawn without any library: three rows of bars that one can take in at a glance."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

WIDTH, BAR, GAP, LEFT = 760, 22, 8, 250
COLOURS = ("#1f3a5f", "#c73e3a", "#7a7a7a")


def draw(report: Mapping[str, Any], file: Path) -> None:
    """Write the plot of ``report``."""
    groups = [
        ("Orders per second", _rates(report)),
        ("p99, ms", _latencies(report)),
        ("CPU per order, ms", _cpu(report)),
    ]
    lines: list[str] = []
    y = 24
    for number, (title, bars) in enumerate(groups):
        if not bars:
            continue
        lines.append(f'<text x="8" y="{y}" font-weight="bold">{escape(title)}</text>')
        y += 12
        most = max(value for _, value in bars) or 1
        for name, value in bars:
            width = max(1, round((WIDTH - LEFT - 90) * value / most))
            middle = y + BAR * 0.7
            lines += [
                f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>',
                f'<rect x="{LEFT}" y="{y}" width="{width}" height="{BAR}" fill="{COLOURS[number]}"/>',
                f'<text x="{LEFT + width + 6}" y="{middle}">{value:,.1f}</text>',
            ]
            y += BAR + GAP
        y += 28
    file.parent.mkdir(parents=True, exist_ok=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" font-family="sans-serif" font-size="13">'
    file.write_text(head + "".join(lines) + "</svg>\n", encoding="utf-8")


def _rates(report: Mapping[str, Any]) -> list[tuple[str, float]]:
    bars = [("Noren, flooded", report["flood"]["orders_per_second"])]
    bars += [
        (f"with {size} orders behind it", one["orders_per_second"])
        for size, one in report.get("flat", {}).items()
    ]
    bars += [
        (f"with {number} replicas", one["orders_per_second"])
        for number, one in report.get("replicas", {}).items()
    ]
    return [*bars, ("baseline", report["baseline"]["orders_per_second"])]


def _latencies(report: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [
        (f"{step.replace('_', ' ')} at {part}", figures["p99"])
        for part, one in report.get("steady", {}).items()
        for step, figures in one["latency_ms"].items()
        if figures
    ]


def _cpu(report: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [(name, value) for name, value in report["flood"]["cpu_ms_per_order"].items() if name != "python"]
