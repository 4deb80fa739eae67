"""The checks of this repository; run one with `python3 -m tests.junit discover tests/<check>`."""
