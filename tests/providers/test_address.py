from __future__ import annotations

import pytest
from yarl import URL

from narrator.providers.address import account_name
from narrator.providers.wire import service_name


def _account(url: str) -> str:
    return account_name("chatterbox", service_name(URL(url)), None)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "127.0.0.1", "[::1]", "0.0.0.0", "[::]"],  # noqa: S104 - nothing listens here
)
def test_a_server_of_this_machine_is_one_account_by_all_its_names(host: str) -> None:
    assert _account(f"http://{host}:4123") == "chatterbox:127.0.0.1:4123:no key"
    assert _account(f"http://{host}:4124/v1") == "chatterbox:127.0.0.1:4124:no key"
    assert _account(f"http://{host}") == "chatterbox:127.0.0.1:no key"


@pytest.mark.parametrize("host", ["localhost.example.org", "not-localhost", "127.0.0.10", "10.0.0.0", "[::12]"])
def test_other_machines_are_other_accounts(host: str) -> None:
    assert _account(f"http://{host}:4123") == f"chatterbox:{host.strip('[]')}:4123:no key"
