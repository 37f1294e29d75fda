"""Stub."""


def doctor() -> None:
    """x"""
