"""From a snapshot to the files of a report, published whole or not at all.

Jobs whose pages would not change are found in the render cache and left as they are.
"""
