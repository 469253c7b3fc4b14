//! The messages of `sip` beside other parsers. `make bench-messages` runs it and prints its tables.

mod allocations;
mod entrant;
mod table;

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use sip_bench::corpus::{Sample, samples};
use sip_bench::digest::{self, Answer, CHALLENGES};
use sip_bench::shapes::shapes;

use crate::entrant::{Entrant, Work, entrants};

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// Bytes of the messages that show how time grows. The last is more than is taken.
const SIZES: [usize; 4] = [1024, 8 * 1024, 28 * 1024, 64 * 1024];

fn main() {
    // Noise here is another program on the machine, and more samples do not undo it.
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(500))
        .sample_size(30)
        .nresamples(2000)
        .output_directory(Path::new(table::FOLDER))
        .configure_from_args();
    let (samples, entrants, answers) = (samples(), entrants(), digest::engines());
    for sample in &samples {
        entrants.iter().for_each(|entrant| entrant.check(sample));
    }
    check_answers(&answers);

    measure_messages(&mut criterion, &entrants, &samples);
    measure_answers(&mut criterion, &answers);
    measure_shapes(&mut criterion);
    criterion.final_summary();
    table::write(&entrants, &samples, &answers);
}

/// One message and one work after the other, so that what is compared is close in time.
fn measure_messages(criterion: &mut Criterion, entrants: &[Entrant], samples: &[Sample]) {
    for work in Work::ALL {
        for sample in samples {
            for entrant in entrants.iter().filter(|entrant| entrant.can(work, sample)) {
                (entrant.bench)(criterion, work, sample);
            }
        }
    }
}

fn measure_answers(criterion: &mut Criterion, answers: &[(&str, Answer)]) {
    let mut group = criterion.benchmark_group(table::DIGEST);
    for (algorithm, challenge) in CHALLENGES {
        for (name, answer) in answers.iter().filter(|(_, answer)| answer(challenge).is_some()) {
            let id = BenchmarkId::new(algorithm, name);
            group.bench_function(id, |bencher| bencher.iter(|| answer(black_box(challenge))));
        }
    }
}

fn measure_shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(table::SHAPES);
    for shape in shapes() {
        for size in SIZES {
            let bytes = (shape.message)(size);
            group.bench_function(BenchmarkId::new(shape.name, size), |bencher| {
                bencher.iter(|| (shape.read)(black_box(&bytes)));
            });
        }
    }
}

/// All must come to the same proof. Who makes a cnonce of its own cannot be checked.
fn check_answers(answers: &[(&str, Answer)]) {
    for (algorithm, challenge) in CHALLENGES {
        let ours = answers.first().and_then(|(_, answer)| proof(&answer(challenge)?));
        assert!(ours.is_some(), "ours answers");
        for (name, answer) in answers.iter().filter(|(name, _)| !name.ends_with('‡')) {
            let theirs = answer(challenge).and_then(|text| proof(&text));
            if theirs != ours {
                eprintln!("{name} answers {algorithm} otherwise: {theirs:?}, ours {ours:?}");
            }
        }
    }
}

fn proof(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once("response=\"")?;
    rest.split_once('"').map(|(proof, _)| proof.into())
}
