"""Toolchain, build and emulator: everything that starts a process."""
