"""Customers' databases: connect, introspect, link, generate, guard, run. Knows no table of ours."""
