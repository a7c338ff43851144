//! A whole project of the generated shape, and what breaking one convention in it gives.
