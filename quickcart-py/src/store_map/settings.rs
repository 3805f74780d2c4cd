//! Settings of a map by the names that Python gives them.

use quickcart_core::pathfinding::{Connectivity, Technique};

use crate::errors::{Failure, InvalidArgument};

pub(super) fn connectivity(ways: u8) -> Result<Connectivity, Failure> {
    match ways {
        4 => Ok(Connectivity::Four),
        8 => Ok(Connectivity::Eight),
        _ => Err(InvalidArgument::new("connectivity_invalid", format!("connectivity is 4 or 8, not {ways}"))
            .into()),
    }
}

pub(super) fn technique(name: &str) -> Result<Technique, Failure> {
    let techniques = [Technique::Auto, Technique::Table, Technique::Subgoals, Technique::Search];
    let unknown = || {
        let message = format!("technique is auto, table, subgoals or search, not {name:?}");
        InvalidArgument::new("technique_invalid", message).into()
    };
    techniques.into_iter().find(|&technique| technique_name(technique) == name).ok_or_else(unknown)
}

pub(super) fn technique_name(technique: Technique) -> &'static str {
    match technique {
        Technique::Auto => "auto",
        Technique::Table => "table",
        Technique::Subgoals => "subgoals",
        Technique::Search => "search",
    }
}
