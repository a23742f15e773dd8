"""How things are written: characters, widths, numbers, addresses, files of text."""
