"""Rendering a snapshot as a report's files, which are published all at once or not at all.

Jobs whose files would not change are found in the render cache and skipped.
"""
