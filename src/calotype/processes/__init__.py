"""The processes of a running service. Words: the *parent* holds socket and signals, a *worker* answers requests.

Source: docs/design/0001-processes.md.
"""
