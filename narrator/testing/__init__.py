"""What tests of narrator and of its adapters need, shipped because users test too.

`openai_server` is a speech server that fails on demand (also `python -m narrator.testing`); `conformance` is
what every provider adapter must hold.
"""
