//! Tables of what may happen and who may do it, read the same way for carts, orders, payments and returns.

use std::fmt;

use crate::error::{DomainError, ErrorKind};

/// Who does something to a cart, an order or a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Whose it is.
    Customer,
    /// Who works in the shop.
    Staff,
    /// Who brings orders.
    Courier,
    /// What a trolley carries: its scale, its scanner.
    Device,
    /// The shop's own rules and clocks.
    System,
}

impl Actor {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Customer, Self::Staff, Self::Courier, Self::Device, Self::System];

    /// Its name in databases and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Courier => "courier",
            Self::Device => "device",
            Self::System => "system",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of a table: what may happen in a state, where that leads, and who may do it.
#[derive(Clone, Copy, Debug)]
pub struct Transition<S: 'static, E: 'static> {
    /// The state before; `None` when the thing begins with this event.
    pub from: Option<S>,
    /// What happens.
    pub event: E,
    /// The state after.
    pub to: S,
    /// Who may do it.
    pub by: &'static [Actor],
}

/// The state after an event, by the table.
pub(crate) fn after<S, E>(
    table: &[Transition<S, E>],
    from: Option<S>,
    event: E,
    by: Actor,
) -> Result<S, IllegalTransition>
where
    S: Copy + PartialEq + ToString,
    E: Copy + PartialEq + ToString,
{
    let here = || table.iter().filter(|line| line.from == from);
    let found = here().find(|line| line.event == event && line.by.contains(&by));
    found.map(|line| line.to).ok_or_else(|| IllegalTransition {
        from: from.map_or_else(|| "not there yet".to_owned(), |from| from.to_string()),
        event: event.to_string(),
        by,
        possible: here().filter(|line| line.by.contains(&by)).map(|line| line.event.to_string()).collect(),
    })
}

/// This cannot happen now, or not by this actor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{by} cannot {event} what is {from}; {}", possibilities(.possible))]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: String,
    /// What was to happen.
    pub event: String,
    /// Who wanted it.
    pub by: Actor,
    /// What the same actor could do instead.
    pub possible: Vec<String>,
}

fn possibilities(possible: &[String]) -> String {
    if possible.is_empty() {
        "nothing is possible any more".to_owned()
    } else {
        format!("possible: {}", possible.join(", "))
    }
}

impl DomainError for IllegalTransition {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Conflict
    }

    fn code(&self) -> &'static str {
        "illegal_transition"
    }
}

/// The table as a diagram of [Mermaid](https://mermaid.js.org/syntax/stateDiagram.html).
#[cfg(test)]
pub(crate) fn mermaid<S: Copy + PartialEq + ToString, E: Copy + ToString>(
    table: &[Transition<S, E>],
) -> String {
    let name = |state: Option<S>| state.map_or_else(|| "[*]".to_owned(), |state| state.to_string());
    let mut diagram = "stateDiagram-v2\n".to_owned();
    for line in table {
        let by: Vec<_> = line.by.iter().map(ToString::to_string).collect();
        let (from, to, event) = (name(line.from), name(Some(line.to)), line.event.to_string());
        diagram += &format!("    {from} --> {to}: {event} ({})\n", by.join(", "));
    }
    let leads_on = |state: S| table.iter().any(|next| next.from == Some(state) && next.to != state);
    let ends = table.iter().filter(|line| !leads_on(line.to));
    let mut ends: Vec<_> = ends.map(|line| line.to.to_string()).collect();
    ends.dedup();
    ends.sort_unstable();
    ends.dedup();
    for end in ends {
        diagram += &format!("    {end} --> [*]\n");
    }
    diagram
}
