//! `src/state/object_store.rs`, without its tests, and `src/state/backend.rs` of the crate
//! laminar-core 0.26.0 (LaminarDB, Apache-2.0), as they are published. The crate itself has 294
//! dependencies, most of them for parts that are not measured here.

#![allow(dead_code, rustdoc::broken_intra_doc_links)]

pub mod backend;
pub mod object_store;
