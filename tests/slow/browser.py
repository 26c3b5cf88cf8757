"""A real browser for tests: headless Chromium through ChromeDriver, by the W3C WebDriver protocol.

https://www.w3.org/TR/webdriver2/ and, for what is only Chromium's, https://chromedriver.chromium.org/.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for a reference to an element
_DEADLINE_S = 60


def missing_browser() -> str:
    """What is not installed that is needed, as the reason to skip; '' if all is there."""
    needed = ("chromium", "chromedriver")
    missing = [name for name in needed if not shutil.which(name)]
    return f"not installed: {', '.join(missing)} (Debian: chromium and chromium-driver)" if missing else ""


@contextmanager
def open_browser(*, dark: bool = False) -> Iterator[Browser]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["chromedriver", f"--port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as driver:
        assert driver.stdout
        try:
            for line in driver.stdout:
                if "started successfully" in line:
                    break
            browser = Browser(f"http://127.0.0.1:{port}", dark=dark)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()


class Browser:
    """One window, which needs no screen and no sound card."""

    def __init__(self, root: str, *, dark: bool) -> None:
        # As root, as in containers, Chromium runs only without its sandbox.
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio"]
        options += ["--no-first-run", "--disable-background-networking"]
        wishes = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": options, "binary": shutil.which("chromium")},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        self._session = f"{root}/session"
        answer = self._send("POST", "", {"capabilities": {"alwaysMatch": wishes}})
        self._session += f"/{answer['sessionId']}"
        if dark:
            features = [{"name": "prefers-color-scheme", "value": "dark"}]
            self._chromium("Emulation.setEmulatedMedia", features=features)

    def open(self, page: Path, *, width: int = 1400, height: int = 900) -> None:
        self._chromium(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        self._send("POST", "/url", {"url": page.as_uri()})

    def run(self, script: str, *args: object) -> Any:
        """What the body of a function returns in the page; a promise is waited for."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait_until(self, condition: str) -> None:
        """Wait, as the page itself notices it, until an expression is true in it."""
        look = f"const look = () => ({condition}) ? done(true) : setTimeout(look, 20);"
        assert self.run(f"return new Promise((done) => {{ {look} look(); }})")

    def point(self, selector: str, *, share: float = 0.5) -> None:
        """Move the mouse over an element, to a share of its width from its left edge."""
        found = self._found(selector)
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", found)
        width = self.run("return arguments[0].getBoundingClientRect().width", found)
        at = {"origin": found, "x": round(width * (share - 0.5)), "y": 0}
        self._act("pointer", {"type": "pointerMove", "duration": 0, **at})

    def click(self, selector: str, *, share: float = 0.5) -> None:
        """Click an element there."""
        self.point(selector, share=share)
        self._act("pointer", {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})

    def press(self, key: str) -> None:
        self._act("key", {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})

    def console(self) -> list[str]:
        """What the browser complained of since it was asked last."""
        return [entry["message"] for entry in self._send("POST", "/se/log", {"type": "browser"})]

    def picture(self, path: Path) -> None:
        """Save the whole page, as long as it is, as PNG."""
        shot = self._chromium("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._send("DELETE", "")

    def _found(self, selector: str) -> dict[str, str]:
        found = self._send("POST", "/element", {"using": "css selector", "value": selector})
        return {_ELEMENT: found[_ELEMENT]}

    def _act(self, kind: str, *actions: dict[str, Any]) -> None:
        self._send("POST", "/actions", {"actions": [{"type": kind, "id": kind, "actions": list(actions)}]})

    def _chromium(self, command: str, **params: object) -> Any:
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._session + path, data, method=method)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request, timeout=_DEADLINE_S) as answer:  # noqa: S310 - ours
                return json.load(answer)["value"]
        except urllib.error.HTTPError as exc:
            raise AssertionError(exc.read().decode()) from exc
