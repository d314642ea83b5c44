"""Text and JSON values: what must not be seen is redacted, what must not act is made inert.

This is the ground that all other packages stand on; it knows nothing of jobs or streams.
"""
