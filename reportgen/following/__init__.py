"""Event streams, from socket to log: they are opened, read, resumed and written to event logs.

Decisions are pure functions in modules of their own; `stream` combines them with the clock, the
socket and the log.
"""
