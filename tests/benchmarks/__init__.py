"""What a report costs, each thing measured beside another one: `python -m tests.benchmarks`.

A machine's speed says nothing, so every row is a ratio of two things that were run in turns on
the same machine, several times; the table gives the median, its spread, and what is to be
reached. One file for each theme; `server.py` serves the loads that `load.py` makes, from another
process that only hands out bytes made before. `--quick` is smaller and fails only where a target
is missed by far.
"""
