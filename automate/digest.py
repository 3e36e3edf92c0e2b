"""Digests of what is compared or spread, never of secrets."""

try:
    # hashlib would load OpenSSL first: some milliseconds and megabytes in every command.
    from _blake2 import blake2b
except ImportError:  # an interpreter that leaves its own digests out
    from hashlib import blake2b

__all__ = ["blake2b"]
