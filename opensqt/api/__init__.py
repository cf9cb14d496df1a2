"""One table of calls, and what is made of it: HTTP, the services of NATS, gRPC, and their documents."""
