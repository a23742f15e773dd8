"""Fuzzing of the running shop: every documented route, every page and form, every queue, and races over HTTP.

    make fuzz                    all of it
    make fuzz EXAMPLES=2000      longer: that many examples for each documented operation
    make races TIMES=50          the races alone, each so many times

Nothing here knows what the right answer is. It only holds that there is one: no 5xx, no stack trace, nothing
that a document does not name, and every bad message among the dead letters with its reason.
"""
