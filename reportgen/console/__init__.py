"""What a user sees while a command runs: messages and progress. Also signal handling."""
