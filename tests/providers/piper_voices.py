"""Files that look like voices of Piper."""

from __future__ import annotations

import json
from pathlib import Path

from narrator.testing.piper_server import voice_config


def put(folder: Path, name: str, config: object | None = None, model: bytes = b"model") -> Path:
    """Put one into a folder; the path of its model."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(model)
    said = voice_config() if config is None else config
    (folder / f"{name}.onnx.json").write_text(json.dumps(said), encoding="utf-8")
    return path
