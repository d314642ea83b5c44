"""From socket to log: event streams are opened, read, resumed and written to event logs.

What decides is pure and stands in modules of its own; `stream` brings it together with the clock,
the socket and the log.
"""
