from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import keyring
import pytest
from click.testing import CliRunner, Result
from keyring import errors
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from narrator.cli.keys import keys
from narrator.errors import BadKey, ExitCode, UsageError
from narrator.providers.keys import KeySource, find_key, forget_key, keep_key, key_source

VARIABLE = "SOME_SERVICE_API_KEY"
CANARY = "sk-canary-77e2f0"


class Memory(KeyringBackend):
    """A keyring that can be trusted with a key, for as long as this process runs."""

    name = "Memory"
    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # it has no annotations
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if username == "LOCKED_API_KEY":
            raise errors.KeyringLocked("locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        try:
            del self.kept[service, username]
        except KeyError as exc:
            raise errors.PasswordDeleteError from exc


class PlaintextKeyring(Memory):
    """A keyring that would write keys as they are."""


class Forgetful(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep nothing."""


class Talkative(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise errors.PasswordSetError(f"cannot keep {password}")


@contextmanager
def installed(keeper: KeyringBackend) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keeper)
    yield
    keyring.set_keyring(before)


@pytest.fixture
def memory() -> Iterator[Memory]:
    keeper = Memory()
    with installed(keeper):
        yield keeper


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(keys, arguments, input=typed)


# --- finding --------------------------------------------------------------------------------------------


def test_a_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, memory: Memory) -> None:
    keep_key(VARIABLE, "from-the-keyring")
    monkeypatch.setenv(VARIABLE, " sk-env\n")
    assert find_key(VARIABLE) == "sk-env"
    assert key_source(VARIABLE) is KeySource.ENVIRONMENT


def test_else_from_the_keyring(memory: Memory) -> None:
    keep_key(VARIABLE, "from-the-keyring")
    assert find_key(VARIABLE) == "from-the-keyring"
    assert key_source(VARIABLE) is KeySource.KEYRING


def test_a_locked_keyring_is_no_key(memory: Memory) -> None:
    assert find_key("LOCKED_API_KEY") is None


def test_without_either_there_is_none(no_package: None) -> None:
    assert find_key(VARIABLE) is None
    assert key_source(VARIABLE) is KeySource.NOWHERE


@pytest.mark.parametrize("value", ["sk-ab cd", "sk-clé", "sk-\x07bell"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch, memory: Memory
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(BadKey, match=VARIABLE) as found:
        find_key(VARIABLE)
    with pytest.raises(UsageError, match="no key") as kept:
        keep_key(VARIABLE, value)
    assert value not in f"{found.value}{kept.value}"
    assert memory.kept == {}


# --- keeping --------------------------------------------------------------------------------------------


def test_a_key_is_kept_listed_and_removed_and_never_shown(memory: Memory) -> None:
    told = [run("set", "openai", typed=f"  {CANARY}\nmore\n"), run("list")]
    assert memory.kept == {("narrator", "OPENAI_API_KEY"): CANARY}
    assert "in Memory" in told[0].output
    assert "OPENAI_API_KEY       set, in the keyring" in told[1].output
    told += [run("list", "--json"), run("remove", "openai"), run("list")]
    assert '"found_in": "keyring"' in told[2].output
    assert memory.kept == {}
    assert "OPENAI_API_KEY       not set" in told[4].output
    assert all(each.exit_code == 0 for each in told)
    assert CANARY not in "".join(each.output for each in told)


def test_it_is_said_that_the_environment_comes_first(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert "that one is used" in run("set", "openai", typed="sk-other\n").output
    assert "set, in the environment" in run("list").output
    assert "still set in the environment" in run("remove", "openai").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "openai", CANARY),
        ("set", CANARY),
        ("set", f"--key={CANARY}"),
        ("set", "openai", f"--key={CANARY}"),
        ("remove", CANARY),
        (CANARY,),
    ],
)
def test_a_key_on_the_command_line_is_neither_taken_nor_repeated(
    arguments: tuple[str, ...], memory: Memory
) -> None:
    ended = run(*arguments, typed=f"{CANARY}\n")
    told = f"{ended.output}{ended.exception}"
    assert ended.exit_code != 0
    assert CANARY not in told
    assert memory.kept == {}


def test_another_accounts_key_is_kept_by_the_name_that_a_project_has_for_it(memory: Memory) -> None:
    assert run("set", "ELEVENLABS_API_KEY_2", typed=f"{CANARY}\n").exit_code == 0
    assert find_key("ELEVENLABS_API_KEY_2") == CANARY
    assert run("remove", "ELEVENLABS_API_KEY_2").exit_code == 0
    assert memory.kept == {}


def test_nobody_is_asked_for_a_key_that_cannot_be_kept() -> None:
    with installed(PlaintextKeyring()):
        ended = run("set", "openai")
    assert "trusted with a key" in str(ended.exception)  # and not: it is empty


@pytest.mark.parametrize("kind", [fail.Keyring, null.Keyring, PlaintextKeyring])
def test_a_keyring_that_is_none_or_writes_keys_as_they_are_is_refused(kind: type[KeyringBackend]) -> None:
    keeper = kind()
    with installed(keeper):
        with pytest.raises(UsageError, match="trusted with a key") as caught:
            keep_key(VARIABLE, CANARY)
        assert f"export {VARIABLE}=" in caught.value.advice
    assert getattr(keeper, "kept", {}) == {}


def test_of_chained_keyrings_the_first_that_can_be_trusted_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, safe = PlaintextKeyring(), Memory()
    plain.kept["narrator", VARIABLE] = "an old one"
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [plain, safe])
    both = chainer.ChainerBackend()  # type: ignore[no-untyped-call] # as above
    with installed(both):
        keep_key(VARIABLE, CANARY)
        assert safe.kept["narrator", VARIABLE] == CANARY
        assert plain.kept["narrator", VARIABLE] == "an old one"
        assert forget_key(VARIABLE)
        assert not forget_key(VARIABLE)
    assert plain.kept == safe.kept == {}


@pytest.mark.parametrize(
    ("keeper", "said"), [(Forgetful(), "does not keep"), (Talkative(), "PasswordSetError")]
)
def test_a_keyring_that_fails_is_told_without_the_key(keeper: KeyringBackend, said: str) -> None:
    with installed(keeper):
        with pytest.raises(UsageError, match=said) as caught:
            keep_key(VARIABLE, CANARY)
        assert CANARY not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_locked_keyring_is_said(memory: Memory) -> None:
    with pytest.raises(UsageError, match="stays locked"):
        keep_key("LOCKED_API_KEY", CANARY)


def test_without_the_package_it_is_said_what_to_install(no_package: None) -> None:
    ended = run("set", "openai", typed=CANARY)
    assert isinstance(ended.exception, UsageError)
    assert ended.exception.exit_code is ExitCode.USAGE
    assert "pip install 'narrator[keyring]'" in ended.exception.advice


@pytest.mark.parametrize("name", ["hibari", "nobody"])
def test_providers_without_a_key_have_none_to_keep(name: str, memory: Memory) -> None:
    ended = run("set", name, typed=CANARY)
    assert isinstance(ended.exception, UsageError)
    assert "openai" in ended.exception.advice


def test_removing_what_is_not_there_is_an_error(memory: Memory) -> None:
    assert isinstance(run("remove", "openai").exception, UsageError)
