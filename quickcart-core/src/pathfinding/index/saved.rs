//! The index as bytes. The floor plan is not in it: an index is loaded for the plan that it was made of, and says so.
//!
//! Little-endian: the mark, the version, a digest of the terrain, the costs of the table and the lists of the cells
//! (their starts, subgoals, costs), each with its count in front, and a SHA-256 digest of all that.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::super::PathError;
use super::super::ground::terrain::Terrain;
use super::Index;
use super::ways::Ways;

const MARK: [u8; 8] = *b"QCINDEX\n";
const VERSION: u32 = 1;
/// No list has more entries: the largest tables that there are have 65,535 subgoals.
const COUNT_MAX: u64 = 1 << 32;

pub(in crate::pathfinding) fn write(index: &Index, to: impl Write) -> Result<(), PathError> {
    let mut writer = Digesting { inner: io::BufWriter::new(to), digest: Sha256::new() };
    let written = write_all(index, &mut writer).and_then(|()| {
        let digest = writer.digest.finalize_reset();
        writer.inner.write_all(&digest)?;
        writer.inner.flush()
    });
    written.map_err(|error| invalid(format!("it cannot be written: {error}")))
}

pub(in crate::pathfinding) fn read(terrain: &Terrain, from: impl Read) -> Result<Index, PathError> {
    let mut reader = Digesting { inner: io::BufReader::new(from), digest: Sha256::new() };
    let (table, access) = read_all(terrain, &mut reader)?;
    let expected = reader.digest.finalize_reset();
    let mut digest = [0; 32];
    reader.inner.read_exact(&mut digest).map_err(cut_short)?;
    let mut rest = [0; 1];
    let has_more = reader.inner.read(&mut rest).map_err(cut_short)? > 0;
    if digest != expected[..] || has_more {
        return Err(invalid("it is damaged; make it anew".to_owned()));
    }
    Index::from_parts(terrain, table, access)
        .ok_or_else(|| invalid("its parts do not fit each other".to_owned()))
}

/// Passes bytes on and takes their digest.
struct Digesting<T> {
    inner: T,
    digest: Sha256,
}

fn write_all(index: &Index, to: &mut Digesting<impl Write>) -> io::Result<()> {
    to.put(&MARK)?;
    to.put(&VERSION.to_le_bytes())?;
    to.put(&digest(&index.terrain))?;
    to.put_all(index.table.costs(), |cost| cost.to_le_bytes())?;
    let (starts, subgoals, costs) = index.access.parts();
    to.put_all(starts, |start| start.to_le_bytes())?;
    to.put_all(subgoals, |number| number.to_le_bytes())?;
    to.put_all(costs, |cost| cost.to_le_bytes())
}

fn read_all(terrain: &Terrain, from: &mut Digesting<impl Read>) -> Result<(Vec<u32>, Ways), PathError> {
    if from.take()? != MARK {
        return Err(invalid("it is no index".to_owned()));
    }
    let version = u32::from_le_bytes(from.take()?);
    if version != VERSION {
        return Err(invalid(format!("it is of version {version}, and {VERSION} is expected; make it anew")));
    }
    if from.take::<32>()? != digest(terrain) {
        return Err(invalid("it is of another map; make it anew".to_owned()));
    }
    let table = from.take_all(u32::from_le_bytes)?;
    let starts = from.take_all(u32::from_le_bytes)?;
    let access =
        Ways::from_parts(starts, from.take_all(u16::from_le_bytes)?, from.take_all(u32::from_le_bytes)?);
    Ok((table, access))
}

impl<W: Write> Digesting<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.inner.write_all(bytes)
    }

    fn put_all<T, const N: usize>(&mut self, values: &[T], bytes: impl Fn(&T) -> [u8; N]) -> io::Result<()> {
        self.put(&(values.len() as u64).to_le_bytes())?;
        values
            .chunks(CHUNK)
            .try_for_each(|chunk| self.put(&chunk.iter().flat_map(&bytes).collect::<Vec<u8>>()))
    }
}

/// So many values are read and written at once.
const CHUNK: usize = 16_384;

impl<R: Read> Digesting<R> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], PathError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(cut_short)?;
        self.digest.update(bytes);
        Ok(bytes)
    }

    /// A count that lies costs no memory: room is made as values come.
    fn take_all<T, const N: usize>(&mut self, value: impl Fn([u8; N]) -> T) -> Result<Vec<T>, PathError> {
        let count = u64::from_le_bytes(self.take()?);
        if count > COUNT_MAX {
            return Err(invalid("it is damaged; make it anew".to_owned()));
        }
        let mut left = usize::try_from(count).unwrap_or(usize::MAX);
        let mut values = Vec::new();
        let mut bytes = vec![0; CHUNK * N];
        while left > 0 {
            let chunk = &mut bytes[..left.min(CHUNK) * N];
            self.inner.read_exact(chunk).map_err(cut_short)?;
            self.digest.update(&*chunk);
            let (whole, _) = chunk.as_chunks::<N>();
            values.extend(whole.iter().map(|bytes| value(*bytes)));
            left -= whole.len();
        }
        Ok(values)
    }
}

/// What walks depend on: free cells, directions, links.
fn digest(terrain: &Terrain) -> [u8; 32] {
    let mut digest = Sha256::new();
    let grid = &terrain.grid;
    digest.update([grid.connectivity() as u8]);
    digest.update(grid.stride().to_le_bytes());
    grid.row_words().iter().for_each(|word| digest.update(word.to_le_bytes()));
    for link in &terrain.links {
        digest.update(link.from.to_le_bytes());
        digest.update(link.to.to_le_bytes());
        digest.update(link.cost.to_le_bytes());
    }
    digest.finalize().into()
}

fn invalid(reason: String) -> PathError {
    PathError::InvalidIndex { reason }
}

fn cut_short(error: io::Error) -> PathError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => invalid("it is cut short; make it anew".to_owned()),
        _ => invalid(format!("it cannot be read: {error}")),
    }
}
