"""The gateway: shows the desk to people, live, and passes their kill and resume on. It never trades."""
