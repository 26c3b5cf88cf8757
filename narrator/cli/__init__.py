"""The command line: options into one call of app, its result into words and an exit code."""
