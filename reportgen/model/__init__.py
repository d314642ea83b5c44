"""The state of a job as its events tell it, and what can be computed from that.

Everything here is pure: times and randomness are passed in.
"""
