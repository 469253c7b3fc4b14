//! Random worlds against what must hold whatever happens: pages with their own half of the line (`line::link`), the hub, a
//! caretaker and a database that are played, and a network between them that delays, holds back and loses.

mod laws;
mod page;
mod world;

use world::World;

/// What may happen in a world, how often, and how long it then goes on by itself.
fn step(world: &mut World) {
    match world.dice.below(100) {
        0..12 => world.load(),
        12..17 => world.reload(),
        17..22 => world.crash(),
        22..32 => world.cut(),
        32..42 => world.mend(),
        42..46 => world.freeze(),
        46..52 => world.thaw(),
        52..54 => world.jump(),
        54..64 => world.take(),
        64..80 => world.call(),
        80..82 => world.release(),
        82..84 => world.log_out(),
        84..88 => world.restart(),
        88..90 => world.drop_socket(),
        _ => {}
    }
    let time = match world.dice.below(10) {
        0..3 => world.dice.below(100),
        3..7 => world.dice.below(2_000),
        7..9 => world.dice.below(8_000),
        _ => world.dice.below(40_000),
    };
    world.go_on(time);
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// `STEPS` and `SEED` change how long it goes on and where it begins; `make soak` does so.
#[test]
fn one_has_the_line_whatever_happens() {
    let (steps, first) = (number("STEPS", 10_000), number("SEED", 0));
    for seed in first..first + 8 {
        let mut world = World::new(seed);
        for _ in 0..steps / 100 {
            for _ in 0..100 {
                step(&mut world);
            }
            world.settle();
        }
        world.seen.enough(steps);
    }
}
