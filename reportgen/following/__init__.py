"""Event streams, from socket to log: opening, reading and resuming streams, and writing the logs.

Decisions are pure functions in separate modules; `stream` combines them with the clock, the socket
and the log.
"""
