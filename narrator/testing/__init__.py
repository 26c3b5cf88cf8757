"""What tests of narrator and of its adapters need, shipped because users test too.

`fake_server` and what is derived from it are speech servers that fail on demand, one a protocol (also
`python -m narrator.testing`). `conformance` is what every provider adapter must hold, and `live_conformance`
what one that takes text as it arrives.
"""
