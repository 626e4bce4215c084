//! Maitre remembers the guests of a website on their own devices, decides what to show them, and tells no one.
//!
//! ```
//! use maitre::{Engine, host::Native, json};
//!
//! let config = r#"{
//!   "placements": { "hero": {} },
//!   "offers": [{ "id": "welcome-back", "placement": "hero",
//!                "eligible": { "visit.number": { "$gte": 2 } },
//!                "content": { "template": "card", "title": "Nice to see you again" } }]
//! }"#;
//! let mut engine = Engine::new(config, "Europe/Paris", Box::new(Native));
//! assert!(engine.problems().is_empty());
//!
//! let page = json::read(r#"{ "path": "/" }"#, &Native).0.unwrap_or_default();
//! let monday = 1_794_823_200_000; // every instant comes from outside, in ms since the epoch
//! engine.page(page.clone(), monday);
//! assert!(engine.decide("hero", monday).is_some_and(|decision| decision.offers.is_empty()));
//!
//! let tuesday = monday + 24 * 60 * 60 * 1000;
//! engine.page(page, tuesday);
//! assert!(engine.decide("hero", tuesday).is_some_and(|decision| decision.offers.len() == 1));
//! ```
//!
//! # The way of an event
//!
//! ```text
//! offers.json ──► config ──► plan ─────────────────────┐
//!                                                      ▼
//! page ──► event ──► profile (visit, tallies, stage, history) ──► decide ──► decision ──► page
//!      signal   ▲                                                                            │
//!               └───────────────────────────── outcome ◄─────────────────────────────────────┘
//! ```
//!
//! # The rooms, in the order data takes
//!
//! | room | what is in it |
//! | --- | --- |
//! | [`time`], [`host`], [`words`], [`json`], [`bucket`], [`names`], `codec` | instants; what the platform lends; sentences; the format at the border; hashing; names by number; bytes |
//! | [`records`] | numbers and texts, laid out once: what plans and their conditions are made of |
//! | [`condition`] | the language of rules: its tree, its vocabulary, its meaning on records |
//! | [`config`] | what marketers write: read, checked, every problem with its place and its remedy |
//! | [`plan`] | what the engine runs, laid out as records, and exactly what has to be kept for it |
//! | [`profile`] | what is known of the visitor; how it is merged, stored and read back |
//! | [`decide`] | from plan and profile to a decision, and why |
//! | [`ledger`] | for every thing that is kept: what it is, which rules need it, and until when |
//! | [`Engine`] | the one face of all these |
//! | `web` | the bindings to JavaScript, and the browser's side of [`host`] |
//!
//! A room knows those above it and none below. None but `web` knows a browser, a clock or chance.
//!
//! # What it refuses to be
//!
//! It sends nothing, stores no event, parses no HTML and executes nothing from a config. It has no server side.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod bucket;
mod codec;
pub mod condition;
pub mod config;
pub mod decide;
mod engine;
pub mod host;
pub mod json;
#[cfg(feature = "authoring")]
pub mod ledger;
pub mod names;
pub mod plan;
pub mod profile;
pub mod records;
pub mod time;
#[cfg(target_arch = "wasm32")]
mod web;
pub mod words;

pub use engine::{Engine, Found};
