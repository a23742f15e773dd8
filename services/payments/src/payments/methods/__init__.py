"""Payment methods, one folder each; here are their contract, their registry and the pages of a visit."""
