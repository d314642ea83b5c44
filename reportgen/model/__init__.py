"""The state of a job according to its events, and the values computed from it.

Everything here is pure: times and randomness are passed in.
"""
