"""Read HTML and Markdown: what a person sees of them, block by block."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from semsearch.corpus.documents.document import Document
from semsearch.corpus.documents.tidy import one_line, tidy
from semsearch.corpus.encodings import decoded

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

UNSEEN = {
    "script", "style", "template", "head", "iframe", "object", "svg", "math", "canvas", "audio",
    "video", "select", "datalist", "noscript", "-comment", "!doctype",
}  # fmt: skip
PARAGRAPHS = {
    "address", "article", "aside", "blockquote", "body", "details", "dialog", "div", "dl",
    "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "main", "nav", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
LINES = {"caption", "dd", "dt", "figcaption", "legend", "li", "option", "summary", "tr"}
CELLS = {"td", "th"}
AS_WRITTEN = {"pre", "textarea"}
CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""")
HEAD = 4096
SPACES = re.compile(r"[ \t\n\r\f]+")
FRONT = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
FRONT_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.+)$", re.MULTILINE)


def read_html(content: bytes) -> Document:
    """Return the visible text of an HTML page and its title, or else its first heading."""
    declared = CHARSET.search(content[:HEAD].lower())
    flaws: list[str] = []
    made = of_html(decoded(content, declared[1].decode() if declared else None, flaws))
    return replace(made, flaws=tuple(flaws))


def read_markdown(content: bytes) -> Document:
    """Return the text of Markdown without its marks; what stands before it tells only the title."""
    from markdown_it import MarkdownIt

    flaws: list[str] = []
    source = decoded(content, None, flaws).replace("\r\n", "\n")
    front = FRONT.match(source)
    if front is not None:
        source = source[front.end() :]
    made = of_html(MarkdownIt("commonmark").enable("table").render(source))
    named = FRONT_TITLE.search(front[1]) if front is not None else None
    title = one_line(named[1]).strip("\"'") if named else made.title
    return Document(made.text, title, flaws=tuple(flaws))


def of_html(source: str) -> Document:
    """Return the visible text and the title of HTML."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(source)
    titles = (tree.css_first("head > title"), tree.css_first("h1"), tree.css_first("h2"))
    title = next((text for each in titles if each and (text := one_line(each.text()))), "")
    return Document("" if tree.root is None else tidy(visible(tree.root)), title)


def visible(root: LexborNode) -> str:
    """Return the text under a node; blocks begin and end lines.

    It goes from node to node without recursion: pages of 5,000 nested elements exist.
    """
    page = Page()
    node: LexborNode | None = root
    while node is not None:
        inside = page.enter(node)
        if inside is not None:
            node = inside
            continue
        while node is not None:
            page.leave(node)
            if node.mem_id == root.mem_id:
                return page.text()
            if node.next is not None:
                node = node.next
                break
            node = node.parent
    return page.text()


class Page:
    """The text of a page as far as it was walked through."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._breaks = 0  # that the next text stands after: 1 a new line, 2 a blank line
        self._at_space = True
        self._as_written = 0

    def text(self) -> str:
        """Return all that was seen."""
        return "".join(self._parts)

    def enter(self, node: LexborNode) -> LexborNode | None:
        """Take a node into account and return its first child, if that is to be seen."""
        tag = node.tag or ""
        if tag == "-text":
            self._write(node.text_content or "")
            return None
        if is_unseen(node, tag):
            return None
        if tag == "br":
            self._breaks = min(self._breaks + 1, 2)
        elif tag in CELLS:
            self._write_cell_start()
        self._break(tag)
        self._as_written += tag in AS_WRITTEN
        return node.first_child

    def leave(self, node: LexborNode) -> None:
        """Take the end of a node into account."""
        tag = node.tag or ""
        if not is_unseen(node, tag):
            self._as_written -= tag in AS_WRITTEN
            self._break(tag)

    def _break(self, tag: str) -> None:
        self._breaks = max(self._breaks, 2 if tag in PARAGRAPHS else 1 if tag in LINES else 0)

    def _write_cell_start(self) -> None:
        if not self._breaks:
            self._parts.append("\t")
            self._at_space = True

    def _write(self, text: str) -> None:
        is_at_start = self._breaks > 0 or self._at_space
        if not self._as_written:
            text = SPACES.sub(" ", text)
            text = text.lstrip(" ") if is_at_start else text
        if text:
            self._parts += ["\n" * self._breaks, text]
            self._breaks = 0
            self._at_space = text.endswith((" ", "\n"))


def is_unseen(node: LexborNode, tag: str) -> bool:
    """Tell whether a node and all in it is not shown."""
    return tag in UNSEEN or (tag[:1] not in "-!" and "hidden" in node.attributes)
