"""XML and HTML from strangers lose nothing without a word."""

from __future__ import annotations

import pytest

from narrator.errors import ManuscriptError
from narrator.manuscript.markup import parse_xhtml, parse_xml
from tests.cpu_time import cpu_s_at_most


def shown(markup: str) -> str:
    root = parse_xhtml(f"<html><body>{markup}</body></html>".encode())
    return "" if root is None else str(root.xpath("string()"))


def test_xml_that_is_nested_too_deep_to_be_read_is_refused() -> None:
    assert str(parse_xml(b"<a>" * 200 + b"deep" + b"</a>" * 200, where="x").xpath("string()")) == "deep"
    with pytest.raises(ManuscriptError, match="x is nested deeper than any book"):
        parse_xml(b"<r>" + b"<a>" * 300 + b"deep" + b"</a>" * 300 + b"after</r>", where="x")


@pytest.mark.parametrize("reference", ["&#xD800;", "&#55357;", "&#0;", "&#x110000;", "&#1;", "&#99999999;"])
def test_references_to_no_character_are_dropped(reference: str) -> None:
    assert shown(f"<p>a{reference}b</p>") == "ab"


def test_references_to_characters_stay() -> None:
    assert shown("<p>&#233;&#x1F98B;&eacute;&amp;<![CDATA[&eacute;]]></p>") == "é🦋é&&eacute;"


def test_tags_that_html_leaves_open_hold_nothing_that_follows() -> None:
    root = parse_xhtml(b"<html><body><h2>One<br>two</h2><p>Text<p>More</body></html>")
    assert root is not None
    assert [str(node.xpath("string()")) for node in root.iter("h2", "p")] == ["Onetwo", "Text", "More"]


def test_well_formed_pages_are_xml() -> None:
    root = parse_xhtml(b"<html><body><a id='x'/><p>Text</p></body></html>")
    assert root is not None
    assert [node.get("id") for node in root.iter("a")] == ["x"]
    assert not root.xpath("//a/p")


@pytest.mark.parametrize(
    "sign", ["<!--", "<![CDATA[", "<!DOCTYPE a [", "<?", "<script>", "<head>", "<title>", "<style>", "<a", "<"]
)
def test_what_begins_without_end_takes_no_time(sign: str) -> None:
    with cpu_s_at_most(2):
        assert shown(f"<p>Text</p>{sign * 30_000}").startswith("Text")


def test_a_huge_comment_is_no_text() -> None:
    assert shown(f"<p>Text</p><!--{'x' * 11_000_000}--><p>More</p>") == "TextMore"
