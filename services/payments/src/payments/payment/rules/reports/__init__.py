"""Reports of a provider: do they fit the request, are they new, and are they about this payment?"""
