"""What a caller may do: rights, order of steps, transactions. One function a use case; no dialect, no HTTP, no SQL."""
