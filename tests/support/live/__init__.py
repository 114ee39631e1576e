"""Peers of the live core as tests need them: real ones, thousands of cheap ones, bad ones."""
