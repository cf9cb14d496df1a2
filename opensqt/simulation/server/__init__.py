"""The simulated venue on the wire: TLS, sockets, faults."""
