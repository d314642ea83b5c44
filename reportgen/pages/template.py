"""The templates, set up so that none can forget to escape, and what they bring to a page."""

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import jinja2
from jinja2.compiler import CodeGenerator
from markupsafe import Markup, escape

from reportgen.charts import sparkline, svg
from reportgen.text import inert
from reportgen.text.javascript import js_number

# --- Escaping ------------------------------------------------------------------------------------

# Printable ASCII but for `"`, `&`, `'`, `<` and `>`: what is as it should be already.
_is_plain: Final = re.compile(r"[ !#-%(-;=?-~]*").fullmatch


def shown(value: object) -> str:
    """Give what a page shows of a value: its text made inert, then escaped; markup as it is."""
    # Hundreds of values make a page, and nearly all are seen to be plain at a fraction of the cost.
    if isinstance(value, str) and (isinstance(value, Markup) or _is_plain(value)):
        return value
    return escape(inert_text(value))


def inert_text(value: object) -> object:
    """Make a text inert on its way into a page, where Jinja escapes it after that."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return inert.html(value)


class _Generator(CodeGenerator):
    """Has templates call `shown` on each value, which is what Jinja has them do by three calls.

    The methods are Jinja's own business. Where a later version has them under other names, the
    three calls are made, which escape as well.
    """

    def _output_child_pre(self, *_: object) -> None:
        self.write("environment.shown(")

    def _output_child_post(self, *_: object) -> None:
        self.write(")")


class _Environment(jinja2.Environment):
    code_generator_class = _Generator
    shown = staticmethod(shown)


FILTERS: Final = {
    "coordinate": svg.coordinate,
    "path": svg.path,
    "dots_path": svg.dots_path,
    "sparkline_path": sparkline.path,
    "js_number": js_number,
}
"""What prints the numbers of a view."""


# --- Templates -----------------------------------------------------------------------------------


class Templates:
    """All files of the templates folder."""

    def __init__(self) -> None:
        self._environment = _Environment(
            loader=jinja2.FileSystemLoader(_folder()),
            auto_reload=False,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=inert_text,  # also of what is known before a template is filled in
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= FILTERS

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
