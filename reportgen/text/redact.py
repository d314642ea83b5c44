"""What must not be seen: secrets are taken out of every text before it reaches a page.

Three rules, all pure. The value of a key that speaks of a secret is hidden, in decoded JSON as
well as in raw text that holds JSON. URLs lose user info, query and fragment. What looks like a
credential, and the tool's own token, is replaced wherever it stands.

Raw event data is shown as it came, so the rules work on JSON's text and not only on its values:
each pattern also knows the ways in which JSON escapes what it looks for. All of them take linear
time, since a server may send megabytes of whatever makes a pattern slow.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import AnyStr, Final

from reportgen.text.javascript import JSON, Object

HIDDEN: Final = "[hidden]"
REDACTED: Final = "[redacted]"

SHORTEST_TOKEN: Final = 8
"""A shorter token of our own is not looked for: it would be found in any text."""

_ROUNDS: Final = 8  # a second round settles nearly every text; only a hostile one needs more


class Redactor:
    """Takes secrets out of texts and JSON values.

    `tokens` are the tool's own secrets; those under eight characters are not looked for. `show`
    names the config keys to show besides the known ones.
    """

    def __init__(self, tokens: Iterable[str] = (), show: Iterable[str] = ()) -> None:
        usable = {t for t in tokens if len(t) >= SHORTEST_TOKEN and t not in REDACTED + HIDDEN}
        self._tokens = sorted(usable, key=lambda token: (-len(token), token))
        self._token_bytes = [token.encode("utf-8", "surrogatepass") for token in self._tokens]
        pattern = _any_spelling(self._tokens)
        self._token = re.compile(pattern)
        self._token_in_bytes = re.compile(pattern.encode("utf-8", "surrogatepass"))
        escapes = _escapes(self._tokens)
        self._escapes = [re.compile(escape) for escape in escapes]
        self._escapes_in_bytes = [
            re.compile(escape.encode("utf-8", "surrogatepass")) for escape in escapes
        ]
        self._show = frozenset(show)

    def showing(self, keys: Iterable[str]) -> "Redactor":
        """Return a redactor for the same tokens that also shows these config keys."""
        return Redactor(self._tokens, keys)

    def text(self, text: str) -> str:
        """Strip URLs of user info, query and fragment; redact credentials and own tokens.

        Idempotent. Takes plain text as well as the text of JSON, which stays JSON.
        """
        for _ in range(_ROUNDS):
            redacted = self._once(text)
            if redacted == text:
                break
            # What was taken out may have brought together what now looks like a secret.
            text = redacted
        return text

    def event_text(self, text: str) -> str:
        """Redact raw event data or a log line: `text`, and in JSON the values of secret keys.

        Everything else stays character for character; the text need not be valid JSON.
        """
        if '"' in text and (_SECRET_HINT.search(text) or "\\u" in text):
            text = _hide_values(text)
        return self.text(text)

    def value(self, value: JSON) -> JSON:
        """Redact decoded JSON at any depth, its keys included. Strings may hold JSON themselves."""
        match value:
            case str():
                return self.event_text(value)
            case list():
                return [self.value(item) for item in value]
            case dict():
                return {self.text(key): self._member(key, item) for key, item in value.items()}
            case _:
                return value

    def config(self, config: Object) -> Object:
        """Give what of a job's config is shown; a value that is not is `[hidden]`.

        Known keys of the wire format's Job are shown where their values are of its kind; of other
        keys numbers, booleans and null, and what `show` names, but never a secret's value.
        """
        return {
            self.text(key): self._dataset(value)
            if key == "datasetSource" and isinstance(value, dict)
            else self._shown(key, value, _CONFIG_TEXTS)
            for key, value in config.items()
        }

    def entry(self, entry: Object) -> Object:
        """Give a job list's entry without its secrets and with everything else as it came.

        Values of unknown config keys stay, as a later `show` may name them; so does the id.
        """
        return {
            self.text(key): value if key == "id" else self._member(key, value)
            for key, value in entry.items()
        }

    def own(self, data: bytes) -> bytes:
        """Take the tool's own tokens out of raw bytes, however JSON, HTML or a URL spells them."""
        if _may_hold(data, self._token_bytes, self._escapes_in_bytes):
            return self._token_in_bytes.sub(rb"\g<kept>" + REDACTED.encode(), data)
        return data

    def holds_token(self, data: bytes) -> bool:
        """Tell whether one of the tool's own tokens stands in the bytes, in any spelling."""
        return (
            _may_hold(data, self._token_bytes, self._escapes_in_bytes)
            and self._token_in_bytes.search(data) is not None
        )

    def _once(self, text: str) -> str:
        if _may_hold(text, self._tokens, self._escapes):
            text = self._token.sub(rf"\g<kept>{REDACTED}", text)
        text = _CREDENTIAL.sub(REDACTED, text)
        if "://" in text or "\\" in text:
            text = _URL.sub(_bare_url, text)
        return text

    def _member(self, key: str, value: JSON) -> JSON:
        return HIDDEN if speaks_of_secret(key) else self.value(value)

    def _dataset(self, source: Object) -> Object:
        """Give what of a dataset source is shown: its own known keys, else the same rule."""
        texts = source.keys() if "datasetSource" in self._show else _DATASET_TEXTS
        shown = {key: self._shown(key, value, texts) for key, value in source.items()}
        if isinstance(url := shown.get("url"), str):
            # The key says that it is a URL, so its query goes even where no scheme stands first.
            shown["url"] = _QUERY_START.split(url, maxsplit=1)[0]
        return {self.text(key): value for key, value in shown.items()}

    def _shown(self, key: str, value: JSON, texts: Collection[str]) -> JSON:
        """Give a config value, or `[hidden]`; `texts` are the known keys whose values are texts."""
        if speaks_of_secret(key):
            return HIDDEN
        if isinstance(value, bool | int | float):
            return value
        if key in self._show or (key in texts and isinstance(value, str)):
            return self.value(value)
        return HIDDEN


# The texts among the known config keys; the other known ones are numbers, as any key may show.
_CONFIG_TEXTS: Final = frozenset({"model"})
_DATASET_TEXTS: Final = frozenset({"type", "name", "split", "subset", "url"})


def secret_texts(value: JSON, *, beneath: bool = False) -> Iterator[str]:
    """Yield the texts beneath keys that speak of a secret, at any depth.

    `beneath` is whether the value itself is beneath such a key.
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


# --- Keys --------------------------------------------------------------------------------------


def speaks_of_secret(key: str) -> bool:
    """Tell whether a key holds, as a whole word, a name of secrets: `hf_token`, `apiKey`.

    Words end at a change of case and at whatever is no letter. `token` before `id` is none, as
    in `padTokenId`, and neither are the `tokens` that models count.
    """
    return _is_known_to_speak(key) if len(key) <= _USUAL_KEY else _speaks_of_secret(key)


def _speaks_of_secret(key: str) -> bool:
    if not _SECRET_HINT.search(key):
        return False
    if _PASS_AT_END.search(key):  # smtpPass, but not passRate, and not the metric pass@1
        return True
    return any(_names_a_secret(words.findall(key)) for words in _WORDS)


# Every job and event comes with the same keys; what is held of them is bounded.
_USUAL_KEY: Final = 64
_is_known_to_speak: Final = lru_cache(1 << 10)(_speaks_of_secret)


def _names_a_secret(words: Sequence[str]) -> bool:
    lowered = [word.lower() for word in words]
    following = [*lowered[1:], ""]
    return any(
        (word in _SECRET_WORDS and not (word == "token" and after in {"id", "ids"}))
        or word + after in _SPLIT_SECRET_WORDS
        for word, after in zip(lowered, following, strict=True)
    )


_SECRET_WORDS: Final = frozenset(
    {
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "key",
        "secrets",
        "passwords",
        "passphrases",
        "keys",
        "credentials",
        "creds",
        "cookies",
        "signatures",
        "auth",
        "oauth",
        "authorization",
        "authorisation",
        "authentication",
        "bearer",
        "jwt",
        "cookie",
        "signature",
        "credential",
        "cred",
        "apikey",
        "apikeys",
        "apisecret",
        "apitoken",
        "accesskey",
        "accesstoken",
        "authkey",
        "authtoken",
        "clientsecret",
        "hftoken",
        "idtoken",
        "privatekey",
        "privkey",
        "refreshtoken",
        "secretkey",
        "secrettoken",
        "sessiontoken",
        "sshkey",
    }
)
_SPLIT_SECRET_WORDS: Final = frozenset({"password", "passphrase", "passcode"})
_PASS_AT_END: Final = re.compile(r"(?:\A|[^A-Za-z])pass\Z|(?:\A|[^A-Z])P(?:ass|ASS)\Z")
_SECRET_HINT: Final = re.compile(
    "token|secret|key|pass|pwd|auth|cred|bearer|jwt|cookie|signature", re.IGNORECASE
)

# A letter that is not A to Z counts as a small one. Of a run of capitals before small letters
# the last may begin the next word (HFToken) or not (APIkey): either reading can name a secret.
_SMALL: Final = r"[^\W\d_A-Z]"
_WORDS: Final = (
    re.compile(rf"IDs?(?!{_SMALL})|[A-Z]+(?!{_SMALL})|[A-Z]?{_SMALL}+"),
    re.compile(rf"IDs?(?!{_SMALL})|[A-Z]{{2,}}|[A-Z]?{_SMALL}+"),
)


# --- The values of secret keys, in the text of JSON ----------------------------------------------
#
# JSON may stand anywhere in a text, be cut off or broken, or stand inside a JSON string, its own
# quotes escaped. So nothing is parsed: a key is what stands between two quotes of which a colon
# follows the second, and how deep a quote is nested shows in the backslashes before it.

_QUOTE: Final = r'(?<!\\)(?:\\*+"|\\++u0022)'
_SPACE: Final = r"(?:\s|\\++[nrt])*+"
_KEY: Final = re.compile(
    rf"""
    {_QUOTE}
    (?P<key> (?: [^"\\]++ | (?!{_QUOTE})\\++ )*+ )
    (?P<quote> \\*+" | \\++u0022 )
    {_SPACE} : {_SPACE}
    """,
    re.VERBOSE,
)
_STRING_START: Final = re.compile(_QUOTE)
_BRACKETS_OR_QUOTE: Final = re.compile(rf"{_QUOTE}|[\[{{]++|[\]}}]++")
_BARE_VALUE: Final = re.compile(r'[^,}\]"\\\r\n]++')
_ESCAPED_CHARACTER: Final = re.compile(r"\\++(?:u([0-9a-fA-F]{4})|.?)", re.DOTALL)


def _hide_values(text: str) -> str:
    """Put `"[hidden]"` in the place of each value whose key speaks of a secret."""
    parts: list[str] = []
    done = position = 0
    while found := _KEY.search(text, position):
        # The quote that ends what is no secret key may begin the next one.
        position = found.start("quote")
        if not speaks_of_secret(_ESCAPED_CHARACTER.sub(_unescaped, found["key"])):
            continue
        start = found.end()
        end, replacement = _hidden_value(text, start, found["quote"])
        if end > start:
            parts += text[done:start], replacement
            done = position = end
    return "".join([*parts, text[done:]])


def _unescaped(escape: re.Match[str]) -> str:
    # Any other escape stands for something that is no letter, and so ends a word.
    return chr(int(escape[1], 16)) if escape[1] else " "


def _hidden_value(text: str, start: int, key_quote: str) -> tuple[int, str]:
    """Find where the value that begins at `start` ends, and give what to put in its place.

    `key_quote` is the closing quote of the value's key, as it is spelled there.
    """
    level = _nesting(key_quote)
    # Not the key's own spelling: backslashes at the key's end would come along with it.
    quote = "\\" * (2**level - 1) + '"'
    opening = _STRING_START.match(text, start)
    if opening:
        if _nesting(opening[0]) < level:
            return start, ""  # the end of the string that the JSON stands in
        return _string_end(text, opening), f"{opening[0]}{HIDDEN}{opening[0]}"
    if text[start : start + 1] in {"[", "{"}:
        return _bracket_end(text, start, level), f"{quote}{HIDDEN}{quote}"
    bare = _BARE_VALUE.match(text, start)
    length = len(bare[0].rstrip()) if bare else 0
    return start + length, f"{quote}{HIDDEN}{quote}"


def _string_end(text: str, opening: re.Match[str]) -> int:
    """Give where a string ends; one that is not closed ends with the text.

    A quote that is nested less deep ends the string that this one stands in.
    """
    level = _nesting(opening[0])
    for found in _STRING_START.finditer(text, opening.end()):
        nesting = _nesting(found[0])
        if nesting <= level:
            return found.end() if nesting == level else found.start()
    return len(text)


def _bracket_end(text: str, start: int, level: int) -> int:
    """Give where the array or object at `start` ends; one that is not closed, with the text."""
    depth = 0
    in_string = False
    for found in _BRACKETS_OR_QUOTE.finditer(text, start):
        token = found[0]
        if token[0] in "[{]}":
            if in_string:
                continue
            if token[0] in "]}" and depth <= len(token):
                return found.start() + depth
            depth += len(token) if token[0] in "[{" else -len(token)
        elif (nesting := _nesting(token)) < level:
            return found.start()
        elif nesting == level:
            in_string = not in_string
    return len(text)


def _nesting(quote: str) -> int:
    """Give how many JSON strings a quote stands in, by the backslashes that escape it.

    Each string doubles the backslashes inside it and adds one before a quote; a backslash that
    is part of the text makes for an even number of them at its own level.
    """
    backslashes = quote.count("\\")
    extra = 0
    if not quote.endswith('"'):
        while backslashes % 2 == 0:
            backslashes //= 2
            extra += 1
    return extra + (backslashes ^ (backslashes + 1)).bit_length() - 1


# --- The tool's own tokens -----------------------------------------------------------------------


def _may_hold(
    text: AnyStr, tokens: Iterable[AnyStr], escapes: Iterable[re.Pattern[AnyStr]]
) -> bool:
    """Rule out, fast, the text that holds neither a token nor what could spell one."""
    # Plain loops, since it is asked of every short text as well.
    for token in tokens:
        if token in text:
            return True
    for escape in escapes:  # noqa: SIM110
        if escape.search(text):
            return True
    return False


def _any_spelling(tokens: Iterable[str]) -> str:
    """Give a pattern for any of the tokens, as JSON, HTML, Markdown or a URL may spell it.

    An odd backslash before a letter is taken too: without the letter it would escape our bracket.
    With no tokens, the pattern matches nothing.
    """
    spelled = "|".join("".join(map(_spellings, token)) for token in tokens) or r"(?!)"
    firsts = "".join(sorted({re.escape(token[:1]) for token in tokens}))
    # Where none can start is seen at a glance.
    return rf"(?=[{firsts}\\&%])(?:(?<!\\)(?P<kept>(?:\\\\)*+)\\(?=[A-Za-z0-9]))?(?:{spelled})"


def _escapes(tokens: Iterable[str]) -> list[str]:
    """Give patterns for the escapes of any character of the tokens.

    Each spelling of a token but the plain one holds such an escape, and few other texts do. Each
    pattern begins with a sign of its own, which lets `re` skip at once what does not hold it.
    """
    characters = sorted(set("".join(tokens)))
    others = [character for character in characters if not _is_plain(character)]
    units = (unit for character in characters for unit in _units(character))
    entities = (entity for character in others for entity in _entities(character))
    percents = (_percent(character)[1:] for character in others)
    return [
        rf"\\(?:[uU](?i:{_one_of(units)})|{_one_of(map(re.escape, others))})",
        f"%(?i:{_one_of(percents)})",
        f"&(?i:{_one_of(entities)});",
    ]


def _one_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(set(patterns))) or '(?!)'})"


def _spellings(character: str) -> str:
    escaped = "".join(rf"(?<!\\)\\++[uU](?i:{unit})" for unit in _units(character))
    if _is_plain(character):
        return f"(?:{character}|{escaped})"
    return (
        rf"(?:(?:(?<!\\)\\++)?{re.escape(character)}|{escaped}"
        rf"|(?i:{_percent(character)}|&(?:{'|'.join(_entities(character))});))"
    )


def _is_plain(character: str) -> bool:
    """Tell whether a character is escaped by JSON's numbers alone, if at all."""
    return character.isascii() and character.isalnum()


def _units(character: str) -> list[str]:
    """Give the UTF-16 units of a character, as JSON escapes them."""
    units = character.encode("utf-16-be", "surrogatepass")
    return [units[i : i + 2].hex() for i in range(0, len(units), 2)]


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _entities(character: str) -> list[str]:
    code = ord(character)
    return [f"#0*{code}", f"#x0*{code:x}", *_NAMED_ENTITIES.get(character, ())]


_NAMED_ENTITIES: Final = {
    "&": ("amp",),
    "<": ("lt",),
    ">": ("gt",),
    '"': ("quot",),
    "'": ("apos",),
}


# --- Credentials ---------------------------------------------------------------------------------

# A word starts after whatever is no letter or digit, and after an escape in the text of JSON.
_WORD_START: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# These take `-` and `_` themselves: tried anew after each, they would take quadratic time.
_RUN_START: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# RFC 6750's b64token, whose marks JSON may escape.
_MARK: Final = r"(?:[._~+/-]|\\++/|\\++u00(?:2[bBdDeEfF]|5[fF]|7[eE]))"

_CREDENTIAL: Final = re.compile(
    rf"""
    (?=[AabBeghnprsx])
    (?:
        {_WORD_START}
        (?:
            # Prose goes on after "bearer" too: a word of letters alone must be a long one.
            # \b is a JSON escape, whose letter starts no word.
            (?!(?<=(?<!\\)\\)b)(?i:bearer) (?:[ \t:=]|%20){{1,8}}+
            (?:
                (?= (?:[A-Za-z]|{_MARK})*+ [0-9] ) (?:[A-Za-z0-9]|{_MARK}){{8,}}+
                | (?= [A-Za-z]++ {_MARK}++ [A-Za-z] ) (?:[A-Za-z]|{_MARK}){{12,}}+
                | [A-Za-z]{{16,}}+
            )
            (?:=|\\++u003[dD])*+
          | (?!(?<=(?<!\\)\\)b)(?i:basic) [ ]
            (?= [A-Za-z/+]*+[0-9] | [A-Za-z/+]++= ) [A-Za-z0-9+/]{{12,}}+ =*+
          | (?:hf|api_org)_[A-Za-z0-9]{{16,}}+
          | sk-(?:[A-Za-z0-9]{{1,8}}[-_]){{0,3}}[A-Za-z0-9]{{16,}}+[A-Za-z0-9_-]*+
          | sk-(?:proj|svcacct|admin|ant-[a-z]{{1,8}}[0-9]{{2}}|or-v1)-[A-Za-z0-9_-]{{16,}}+
          | [sr]k_(?:live|test)_[A-Za-z0-9]{{10,}}+
          | A(?:KIA|SIA)[A-Z0-9]{{12,}}+
          | gh[pousr]_[A-Za-z0-9]{{16,}}+
          | github_pat_[A-Za-z0-9_]{{20,}}+
          | glpat-[A-Za-z0-9_-]{{16,}}+
          | xox[a-z]-[A-Za-z0-9-]{{10,}}+
          | AIza[A-Za-z0-9_-]{{30,}}+
          | npm_[A-Za-z0-9]{{30,}}+
          | pypi-[A-Za-z0-9_-]{{50,}}+
        )
      | {_RUN_START} eyJ[A-Za-z0-9_-]{{6,}}+\.[A-Za-z0-9_-]{{4,}}+\.[A-Za-z0-9_-]*+
        (?:\.[A-Za-z0-9_-]++)*+
    )
    [A-Za-z0-9_]*+
    """,
    re.VERBOSE,
)


# --- URLs ----------------------------------------------------------------------------------------

_SLASH: Final = r"(?:\\*+/|\\++u002[fF])"
_COLON: Final = r"(?::|\\++u003[aA])"
_AT_SIGN: Final = r"(?:@|\\++u0040)"
_QUERY_SIGN: Final = r"(?:[?#]|\\++u00(?:3[fF]|23))"
# What no URL holds: blanks and controls, quotes of any kind, angle brackets, the punctuation of
# scripts that use no blanks. An apostrophe may stand in one, but not as the end of a list's item.
_OUTSIDE: Final = (
    r"\s\x00-\x20\x7f\"<>`\\'«»\u2018-\u201f\u2039\u203a\u3000-\u303f"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_APOSTROPHE: Final = r"'(?![,)\]};:])"
_ESCAPE: Final = r"\\++u(?!00(?:[01]|20|22|3[CEce]|5[Cc]|60|7[Ff]))[0-9A-Fa-f]{4}"

_URL: Final = re.compile(
    rf"""
    (?<=[A-Za-z0-9+.-])
    (?P<separator> {_COLON}{_SLASH}{_SLASH} )
    (?P<place> (?:
        [^{_OUTSIDE}?#:]++ | :(?!{_SLASH}{_SLASH}) | {_APOSTROPHE}
        | {_SLASH} | (?!{_QUERY_SIGN}){_ESCAPE}
    )*+ )
    (?P<query> (?: {_QUERY_SIGN} (?: [^{_OUTSIDE}]++ | {_APOSTROPHE} | {_SLASH} | {_ESCAPE} )*+ )? )
    """,
    re.VERBOSE,
)
_QUERY_START: Final = re.compile(_QUERY_SIGN)
_SLASH_OR_QUERY: Final = re.compile(f"{_SLASH}|{_QUERY_SIGN}")
_AT: Final = re.compile(rf"{_AT_SIGN}++")
_HOST_AND_PORT: Final = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?")
_QUERY_PART: Final = re.compile(rf"[&=]|\\++u00(?:26|3[dD])|{_QUERY_SIGN}|{_AT_SIGN}")
_PARENTHESIS: Final = re.compile(r"[()]")
_CLOSING_PUNCTUATION: Final = ".,;:!?'*]}|"


def _bare_url(url: re.Match[str]) -> str:
    separator, place, query = url["separator"], url["place"], url["query"]
    after = _after_url(query)
    if "@" in place or "@" in query or "\\" in place or "\\" in query:
        place = _without_user(place, query)
    return f"{separator}{place}{after}"


def _without_user(place: str, query: str) -> str:
    """Give host and path of a URL without the user info before them."""
    slash = _SLASH_OR_QUERY.search(place)
    authority = place[: slash.start()] if slash else place
    users = list(_AT.finditer(authority))
    if users:
        return place[users[-1].end() :]
    if _HOST_AND_PORT.fullmatch(authority):
        return place
    # What looks like a port is a password, cut off by a slash, `?` or `#` that nobody encoded.
    whole = place + query
    users = list(_AT.finditer(whole))
    return _QUERY_START.split(whole[users[-1].end() :], maxsplit=1)[0] if users else place


def _after_url(query: str) -> str:
    """Give the end of a query that is the text's and not the URL's: closing punctuation.

    A parenthesis that was not opened in the query ends it, but not where more of it follows.
    """
    last = 0
    for part in _QUERY_PART.finditer(query):
        last = part.end()
    depth = max(0, query.count("(", 0, last) - query.count(")", 0, last))
    end = len(query)
    for parenthesis in _PARENTHESIS.finditer(query, last):
        depth += 1 if parenthesis[0] == "(" else -1
        if depth < 0:
            end = parenthesis.start()
            break
    return query[len(query[:end].rstrip(_CLOSING_PUNCTUATION)) :]
