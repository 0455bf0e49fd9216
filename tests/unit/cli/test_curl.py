"""A pasted curl line is read as the request that it would make."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullcount.cli.curl import looks_like_curl, parse_curl
from fullcount.errors import InvalidEvent

URL = "https://business-api.tiktok.com/open_api/v1.3/event/track/"


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (f"curl {URL} -d '{{\"a\":1}}'", b'{"a":1}'),
        (f"$ curl -sS -X POST '{URL}' --data-raw '{{\"a\":1}}'", b'{"a":1}'),
        (f"curl -sSXPOST {URL} --data='{{\"a\":1}}'", b'{"a":1}'),
        (f"curl --url {URL} -d'{{\"a\":1}}'", b'{"a":1}'),
        (f'curl {URL} \\\n  -H "X: 1" \\\n  -d "{{\\"a\\":1}}"', b'{"a":1}'),
        (f'curl {URL} --data-binary $\'{{"a":"it\\\'s \\u00e9"}}\'', '{"a":"it\'s é"}'.encode()),
        (f'curl {URL} --compressed -m 5 -o out.txt -d "x" -d "y"', b"x&y"),
        (f"curl {URL} --json '{{}}'", b"{}"),
        (f"curl {URL} --data-raw '@home'", b"@home"),
    ],
)
def test_the_body_is_read_however_it_is_quoted(line: str, body: bytes) -> None:
    """Quotes, line ends, glued flags and the shell's $'...' all give the body that curl would send."""
    request = parse_curl(line, Path())

    assert looks_like_curl(line)
    assert request.body == body
    assert request.url == URL
    assert request.method == "POST"


def test_a_body_may_stand_in_a_file(tmp_path: Path) -> None:
    """`-d @file` loses its line ends as curl takes them out; `--data-binary` keeps them."""
    (tmp_path / "body.json").write_bytes(b'{\n"a": 1\n}\n')

    assert parse_curl(f"curl {URL} -d @body.json", tmp_path).body == b'{"a": 1}'
    assert parse_curl(f"curl {URL} --data-binary @body.json", tmp_path).body == b'{\n"a": 1\n}\n'


def test_headers_are_found_by_name() -> None:
    """A header's name is read in any case; without a content type curl calls the body a form."""
    request = parse_curl(f"curl {URL} -H 'Access-Token: test-token' --header 'X-Y:z' -d x", Path())

    assert request.header("access-token") == "test-token"
    assert request.header("x-y") == "z"
    assert request.header("content-type") == "application/x-www-form-urlencoded"
    assert request.header("absent") is None


def test_another_method_is_kept() -> None:
    """-X wins over what a body implies."""
    assert parse_curl(f"curl -X put {URL} -d x", Path()).method == "PUT"


def test_the_repr_hides_headers_and_body() -> None:
    """Printing a request tells neither its token nor its body."""
    assert "test" not in repr(parse_curl(f"curl {URL} -H 'Access-Token: test-token' -d test", Path()))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"curl {URL}", "no body"),
        ("curl -d x", "no URL"),
        (f"curl {URL} -d 'x", "quote"),
        (f"curl {URL} -d @absent.json", "absent.json cannot be read"),
        (f"curl {URL} -d @-", "standard input"),
    ],
)
def test_a_line_that_is_not_whole_says_what_is_missing(tmp_path: Path, line: str, said: str) -> None:
    """What cannot be read of a line is named, with what to paste instead."""
    with pytest.raises(InvalidEvent, match=said):
        parse_curl(line, tmp_path)


@pytest.mark.parametrize("text", ['{"event":"Purchase"}', "curly", "", "the curl line"])
def test_other_texts_are_no_curl_line(text: str) -> None:
    """JSON is not taken for a shell's line."""
    assert not looks_like_curl(text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"curl {URL} -d $'\\x'", "an escape"),
        ("curl 'http://[x' -d 1", "URL"),
        (f"curl$'a' {URL} -d 1", "run together"),
        (f"curl {URL} -d $'@a\\x00b'", "no path"),
    ],
)
def test_a_line_that_no_shell_would_take_is_refused_in_words(line: str, said: str) -> None:
    """A line that was cut off while it was copied is a refusal, not a crash."""
    with pytest.raises(InvalidEvent, match=said):
        parse_curl(line, Path())


@pytest.mark.parametrize(
    ("given", "body"),
    [("$'\\ud800'", b"\xed\xa0\x80"), ("\udce9", b"\xe9"), ("$'\\ud800'\udce9", b"\xed\xa0\x80\xed\xb3\xa9")],
)
def test_a_body_that_is_not_utf_8_is_left_to_its_reader(given: str, body: bytes) -> None:
    """What stands in the line goes on as bytes, whatever they are."""
    assert parse_curl(f"curl {URL} -d {given}", Path()).body == body
    assert parse_curl(f"curl {URL} --data-urlencode {given}", Path()).body.startswith(b"%")
