//! `map render`: a map as a picture.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use quickcart_core::catalog::import::{demo_store, parse_map};
use quickcart_core::pathfinding::{FloorPlan, PathError, Point, Route, StoreMap};

const AFTER_HELP: &str = "\
Examples:
  quickcart-warp map render -o demo.svg         the demo store
  quickcart-warp map render my-store -o my.svg  the map.json of a folder
  quickcart-warp map render arena.map           a map drawn with letters, on the standard output

A walk from the entrance of the demo store to the milk, and another one up to the upper floor:
  quickcart-warp map render --from 0,4.1,24.1 --to 0,30,8 --from 0,30,8 --to 1,5,5 -o walk.svg";

/// Draw a map, and walks on it, as an SVG picture
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Render {
    /// A folder with a map.json, such a file itself, or a map drawn with letters (.map) [default: the demo store]
    #[arg(value_name = "DIR|FILE")]
    map: Option<PathBuf>,

    /// Where a walk begins, as level, metres to the right and metres down: 0,4.1,24.1; may be given several times
    #[arg(long, value_name = "LEVEL,X,Y", allow_hyphen_values = true)]
    from: Vec<Place>,

    /// Where it ends; as often as --from
    #[arg(long, value_name = "LEVEL,X,Y", allow_hyphen_values = true)]
    to: Vec<Place>,

    /// The side of a cell of a map drawn with letters, in metres
    #[arg(long, value_name = "METRES", default_value_t = 1.0)]
    resolution: f64,

    /// Where to put the picture [default: the standard output]
    #[arg(short, long, value_name = "FILE.svg")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy)]
struct Place(Point);

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = || {
            let mut parts = text.split(',').map(str::trim);
            let level = parts.next()?.parse().ok()?;
            let (x_m, y_m) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            parts.next().is_none().then_some(Self(Point::new(level, x_m, y_m)))
        };
        place().ok_or("a level and metres are due here, such as 0,4.1,24.1")
    }
}

impl Render {
    /// # Errors
    /// What is wrong, and what to do about it, in one line.
    pub(crate) fn run(&self) -> Result<(), String> {
        if self.from.len() != self.to.len() {
            let (from, to) = (self.from.len(), self.to.len());
            return Err(format!(
                "every --from needs a --to: there are {from} of the one and {to} of the other"
            ));
        }
        let map = self.read().map_err(|error| error.to_string())?;
        let ends = self.from.iter().zip(&self.to);
        let routes: Vec<Route> = ends
            .map(|(from, to)| map.route(from.0, to.0).map_err(|error| advice(&error, map.floor_plan())))
            .collect::<Result<_, _>>()?;
        let picture = map.svg(&routes.iter().collect::<Vec<_>>());
        let Some(file) = &self.output else {
            return io::stdout().write_all(picture.as_bytes()).map_err(|error| error.to_string());
        };
        fs::write(file, picture)
            .map_err(|error| format!("cannot write {}: {error}; -o takes another place", file.display()))
    }

    fn read(&self) -> Result<StoreMap, Box<dyn Error>> {
        let Some(path) = &self.map else { return Ok(StoreMap::build(demo_store()?.floor_plan)?) };
        if path.is_dir() {
            return Ok(parse_map(&text(&path.join("map.json"))?)?);
        }
        let text = text(path)?;
        if path.extension().is_some_and(|extension| extension == "json") {
            return Ok(parse_map(&text)?);
        }
        let plan = FloorPlan::parse_map(&text, self.resolution);
        let map = plan.and_then(StoreMap::build);
        Ok(map.map_err(|error| format!("{}: {error}", path.display()))?)
    }
}

fn text(path: &Path) -> Result<String, String> {
    let hint = "a folder with a map.json, such a file, or a .map is due here";
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}; {hint}", path.display()))
}

fn advice(error: &PathError, plan: &FloorPlan) -> String {
    let floors: Vec<String> = plan
        .floors
        .iter()
        .map(|floor| format!("level {} of {} x {} m", floor.level, floor.width_m, floor.depth_m))
        .collect();
    match error {
        PathError::OffTheMap { .. } => format!("{error}, which has {}", floors.join(", ")),
        PathError::Unreachable { .. } => format!("{error}; without --from and --to the picture shows why"),
        _ => error.to_string(),
    }
}
