"""Events as servers send them (`wire`) and as the event log keeps them (`event_log`).

`stream_state` decides from a log's records what became of the stream; `columns` holds many logs.
"""
