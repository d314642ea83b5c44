"""The project's prose reads as an English-speaking engineer would write it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(
    path
    for folder in ("reportgen", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__)  # which quotes what it looks for
)
PAGES_AND_DOCUMENTS = [
    *sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file()),
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
]

VAGUE_FIRST_WORD = re.compile(r"(?:Gives?|Tells?|Takes?|Says?)\b")
TRANSLATED_PHRASE = re.compile(
    r"""
    \b(?:
        afresh | anew | mend(?:s|ed)? | noughts? | what \s+ there \s+ is \s+ of
      | worth \s+ a \s+ word | read \s+ up | taken? \s+ up \s+ again | over \s+ one \s+ another
      | apart \s+ by | least \s+ loss | what \s+ goes \s+ on | by \s+ what
      | where \s+ there \s+ (?:is|are) \s+ none | (?<!there\ ) is \s+ none
      | told (?! \s+ apart) | whoever | reports? \s+ of \s+ something
      | of \s+ (?:the|an?) \s+ (?:server|machine|user|caller)'s (?= [.,;])
    )\b
    """,
    re.VERBOSE,
)
STRING_TOKENS = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", None)}
JINJA_CODE = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)


def modules_with(phrase: re.Pattern[str]) -> Iterator[Path]:
    """Yield the modules that have the phrase anywhere, since parsing all of them is slow."""
    return (path for path in MODULES if phrase.search(path.read_text("utf-8")))


def docstrings(path: Path) -> list[tuple[int, str]]:
    documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
    nodes = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, documented)]
    return [(n.body[0].lineno, text) for n in nodes if (text := ast.get_docstring(n))]


def comments_and_strings(path: Path) -> Iterator[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    for token in tokens:
        if token.type in STRING_TOKENS:
            yield token.start[0], token.string


def text_of(path: Path) -> str:
    """Return a page's or document's text, with as many lines as the file has."""
    return JINJA_CODE.sub(lambda code: "\n" * code[0].count("\n"), path.read_text("utf-8"))


def matches(phrase: re.Pattern[str], path: Path, texts: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield the place and the text of each match; a phrase may run over the end of a line."""
    for first_line, text in texts:
        for found in phrase.finditer(text):
            line = first_line + text.count("\n", 0, found.start())
            yield f"{path.relative_to(ROOT)}:{line}: {' '.join(found[0].split())}"


def test_docstrings_begin_with_an_exact_verb() -> None:
    vague = [
        f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for path in modules_with(VAGUE_FIRST_WORD)
        for line, text in docstrings(path)
        if VAGUE_FIRST_WORD.match(text)
    ]
    assert not vague, "\n".join(vague)


def test_no_phrase_sounds_translated() -> None:
    texts = [
        *((path, comments_and_strings(path)) for path in modules_with(TRANSLATED_PHRASE)),
        *((path, iter([(1, text_of(path))])) for path in PAGES_AND_DOCUMENTS),
    ]
    found = [match for path, parts in texts for match in matches(TRANSLATED_PHRASE, path, parts)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "vague", "translated"),
    [
        ('def f():\n    """Give the name."""\n', [2], []),
        ('async def f():\n    """Tells it.\n\n    It is fetched anew.\n    """\n', [2], [4]),
        ('"""Return the name."""\n# If there is\n# None, it is None.\nx = y is None\n', [], []),
        ('x = f"{y} is read up"\nraise E("It is to be mended.")\n', [], [1, 2]),
        ("x = 1  # over one another\n", [], [1]),
        ('"""They can be told apart."""\nx = "who is told of it"  # whoever asks\n', [], [2, 2]),
        ('def f():\n    """Record an error of the machine\'s."""\n', [], [2]),
    ],
)
def test_faults_are_found(
    tmp_path: Path, source: str, vague: list[int], translated: list[int]
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source, "utf-8")
    assert [line for line, text in docstrings(path) if VAGUE_FIRST_WORD.match(text)] == vague
    lines = [
        line + text.count("\n", 0, found.start())
        for line, text in comments_and_strings(path)
        for found in TRANSLATED_PHRASE.finditer(text)
    ]
    assert lines == translated
