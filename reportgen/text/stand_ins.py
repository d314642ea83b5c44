"""The stand-ins for secrets."""

from typing import Final

HIDDEN: Final = "[hidden]"
"""Replaces a value whose name says that it is a secret."""

REDACTED: Final = "[redacted]"
"""Replaces what is known to be a secret, or looks like one."""
