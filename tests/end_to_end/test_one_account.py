"""Renders of different books on one account keep its limits together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from narrator.testing.openai_server import FakeSpeechServer, served
from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import running

CAP = 3


def test_two_renders_are_never_more_at_once_than_the_account_allows_and_take_turns(tmp_path: Path) -> None:
    with served(FakeSpeechServer(latency_s=0.05)) as server, ExitStack() as stack:
        voice = ("--provider", "openai", "--base-url", server.url, "--concurrency", str(CAP))
        runs = []
        for first, name in ((100, "one"), (200, "other")):
            book = markdown(tmp_path / f"{name}.md", {"One": [paragraph(first + n) for n in range(25)]}, name)
            asked = ("render", book, *voice, "--projects", tmp_path / "projects", "--json")
            runs.append(stack.enter_context(running(*asked)))
        assert [run.finish().exit_code for run in runs] == [0, 0]
        assert max(request.in_flight for request in server.requests) == CAP
        numbers = [
            int(words[1]) for request in server.requests if (words := request.text.split())[0] == "Paragraph"
        ]
        middle = numbers[len(numbers) // 4 : len(numbers) // 2]
        assert {number // 100 for number in middle} == {1, 2}, "one waits until the other has finished"
