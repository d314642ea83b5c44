"""What a report costs, compared with something else: `python -m tests.benchmarks`.

A machine's absolute speed says little, so every row is a ratio of two things that were run
alternately on the same machine, several times; the table shows the median, the spread and the
target. Each theme has a file; `server.py` serves the loads that `load.py` makes, from another
process that only sends prepared bytes. `--quick` is smaller and fails only if a target is missed
by far.
"""
