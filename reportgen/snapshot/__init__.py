"""The snapshot directory: what was fetched, kept between builds.

It holds one folder for each source, with the job list and one event log for each job.
"""
