"""Redaction: secrets are removed from all text before it reaches a page.

The tool's own tokens and anything that looks like a credential are replaced wherever they occur.
URLs lose user info, query and fragment. The value of a name that suggests a secret is hidden, in
decoded JSON, in raw text that contains JSON, and in assignments.

Raw event data is shown as received, so the rules work on JSON text as well as on decoded values:
each pattern also matches its target as JSON escapes it. All take linear time, since a server may
send megabytes of whatever makes a pattern slow.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from reportgen.text import assignments, json_text, shapes
from reportgen.text.javascript import JSON, Object
from reportgen.text.keys import (
    USUAL_NAME,
    may_name_secret,
    speaks_of_password,
    speaks_of_secret,
)
from reportgen.text.patterns import HIDDEN
from reportgen.text.spellings import KnownTokens
from reportgen.text.urls import bare_urls, without_query

_ROUNDS: Final = 8  # two rounds are enough for nearly every text; only a hostile one needs more
_LONGEST_BEGINNING: Final = 1 << 16
_LONGEST_HEADER: Final = 1 << 13  # most servers refuse longer ones

_Kinds: TypeAlias = Mapping[str, Callable[[JSON], bool]]
"""Checks for the values of known keys."""


class Redactor:
    """Redacts text and JSON values.

    `tokens` are the tool's own secrets, `show` the config keys to show besides the known ones.
    """

    def __init__(self, tokens: Iterable[str] = (), show: Iterable[str] = ()) -> None:
        self._known = KnownTokens(tokens)
        self._show = frozenset(show)
        self._usual_key = lru_cache(1 << 10)(self.text)  # all jobs and events have the same keys

    def showing(self, keys: Iterable[str]) -> "Redactor":
        """Return a redactor for the same tokens that also shows these config keys."""
        return Redactor(self._known.tokens, keys)

    def text(self, text: str) -> str:
        """Redact credentials, own tokens, assigned secrets, and the secret parts of URLs.

        Idempotent. The text may be plain text or JSON, which stays JSON.
        """
        for _ in range(_ROUNDS):
            redacted = self._once(text)
            if redacted == text:
                break
            # A removal may join the text around it into something that looks like a secret.
            text = redacted
        return text

    def event_text(self, text: str) -> str:
        """Redact raw event data or a log line as `text` does, and also the values of secret keys.

        The text need not be valid JSON.
        """
        if '"' in text and ("\\u" in text or may_name_secret(text.lower())):
            text = json_text.hide_values(text)
        return self.text(text)

    def beginning(self, data: bytes) -> str:
        """Return the redacted beginning of a server's response, for the caller to truncate.

        A response truncated before redaction may end in part of a secret, which no rule
        recognises, so its end is left out.
        """
        text = self.event_text(data[:_LONGEST_BEGINNING].decode("utf-8", "replace"))
        return text if len(data) <= _LONGEST_BEGINNING else text[: -self.longest_part]

    @property
    def longest_part(self) -> int:
        """The maximum length of a partial secret at the end of truncated text."""
        return max(_LONGEST_HEADER, self._known.longest_spelling)

    def value(self, value: JSON) -> JSON:
        """Redact decoded JSON at any depth, including its keys and JSON within strings."""
        match value:
            case str():
                return self.event_text(value)
            case list():
                return [self._item(item) for item in value]
            case dict():
                return {self._key(key): self._member(key, item) for key, item in value.items()}
            case _:
                return value

    def config(self, config: Object) -> Object:
        """Return a job's config as shown, with `[hidden]` for the other values.

        Values of known keys are shown if they are of the expected kind. Under other keys, numbers
        and booleans are shown, and any values of keys in `show`, but never a secret's value.
        """
        return {
            self._key(key): self._dataset(value)
            if key in _DATASETS and isinstance(value, dict)
            else self._shown(key, value, _CONFIG_KINDS)
            for key, value in config.items()
        }

    def entry(self, entry: Object) -> Object:
        """Return a job list's entry without its secrets, and otherwise as received.

        The id is kept, and so are values of unknown config keys, which `show` may name later.
        """
        return {
            self._key(key): value if key == "id" else self._member(key, value)
            for key, value in entry.items()
        }

    def own(self, data: bytes) -> bytes:
        """Redact the tool's own tokens in raw bytes, in every spelling."""
        return self._known.redacted_bytes(data)

    def holds_token(self, data: bytes) -> bool:
        """Return whether the bytes contain one of the tool's own tokens, in any spelling."""
        return self._known.are_in(data)

    def _once(self, text: str) -> str:
        lowered = text.lower()
        text = self._known.redacted(text, lowered)
        text = shapes.redacted(text, lowered)
        return assignments.hidden(bare_urls(text), lowered)

    def _key(self, key: str) -> str:
        return self._usual_key(key) if len(key) <= USUAL_NAME else self.text(key)

    def _item(self, item: JSON) -> JSON:
        """Redact an array's item: in a pair of a name and a value, the name decides."""
        if isinstance(item, dict):
            fields = {key.lower(): key for key in item}
            names = [key for known in ("name", "key") if (key := fields.get(known)) is not None]
            if "value" in fields and any(isinstance(item[key], str) for key in names):
                return self._pair(item, names, fields["value"])
        return self.value(item)

    def _pair(self, pair: Object, names: list[str], value: str) -> Object:
        name = next((str(pair[key]) for key in names if speaks_of_secret(str(pair[key]))), "")
        deciding = {value: name} | {key: "" for key in names if isinstance(pair[key], str)}
        return {
            self._key(key): self._member(deciding.get(key, key), item) for key, item in pair.items()
        }

    def _member(self, key: str, value: JSON) -> JSON:
        if not speaks_of_secret(key):
            return self.value(value)
        return value if _is_plain(key, value) else HIDDEN

    def _dataset(self, source: Object) -> Object:
        """Return a dataset source as shown: its known keys, and others by the same rule."""
        kinds = _DATASET_KINDS
        if _DATASETS & self._show:
            kinds = dict.fromkeys(source, lambda _: True)
        shown = {key: self._shown(key, value, kinds) for key, value in source.items()}
        if isinstance(url := shown.get("url"), str):
            # The key says that it is a URL, so its query is removed even without a scheme.
            shown["url"] = without_query(url)
        return {self._key(key): value for key, value in shown.items()}

    def _shown(self, key: str, value: JSON, kinds: _Kinds) -> JSON:
        """Return a config value, or `[hidden]`."""
        if speaks_of_secret(key) or isinstance(value, bool | int | float):
            return value if _is_plain(key, value) else HIDDEN
        if key in self._show or (key in kinds and kinds[key](value)):
            return self.value(value)
        return HIDDEN


def _is_plain(key: str, value: JSON) -> bool:
    """Return whether to show a value although its key suggests a secret: a count or switch."""
    return isinstance(value, bool | int | float) and not speaks_of_password(key)


# --- Values of known config keys, besides numbers and booleans, which are shown for any key ------


def _text(pattern: str) -> Callable[[JSON], bool]:
    """Return a check for strings that match the pattern."""
    compiled = re.compile(pattern, re.DOTALL)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


_IS_TEXT: Final = _text(".*")
_IS_WORD: Final = _text("[A-Za-z0-9_.:+/-]{1,64}")
_IS_NUMERIC: Final = _text(r"[+-]?[0-9]{1,32}(?:\.[0-9]{0,32})?(?:[eE][+-]?[0-9]{1,4})?%?")
_DATASETS: Final = frozenset({"datasetSource", "dataset"})
_CONFIG_KINDS: Final[_Kinds] = {
    **dict.fromkeys(("model", "dataset", "datasetSplit"), _IS_TEXT),
    "datasetFormat": lambda value: isinstance(value, str | dict),
    **dict.fromkeys(("dtype", "lrSchedulerType", "optim", "optimizer"), _IS_WORD),
    **dict.fromkeys(
        (
            *("batchSize", "bf16", "dryRun", "evalSteps", "fp16", "gradientAccumulationSteps"),
            *("learningRate", "loadIn4bit", "loggingSteps", "loraAlpha", "loraDropout", "loraR"),
            *("maxLength", "maxSteps", "numTrainEpochs", "packing", "saveSteps", "seed"),
            *("trainOnResponsesOnly", "warmupRatio", "warmupSteps", "weightDecay"),
        ),
        _IS_NUMERIC,
    ),
}
_DATASET_KINDS: Final[_Kinds] = dict.fromkeys(("type", "name", "split", "subset", "url"), _IS_TEXT)
