"""The shipped fakes: test what you build on narrator with what narrator is tested with."""
