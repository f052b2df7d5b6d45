"""Outbound events: what they are, how they get into Redis, and how a web process hands them to its listeners.

One Redis stream per conversation is what can be resumed; a publication of the same frame is the wake-up. Postgres stays
the truth: a lost event costs a listener some seconds, never an answer.
"""
