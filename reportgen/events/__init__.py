"""Events as servers send them (`wire`) and as the event log keeps them (`event_log`).

`stream_state` derives a stream's state from its log; `columns` holds the fields of many events.
"""
