"""Settings that staff change while the shop runs: declared once, versioned, every change recorded (decision 0017)."""
