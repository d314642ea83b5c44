"""What must not be seen: secrets are taken out of every text before it reaches a page."""
