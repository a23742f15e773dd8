"""Common facts and mechanisms of the shop: settings, labels, carriers, signed statements, saved searches."""
