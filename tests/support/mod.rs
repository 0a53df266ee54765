//! What several test binaries need: temporary folders, hosts, waiting for an event.
