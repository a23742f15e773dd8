"""What every service needs to know of a shop: settings, labels, carriers, signed statements, saved searches."""
