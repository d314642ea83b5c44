"""Text and JSON values: secrets are redacted, and active content is made inert.

All other packages build on this one, which knows nothing about jobs or streams.
"""
