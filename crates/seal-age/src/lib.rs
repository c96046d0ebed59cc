//! Age files as wraps of data keys: one recipient, one stanza, strictly read.
