"""What a node counts of its work, added up over its processes and written in the form that Prometheus reads.

Words: a *family* is a metric with all its series; a *block* is where the series of a family lie in a row; a *row* is the
numbers of one process, which it alone writes and its successor takes over. Source: docs/design/0015-metrics.md.
"""
