"""What a report says, as plain values: each job, the comparison, what changed, which gates fail.

Every text in these values has passed redaction, so pages and exports only lay them out.
"""
