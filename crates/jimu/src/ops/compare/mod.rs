//! Element by element, to truth values: no derivative.
