//! Walks through the demo store, through the MovingAI maps and through stores that are made here, against A* of several
//! crates, contraction hierarchies and the limits of the machine.

mod blocks;
mod chance;
mod demo_store;
mod field;
mod generated;
mod limit;
mod lists;
mod maps;
mod matrices;
mod peers;
mod preparation;
mod queries;
mod scaling;

use benches::Result;

pub(crate) fn main() -> Result<()> {
    if !benches::is_wanted() {
        return Ok(());
    }
    demo_store::sections()?;
    let fields = maps::all()?;
    limit::section(&fields)?;
    let mut prepared = preparation::Figures::default();
    for field in &fields {
        maps::sections(field, &mut prepared)?;
    }
    prepared.print();
    let largest = maps::large_store(&fields)?;
    blocks::section(largest)?;
    lists::section(largest)?;
    scaling::section()
}
