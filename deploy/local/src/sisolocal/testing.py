"""Pytest plugin: the stack for tests."""
