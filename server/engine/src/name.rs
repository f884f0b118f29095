//! Names for runs that come without one: `brave-otter-17`.

use crate::World;

const QUALITIES: [&str; 32] = [
    "amber", "bold", "brave", "bright", "brisk", "calm", "clear", "clever", "crisp", "eager", "fair",
    "fleet", "gentle", "golden", "happy", "keen", "kind", "lively", "lucid", "mellow", "merry", "nimble",
    "noble", "patient", "quick", "quiet", "silver", "steady", "sunny", "swift", "vivid", "warm",
];

const ANIMALS: [&str; 32] = [
    "badger", "beaver", "bison", "crane", "curlew", "dolphin", "eagle", "egret", "falcon", "finch", "fox",
    "gannet", "hare", "heron", "ibex", "jay", "kestrel", "lark", "lynx", "marten", "newt", "orca", "osprey",
    "otter", "owl", "puffin", "raven", "robin", "seal", "stoat", "swift", "wren",
];

/// Chance picks the words and the number, so that names rarely meet.
pub(crate) fn generate(world: &World) -> String {
    let [quality, animal, high, low] = world.bytes();
    let number = u16::from_be_bytes([high, low]) % 1_000;
    format!("{}-{}-{number}", QUALITIES[usize::from(quality) % 32], ANIMALS[usize::from(animal) % 32])
}
