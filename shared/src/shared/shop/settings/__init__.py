"""Settings that staff change while the shop runs: declared once, kept with versions, changed with a record (decision 0017)."""
