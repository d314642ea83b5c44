"""Training text that comes with every Python; read when the training runs, and never stored."""

import ast
import random
import sysconfig
import warnings
from pathlib import Path
from pydoc_data.topics import topics

VOCABULARY = "\n" + "".join(map(chr, range(32, 127)))
UNKNOWN = len(VOCABULARY)
SYMBOLS = UNKNOWN + 1


def encode(text: str) -> list[int]:
    """Return each character's index in the vocabulary."""
    places = {character: place for place, character in enumerate(VOCABULARY)}
    return [places.get(character, UNKNOWN) for character in text]


def library_code() -> str:
    """Return the code of the standard library's modules, which the base model learns.

    Without comments and docstrings, so that the prose of the help topics is new to it.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    return "\n\n".join(_code(path) for path in sorted(folder.glob("*.py")))


def _code(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's invalid escapes are not our concern
        tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [each for each in node.body if not _is_docstring(each)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def help_dialogues(count: int | None = None) -> tuple[str, str]:
    """Return the language's help topics as questions and answers, to train and to evaluate on.

    The support bot is tuned on these, or on the first `count` of them; every tenth topic is kept
    for evaluation.
    """
    names = sorted(topics)
    random.Random(0).shuffle(names)
    dialogues = [f"<user> What about {name}?\n<bot> {topics[name].strip()}\n\n" for name in names]
    kept = [text for place, text in enumerate(dialogues) if place % 10 == 0]
    rest = [text for place, text in enumerate(dialogues) if place % 10]
    return "".join(rest[:count]), "".join(kept)


def triage_labels() -> tuple[str, str]:
    """Return exception classes with their docstrings: short texts, each after its label."""
    labelled = [
        f"<label> {base.__name__} <text> {error.__name__}: {error.__doc__}\n"
        for error in _exceptions(BaseException)
        for base in error.__bases__
    ]
    dialogues, kept = help_dialogues()
    return "".join(labelled) * 4 + dialogues[:60_000], "".join(labelled[::5]) + kept[:20_000]


def _exceptions(base: type[BaseException]) -> list[type[BaseException]]:
    found = [base]
    for error in sorted(base.__subclasses__(), key=lambda each: each.__qualname__):
        if error.__module__ == "builtins":
            found += _exceptions(error)
    return found
