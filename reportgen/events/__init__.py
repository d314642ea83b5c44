"""Events as the server sends them and as the event log keeps them.

`wire` has the types of what arrives; `event_log` has the format of the file.
"""
