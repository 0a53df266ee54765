//! What the project promises of itself: layers, documentation, scripts and examples that run.
