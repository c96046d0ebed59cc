//! Beside the real controller.
