"""Reports of Arkor training jobs: a snapshot of what Studio shows, as pages that can be kept."""

__version__ = "0.1.0"
