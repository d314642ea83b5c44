"""What a user sees while a command runs: messages and progress. Also the handling of signals."""
