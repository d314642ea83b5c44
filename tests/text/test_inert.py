"""Whatever a server sends stays text, checked with the readers of each format."""

import csv
import hashlib
import html as htmllib
import io
import json
import re
import unicodedata
from random import Random
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reportgen.text import inert
from reportgen.text.javascript import JSON

# Every ASCII character, and others that affect the text around them.
DANGEROUS: Final = (
    "".join(map(chr, range(0x80)))
    + "\x85\x9b\xa0\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufdd0\ufeff"
    + "\ufffe\uffff\U0001ffff\ud800\udfff\uff1d\uff0b\uff0d\uff20"
)
PIECES: Final = [
    *DANGEROUS,
    *("::", "::error::", "##[", "##vso[", "[::1]", "\r\n", "@user", "#12", "!1", "www.x.de", "a.b"),
    *(
        "https://x.de/a?b",
        "mailto:a@b.de",
        "<b>",
        "</script>",
        "<!--",
        "&amp;",
        "1. ",
        "12) ",
        "- ",
    ),
    *("**a**", "__a__", "a_b", "~~a~~", "`a`", "[a](b)", "![a](b)", "[a]: b", "|", "\\|", "---"),
    *("=cmd|'/C calc'!A0", "a", "Z", "7", "é", "☃", "\U0001f600", "   ", "$a$", "{{a}}", "]]>"),
]
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text(st.characters(codec=None), max_size=8),
)

# --- File names ----------------------------------------------------------------------------------


def digits(job_id: str) -> str:
    return hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:10]


@pytest.mark.parametrize(
    "job_id",
    [
        "job_1",
        "a",
        "_",
        "Az09._-",
        "a..b",
        "a.",
        "a-",
        "x" * 80,
        "console",
        "com10",
        "com0",
        "a.con",
        "nul-1",
        "a-012345678",
        "a-0123456789x",
        "a-012345678g",
        "a0123456789",
    ],
)
def test_safe_id_is_its_own_name(job_id: str) -> None:
    assert inert.file_slugs([job_id]) == {job_id: job_id}


@pytest.mark.parametrize(
    ("job_id", "readable"),
    [
        ("", "job"),
        (".", "job"),
        ("..", "job"),
        ("../../x", "x"),
        ("/etc/passwd", "etc-passwd"),
        ("..\\x", "x"),
        ("C:\\x", "C-x"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("a/b", "a-b"),
        ("a \t\n b", "a-b"),
        ("a\0b", "a-b"),
        ("a\n", "a"),
        ("naïve job", "na-ve-job"),
        ("词", "job"),
        ("\ud800", "job"),
        ("x" * 81, "x" * 69),
        ("x" * 10_000, "x" * 69),
        ("/" * 10_000, "job"),
        ("x" * 68 + "./" + "y" * 99, "x" * 68),
        ("CON", "CON"),
        ("con.txt", "con-txt"),
        ("Lpt1.a.b", "Lpt1-a.b"),
        ("/nul.x", "nul-x"),
        ("a-0123456789", "a-0123456789"),
        ("a-ABCDEFabcd", "a-ABCDEFabcd"),
    ],
)
def test_any_other_id_gets_a_hashed_name(job_id: str, readable: str) -> None:
    assert inert.file_slugs([job_id]) == {job_id: f"{readable}-{digits(job_id)}"}


def test_of_ids_that_differ_only_in_case_the_first_in_byte_order_keeps_its_name() -> None:
    assert inert.file_slugs(["job", "jOb", "JOB", "other"]) == {
        "JOB": "JOB",
        "jOb": f"jOb-{digits('jOb')}",
        "job": f"job-{digits('job')}",
        "other": "other",
    }


def test_ids_made_to_collide_get_names_of_their_own() -> None:
    # Forty bits of a hash can be made to collide: these two were found within a second.
    first, second = "x" * 80 + "188853", "x" * 80 + "6194"
    assert digits(first) == digits(second)
    slugs = inert.file_slugs([second, first])
    assert slugs[first] == f"{'x' * 69}-{digits(first)}"
    assert slugs[second] == f"{'x' * 69}-{hashlib.sha256(second.encode()).hexdigest()[1:11]}"
    assert inert.file_slugs([first, second]) == slugs


ids = st.lists(
    st.one_of(
        texts,
        st.sampled_from(["job", "JOB", "Job", "con", "nul.x", "", ".", "x" * 81, "X" * 82]),
        st.from_regex(r"\A[aA]-[0-9a-f]{10}\Z"),
    ),
    max_size=12,
)


@given(ids, st.randoms())
def test_names_are_safe_unique_and_independent_of_order(names: list[str], random: Random) -> None:
    slugs = inert.file_slugs(names)
    assert set(slugs) == set(names)
    assert len({slug.lower() for slug in slugs.values()}) == len(slugs)
    for job_id, slug in slugs.items():
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", slug)
        assert not re.match(r"(?i)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|\Z)", slug)
        # A name depends on another id only if the two differ only in case.
        alone = inert.file_slugs([job_id])[job_id]
        assert alone in {slug, job_id}
        # The id of another job cannot occupy a name.
        assert slug == job_id or inert.file_slugs([slug])[slug] != slug
    random.shuffle(names)
    assert inert.file_slugs(names) == slugs


# --- HTML, XML, CSV ------------------------------------------------------------------------------


def is_text(character: str) -> bool:
    """Return whether a character neither controls nor reorders, nor is forbidden in HTML."""
    code = ord(character)
    return (
        unicodedata.category(character) not in {"Cc", "Cs"}
        and unicodedata.bidirectional(character)
        not in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
        and character not in "\u061c\u200e\u200f"
        and not 0xFDD0 <= code <= 0xFDEF
        and code & 0xFFFE != 0xFFFE
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\0\x1b[31m\x7f\x9b", "␀␛[31m␡[U+009B]"),
        ("abc\u202edef", "abc[U+202E]def"),
        ("\ud800\uffff\U0010ffff", "[U+D800][U+FFFF][U+10FFFF]"),
        ("<b> & é עברית 😀\u200d", "<b> & é עברית 😀\u200d"),
    ],
)
def test_html_stand_ins(text: str, expected: str) -> None:
    assert inert.html(text) == expected


@settings(deadline=None)
@given(texts)
def test_html_is_text_that_a_parser_gives_back(text: str) -> None:
    shown = inert.html(text)
    assert all(is_text(character) or character in "\t\n" for character in shown)
    shown.encode()
    assert htmllib.unescape(htmllib.escape(shown)) == shown
    assert inert.html(shown) == shown


@settings(deadline=None)
@given(texts)
def test_xml_is_text_that_a_parser_gives_back(text: str) -> None:
    shown = inert.xml(text)
    element = ET.Element("a", {"b": shown})
    element.text = shown
    # With the XML declaration of our files; the parser is expat.
    read = ET.fromstring(ET.tostring(element, "utf-8"))  # noqa: S314
    assert (read.text or "") == shown
    assert read.get("b") == shown


@pytest.mark.parametrize("start", [*"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", " =", "\n\n+", "\r\n-"])
def test_csv_cell_starts_no_formula(start: str) -> None:
    assert inert.csv_cell(f"{start}1").startswith(("'", "␍"))


@pytest.mark.parametrize("text", ["", "a", "2026-05-01T00:00:00.000Z", "a=b", "5", "'=1", 'é, "x"'])
def test_csv_cell_stays(text: str) -> None:
    assert inert.csv_cell(text) == text


@settings(deadline=None)
@given(texts)
def test_csv_cell_comes_back_from_a_reader(text: str) -> None:
    cell = inert.csv_cell(text)
    assert cell[:1] not in set("=+-@\t\r")
    assert cell.lstrip()[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
    file = io.StringIO(newline="")
    csv.writer(file).writerow([cell, "end"])
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)) == [
        [cell, "end"]
    ]


# --- JSON ----------------------------------------------------------------------------------------


def test_json_text() -> None:
    value: JSON = {
        "é": [float("nan"), float("-inf"), 1.5, None, True],
        "x": "\ud800\u202e\x7f",
    }
    assert inert.json_text(value) == (
        '{\n  "é": [\n    "NaN",\n    "-Infinity",\n    1.5,\n    null,\n    true\n  ],\n'
        '  "x": "\\ud800\\u202e\\u007f"\n}\n'
    )


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def reject(word: str) -> None:
    raise AssertionError(word)


def strict(text: str) -> object:
    return json.loads(text.encode(), parse_constant=reject)


def expected(value: JSON) -> object:
    if isinstance(value, float) and value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [expected(item) for item in value]
    if isinstance(value, dict):
        return {utf16(key): expected(item) for key, item in value.items()}
    return utf16(value) if isinstance(value, str) else value


def utf16(text: str) -> str:
    """Join adjacent surrogates, as every JSON reader does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@settings(deadline=None)
@given(json_values)
def test_json_gives_the_same_value(value: JSON) -> None:
    text = inert.json_text(value)
    assert strict(text) == expected(value)
    assert all(is_text(character) or character == "\n" for character in text)


@settings(deadline=None)
@given(json_values)
def test_html_json_cannot_end_its_element(value: JSON) -> None:
    text = inert.html_json(value)
    assert strict(text) == expected(value)
    assert not set(text) & set("<>&\u2028\u2029\n")
    assert all(map(is_text, text))


# --- Markdown ------------------------------------------------------------------------------------

commonmark = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ZERO_WIDTH_SPACE: Final = "\u200b"


def plain(text: str) -> str:
    return re.sub(r"\r\n|[\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]", " ", text)


def as_text(text: str) -> str:
    """Return what a renderer should show: one line with stand-ins, without spaces around it."""
    return inert.html(plain(text)).strip()


def rendered(source: str) -> list[str]:
    """Return the types of a paragraph's inline tokens, followed by its text."""
    opening, inline, _closing = commonmark.parse(source)
    assert opening.type == "paragraph_open"
    children = inline.children or []
    return [*sorted({child.type for child in children}), "".join(c.content for c in children)]


@given(texts)
def test_markdown_is_text_in_a_paragraph(text: str) -> None:
    source = inert.markdown(text)
    assert "\n" not in source
    if as_text(text):
        assert set(rendered(source)[:-1]) <= {"text"}
        shown = rendered(source)[-1].replace(ZERO_WIDTH_SPACE, "")
        assert shown == as_text(text).replace(ZERO_WIDTH_SPACE, "")


@given(texts, texts)
def test_markdown_is_text_in_a_table(one: str, two: str) -> None:
    source = f"| a | b |\n| --- | --- |\n| {inert.markdown(one)} | {inert.markdown(two)} |\n"
    tokens = commonmark.parse(source)
    cells = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens].count("td_open") == 2
    for cell, text in zip(cells[2:], (one, two), strict=True):
        assert {child.type for child in cell.children or []} <= {"text"}
        shown = "".join(child.content for child in cell.children or [])
        assert shown.replace(ZERO_WIDTH_SPACE, "") == as_text(text).replace(ZERO_WIDTH_SPACE, "")


@pytest.mark.parametrize(
    "text",
    [
        *("@user", "(@user)", "#12", "org/repo#12", "!7", "a@b.example", "GH-12", "(gh-1)"),
        *("%1", '%"v 1"', "~bug", '~"a b"', "&9", "group&9", "$5"),
    ],
)
def test_markdown_mentions_nobody(text: str) -> None:
    shown = rendered(inert.markdown(text))[-1]
    assert not re.search(r"[@#!%~&$-][\w\"]", shown)
    assert shown.replace(ZERO_WIDTH_SPACE, "") == text


@pytest.mark.parametrize(
    "text", ["job_1", "support-bot-v1", "high-8", "1.5", "12:30:00", "it's (50%), ok!"]
)
def test_markdown_leaves_plain_text_readable(text: str) -> None:
    assert inert.markdown(text) == text


@pytest.mark.parametrize(
    "text", ["https://x.example", "www.x.example", "WWW.1.de", "mailto:a@b.de", "x.example"]
)
def test_markdown_links_nothing_by_itself(text: str) -> None:
    # GitHub's extension looks for these letters in the source itself.
    assert not re.search(r"(?i)\w://|www\.|mailto:|\w@\w|x\.e", inert.markdown(text))


# --- Terminal ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected_"),
    [
        ("::error file=x::y", ": :error file=x: :y"),
        ("a\n::set-env name=x::y", "a : :set-env name=x: :y"),
        (":::", ": : :"),
        ("##[error]x", "# #[error]x"),
        ("###vso[task.complete]", "## #vso[task.complete]"),
        ("## heading [x]", "## heading [x]"),
        ("http://[::1]:4000/ [::ffff:1.2.3.4]", "http://[::1]:4000/ [::ffff:1.2.3.4]"),
        ("[::error]", "[: :error]"),
        ("a\tb\r\nc\x1b[2J\x9b\u202e", "a b c␛[2J[U+009B][U+202E]"),
        ("https://h/p: 12:30", "https://h/p: 12:30"),
    ],
)
def test_terminal(text: str, expected_: str) -> None:
    assert inert.terminal(text) == expected_


@given(texts)
def test_terminal_is_one_line_without_controls_and_commands(text: str) -> None:
    shown = inert.terminal(text)
    assert all(is_text(c) and unicodedata.category(c) not in {"Zl", "Zp"} for c in shown)
    assert "::" not in re.sub(r"\[::[0-9A-Fa-f:.]*\]", "", shown)
    assert not shown.lstrip().startswith("::")
    assert not re.search(r"##[A-Za-z]*\[", shown)
    assert inert.terminal(shown) == shown


# --- GitHub's workflow commands ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "value"),
    [
        ("50 %, at 12:30", "50 %25, at 12:30", "50 %25%2C at 12%3A30"),
        ("%0A::error::x", "%250A: :error: :x", "%250A%3A %3Aerror%3A %3Ax"),
        ("a\r\nb\x1b\u202e##[group]", "a b␛[U+202E]# #[group]", "a b␛[U+202E]# #[group]"),
    ],
)
def test_workflow_commands(text: str, message: str, value: str) -> None:
    assert inert.workflow_message(text) == message
    assert inert.workflow_property(text) == value
