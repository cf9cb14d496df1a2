-- The relay keeps the seals of the journal as evidence.
GRANT EXECUTE ON FUNCTION evidence_keep(text, bytea) TO opensqt_relay;
