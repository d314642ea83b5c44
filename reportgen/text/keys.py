"""Names that suggest secrets: JSON keys, config keys, options and variables."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from reportgen.text.javascript import JSON


def speaks_of_secret(name: str) -> bool:
    """Return whether a name contains, as a whole word, a word for a secret: `hf_token`, `apiKey`.

    Words end at a change of case and at any non-letter. Model settings such as
    `padTokenId`, `maxTokens` and `pinMemory` are not secrets.
    """
    return _usual_speaks(name) if len(name) <= USUAL_NAME else _speaks_of_secret(name)


def speaks_of_password(name: str) -> bool:
    """Return whether a name contains a word for a secret that people type, perhaps a number."""
    return speaks_of_secret(name) and (
        bool(_PASS_AT_END.search(name)) or any(map(_holds_password, _readings(name)))
    )


def may_name_secret(lowered: str) -> bool:
    """Return quickly whether lower-case text may contain a word for a secret."""
    # A plain loop, since it runs for every short text as well.
    for hint in _HINTS:  # noqa: SIM110
        if hint in lowered:
            return True
    return False


def secret_texts(value: JSON, *, beneath: bool = False) -> Iterator[str]:
    """Yield the strings under keys that suggest a secret, at any depth.

    `beneath` is whether the value itself is under such a key.
    """
    match value:
        case str() if beneath:
            yield value
        case list():
            for item in value:
                yield from secret_texts(item, beneath=beneath)
        case dict():
            for key, item in value.items():
                yield from secret_texts(item, beneath=beneath or speaks_of_secret(key))


def _speaks_of_secret(name: str) -> bool:
    if not may_name_secret(name.lower()):
        return False
    if _PASS_AT_END.search(name):  # smtpPass, but not passRate, and not the metric pass@1
        return True
    return any(map(_holds_secret, _readings(name)))


USUAL_NAME: Final = 64
"""The maximum length of cached names: most names are the same in all jobs and events."""
_usual_speaks: Final = lru_cache(1 << 10)(_speaks_of_secret)


def _readings(name: str) -> Iterator[list[str]]:
    """Yield the words of a name in lower case, once for each way to read it."""
    return ([word.lower() for word in words.findall(name)] for words in _WORDS)


def _holds_secret(words: Sequence[str]) -> bool:
    return any(
        _is_secret(before, word, after) or word + after in _SPLIT_WORDS
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False)
    )


def _is_secret(before: str, word: str, after: str) -> bool:
    if word == "token":
        return after not in {"id", "ids"}
    if word == "tokens":
        return before in _OWNERS_OF_TOKENS
    if word == "pin":
        return after != "memory"
    return word in _SECRET_WORDS


def _holds_password(words: Sequence[str]) -> bool:
    return any(
        word in _PASSWORD_WORDS or word + after in _SPLIT_WORDS
        for word, after in zip(words, [*words[1:], ""], strict=True)
    )


def _with_plurals(*words: str) -> frozenset[str]:
    return frozenset(words) | {f"{word}s" for word in words}


_PASSWORD_WORDS: Final = _with_plurals(
    "otp", "passcode", "passphrase", "passwd", "password", "pin", "pwd", "totp"
)
_SPLIT_WORDS: Final = frozenset({"password", "passphrase", "passcode"})
_SECRET_WORDS: Final = _PASSWORD_WORDS | _with_plurals(
    *("accesskey", "accesstoken", "apikey", "apisecret", "apitoken", "auth", "authentication"),
    *("authkey", "authorisation", "authorization", "authtoken", "bearer", "clientsecret", "cookie"),
    *("cred", "credential", "dsn", "hftoken", "idtoken", "jwt", "key", "oauth", "passkey", "pat"),
    *("privatekey", "privkey", "refreshtoken", "sas", "secret", "secretkey", "secrettoken"),
    *("session", "sessiontoken", "signature", "sshkey"),
)
# `tokens` are secrets only after one of these words; otherwise they are what a model counts.
_OWNERS_OF_TOKENS: Final = {
    *("access", "api", "auth", "authentication", "bearer", "bot", "csrf", "deploy", "gh"),
    *("github", "gitlab", "hf", "hub", "huggingface", "identity", "jwt", "oauth", "openai"),
    *("personal", "private", "refresh", "secret", "security", "service", "session", "slack"),
    *("ssh", "wandb", "xsrf"),
}
# Each word for a secret contains one of these.
_HINTS: Final = (
    *("token", "key", "secret", "pass", "pwd", "auth", "cred", "session", "cookie", "signature"),
    *("bearer", "jwt", "dsn", "sas", "pat", "otp", "pin"),
)
_PASS_AT_END: Final = re.compile(r"(?:\A|[^A-Za-z])pass\Z|(?:\A|[^A-Z])P(?:ass|ASS)\Z")

# A letter outside A to Z counts as lower case. The last of several capitals before lower case
# may begin the next word (HFToken) or not (APIkey): either reading can name a secret.
_SMALL: Final = r"[^\W\d_A-Z]"
_WORDS: Final = (
    re.compile(rf"IDs?(?!{_SMALL})|[A-Z]+(?!{_SMALL})|[A-Z]?{_SMALL}+"),
    re.compile(rf"IDs?(?!{_SMALL})|[A-Z]{{2,}}|[A-Z]?{_SMALL}+"),
)
