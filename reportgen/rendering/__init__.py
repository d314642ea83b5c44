"""From a snapshot to the files of a report, published whole or not at all.

Jobs whose files would not change are found in the render cache and left alone.
"""
