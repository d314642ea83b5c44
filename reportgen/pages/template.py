"""The templates, set up so that none can forget to escape, and what they bring to a page."""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import jinja2
from markupsafe import Markup

from reportgen.text import inert


def inert_text(value: object) -> object:
    """Return a text made inert, for Jinja to escape; anything else, markup included, as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return inert.html(value)


class Templates:
    """All files of the templates folder."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_folder()),
            auto_reload=False,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=inert_text,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def render(self, name: str, **values: object) -> str:
        """Give the whole text that a template makes of these values."""
        return self._environment.get_template(name).render(**values)

    def pieces(self, name: str, **values: object) -> Iterator[str]:
        """Give the same bit by bit, so that what is iterated over need not be held."""
        return self._environment.get_template(name).generate(**values)

    def shortened(self, name: str) -> str:
        """Give a style or script as pages carry it: see `shortened`."""
        return shortened(self._source(name))

    @property
    def digest(self) -> str:
        """Give one hash of all templates."""
        names = sorted(self._environment.list_templates())
        return hashlib.sha256("".join(map(self._source, names)).encode()).hexdigest()

    def _source(self, name: str) -> str:
        if self._environment.loader is None:
            raise jinja2.TemplateNotFound(name)
        return self._environment.loader.get_source(self._environment, name)[0]


def csp_hash(text: str) -> str:
    """Give the source by which a CSP knows an inline style or script: `sha256-` and base64."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def shortened(source: str) -> str:
    """Take indentation, blank lines and `//` lines out of a style or script of one-line texts."""
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _folder() -> Path:
    """Give the packaged templates, or those of the checkout that this package stands in."""
    package = Path(__file__).parent.parent
    packaged = package / "templates"
    return packaged if packaged.is_dir() else package.parent / "templates"
