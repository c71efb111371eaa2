"""Outgoing HTTP, one exchange at a time: blocking, to an address that its caller has judged, following nothing by itself.

No proxy of the environment, no cookie, no password file has a say. Certificates are always verified, against the name in the
URL. It is loaded where outgoing requests are configured alone.
"""
