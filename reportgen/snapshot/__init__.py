"""The snapshot directory: fetched data, kept between builds.

It holds one folder per source, with the job list and one event log per job.
"""
