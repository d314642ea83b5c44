"""What is written in the place of a secret."""

from typing import Final

HIDDEN: Final = "[hidden]"
"""Instead of a value whose name says that it is a secret."""

REDACTED: Final = "[redacted]"
"""Instead of what is known to be a secret, or looks like one."""
