"""The return of buyers from Amazon's login."""
