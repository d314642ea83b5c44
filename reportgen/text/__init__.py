"""Text and JSON values: what must not be seen is redacted, what must not act is made inert.

All other packages build on this one, which knows nothing of jobs or streams.
"""
