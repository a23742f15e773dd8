"""Days of delivery in words."""

from datetime import date

WEEKDAYS = "月火水木金土日"


def day_label(day: date) -> str:
    """Return a day with its weekday, such as 2026/12/03（木）."""
    return f"{day:%Y/%m/%d}（{WEEKDAYS[day.weekday()]}）"
