//! The script language, function by function, and the scripts that the project ships.

#[path = "../support/mod.rs"]
mod support;

mod borders;
mod commands;
mod console;
mod control;
mod documented;
mod embedding;
mod errors;
mod events;
mod files;
mod folder;
mod inventory;
mod managed;
mod mocks;
mod modules;
mod parallel;
mod pipes;
mod processes;
mod record;
mod rollout;
mod rollout_script;
mod run;
mod stdlib;
mod templates;
mod toolbox;
