"""Coming back from Amazon's login."""
