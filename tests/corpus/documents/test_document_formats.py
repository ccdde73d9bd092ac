"""What is read of one document of each format: its text, its title, its fields."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest

from semsearch.corpus import Item, Skipped, read_corpus
from semsearch.corpus.documents.parsing import parse
from tests.corpus.documents import making


def text_of(content: bytes | str, kind: str) -> str:
    return parse(content.encode() if isinstance(content, str) else content, kind).text


def title_of(content: bytes | str, kind: str) -> str:
    return parse(content.encode() if isinstance(content, str) else content, kind).title


def only(path: Path) -> Item:
    [item] = read_corpus(path).entries
    assert isinstance(item, Item)
    return item


def test_a_single_document_is_an_item_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "soup.txt"
    path.write_text("The soup was cold.\n\nReally.\n")
    text = "The soup was cold.\n\nReally."
    fields = {"path": "soup.txt", "title": "soup.txt", "format": "txt"}
    assert only(path) == Item(1, "soup.txt", text, text, fields)


def test_blank_lines_between_paragraphs_survive_and_others_do_not() -> None:
    assert text_of("\n one  \r\n\r\n\r\n\r\ntwo\fthree\n\n", "txt") == " one\n\ntwo\n\nthree"


def test_control_characters_are_left_out() -> None:
    assert text_of("a\x07b\x1b[0m", "txt") == "ab[0m"


def test_markdown_is_read_without_its_marks() -> None:
    source = "# Soup\n\nIt is **cold**, see [this](http://x).\n\n- one\n- two\n\n```\nx  = 1\n```\n"
    assert text_of(source, "md") == "Soup\n\nIt is cold, see this.\n\none\ntwo\n\nx  = 1"
    assert title_of(source, "md") == "Soup"


def test_the_title_of_markdown_may_stand_before_it() -> None:
    source = '---\ntitle: "Cold soup"\ndate: 2024-01-01\n---\n# Other\n\nText\n'
    assert title_of(source, "md") == "Cold soup"
    assert text_of(source, "md") == "Other\n\nText"


def test_a_table_in_markdown_is_read_row_by_row() -> None:
    lines = text_of("| a | b |\n|---|---|\n| 1 | 2 |\n", "md").split("\n")
    assert [line.split() for line in lines if line] == [["a", "b"], ["1", "2"]]


def test_of_html_is_read_what_is_seen() -> None:
    source = (
        "<html><head><title>A &amp;\n b</title><style>p{}</style></head><body><script>x()</script>"
        "<h1>Head</h1><p>One <b>bo</b>ld\n word.<!-- no --><div hidden>gone</div>"
        "<ul><li>x<li>y</ul>a<br>b<pre>  c\n    d</pre></body>"
    )
    assert text_of(source, "html") == "Head\n\nOne bold word.\n\nx\ny\n\na\nb\n\n  c\n    d"
    assert title_of(source, "html") == "A & b"


def test_html_without_a_title_is_called_by_its_heading() -> None:
    assert title_of("<p>a</p><h2>Second</h2><h1>First</h1>", "html") == "First"


def test_html_that_is_nested_very_deeply_is_read() -> None:
    assert text_of("<div>" * 5_000 + "deep", "html") == "deep"


def test_rst_is_read_without_the_lines_under_its_headings() -> None:
    source = "=====\nSoup\n=====\n\nCold\n----\n\n.. _here: http://x\n\nIt was ``cold``.\n"
    assert text_of(source, "rst") == "Soup\n\nCold\n\nIt was ``cold``."
    assert title_of(source, "rst") == "Soup"


def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(making.pdf("Heading\nCold soup is not", "liked.", "The end.", title="Soups"))
    item = only(path)
    assert item.text == "Heading\nCold soup is not liked.\n\nThe end."
    assert (item.fields["title"], item.fields["pages"]) == ("Soups", 3)


def test_a_pdf_that_opens_without_its_password_is_read() -> None:
    assert text_of(making.encrypted_pdf(making.pdf("Cold soup"), ""), "pdf") == "Cold soup"


def test_a_page_of_a_pdf_that_cannot_be_read_is_told_beside_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    whole = making.pdf("Cold soup.", "Lost page.", "Hot soup.")
    at = whole.index(b"(Lost page.)") - 40
    broken = whole[:at].rindex(b"<</Length")
    path.write_bytes(whole[:broken] + b"<</Filter/None" + whole[broken + 14 :])
    item, told = read_corpus(path).entries
    assert isinstance(item, Item)
    assert item.text == "Cold soup.\n\nHot soup."
    reason = "the file 'a.pdf' cannot be read on page 2; the rest is stored"
    assert told == Skipped(1, "a.pdf", reason)


def test_a_word_document_is_read_with_its_tables_in_order() -> None:
    made = docx.Document()
    made.add_heading("Soups", 1)
    made.add_paragraph("Cold\tone\nnext line")
    table = made.add_table(2, 2)
    for number, cell in enumerate(table._cells):
        cell.text = f"c{number}"
    made.add_paragraph("Last")
    content = making.saved(made)
    assert text_of(content, "docx") == "Soups\n\nCold\tone\nnext line\n\nc0\tc1\nc2\tc3\n\nLast"
    assert title_of(content, "docx") == "Soups"


def test_the_title_of_a_word_document_is_that_of_its_properties() -> None:
    assert title_of(making.word("a", heading="Head", title="Named"), "docx") == "Named"


def test_an_e_book_is_read_in_the_order_of_reading() -> None:
    assert text_of(making.epub(), "epub") == "One\n\nCold soup.\n\nHot soup."
    assert title_of(making.epub(), "epub") == "Soups"


def test_a_missing_page_of_an_e_book_is_a_flaw() -> None:
    book = making.BOOK.replace("two.xhtml", "gone.xhtml")
    made = parse(making.epub(**{"OEBPS/book.opf": book}), "epub")
    assert made.text == "One\n\nCold soup."
    assert made.flaws == ("is no epub: it has no OEBPS/gone.xhtml",)


def test_no_entity_of_xml_is_resolved(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret"><!ENTITY f "inner">]>'
    book = entity + making.BOOK.replace("Soups", "&e;&f;")
    made = parse(making.epub(**{"OEBPS/book.opf": book}), "epub")
    assert "secret" not in made.title + made.text
    assert "inner" not in made.title + made.text


def test_a_mail_is_read_with_its_subject_and_date(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_bytes(making.mail("Grüße\n\nAnn\n", subject="Kalte Süppchen", page="<p>no</p>"))
    item = only(path)
    assert item.text == "Kalte Süppchen\n\nGrüße\n\nAnn"
    assert item.fields == {
        "path": "a.eml",
        "title": "Kalte Süppchen",
        "format": "eml",
        "from": "Ann <ann@example.org>",
        "date": datetime(2022, 3, 1, 9, tzinfo=UTC),
    }


def test_a_mail_in_html_alone_is_read_as_a_page() -> None:
    content = b"Subject: S\nContent-Type: text/html; charset=x-unknown\n\n<p>Cold</p><p>soup</p>"
    assert text_of(content, "eml") == "S\n\nCold\n\nsoup"


def test_an_attachment_of_a_mail_is_left_out() -> None:
    content = (
        b"Subject: S\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nbody\n--x\n"
        b"Content-Disposition: attachment; filename=a.txt\n\nattached\n--x--\n"
    )
    assert text_of(content, "eml") == "S\n\nbody"


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 01 Mar 99999 10:00:00 +0100", "1 2 3"])
def test_a_mail_without_a_date_that_can_be_read_has_none(date: str) -> None:
    made = parse(f"Subject: S\nDate: {date}\n\nbody".encode(), "eml")
    assert made.fields["date"] is None


def test_a_subject_in_an_unknown_encoding_is_shown_as_it_stands() -> None:
    content = b"Subject: =?x-unknown?q?abc?=\n\nbody"
    assert title_of(content, "eml") == "=?x-unknown?q?abc?="


def test_parsers_tell_nothing_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = making.pdf("Cold soup").replace(b"startxref\n", b"startxref\n9")
    (tmp_path / "a.pdf").write_bytes(damaged)
    assert "Cold soup" in only(tmp_path / "a.pdf").text
    assert capfd.readouterr() == ("", "")


def test_of_a_word_document_is_read_what_stands_in_it_and_each_text_once() -> None:
    names = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    )
    box = "<w:p><w:r><w:t>In a box. </w:t></w:r></w:p>"
    body = (
        "<w:p><w:ins><w:r><w:t>Inserted </w:t></w:r></w:ins><w:del><w:r><w:delText>gone"
        "</w:delText></w:r></w:del><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>"
        f"<w:p><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        "</mc:AlternateContent></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a form</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    document = f"<w:document {names}><w:body>{body}</w:body></w:document>"
    content = making.with_part(making.word("x"), "word/document.xml", document)
    assert text_of(content, "docx") == "Inserted link\n\nIn a box.\n\nIn a form"
