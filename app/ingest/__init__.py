"""From a file or an address to chunks. Pure: bytes in, chunks out; no table, no model, no request."""
