"""Events as the server sends them and as the event log keeps them.

`wire` has the types of what arrives, `event_log` the format of the file and its one reader,
`stream_state` what the records of a log say of its stream; `columns` serves many logs at once.
"""
