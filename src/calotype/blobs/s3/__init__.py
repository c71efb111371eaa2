"""Blobs as objects of an S3 bucket, PREFIX/KEY each. Words: an *upload* is a multipart upload, made of *parts*."""
