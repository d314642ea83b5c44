"""The contents of a report as plain values: jobs, the comparison, changes and failing gates.

All text in these values has been redacted, so pages and exports only lay them out.
"""
