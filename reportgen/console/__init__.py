"""What a user sees while a command runs: messages, progress and the handling of signals.

Nothing here decides what a command does.
"""
