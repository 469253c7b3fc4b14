//! The messages of `sip` beside other parsers. `make bench-messages` runs it and prints its tables.

mod entrant;
mod table;

use std::path::Path;
use std::time::Duration;

use criterion::Criterion;
use sip_bench::corpus::samples;

use crate::entrant::{Entrant, Work, entrants};

fn main() {
    // Noise here is another program on the machine, and more samples do not undo it.
    let mut criterion = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(700))
        .sample_size(30)
        .nresamples(2000)
        .output_directory(Path::new(table::FOLDER))
        .configure_from_args();
    let (samples, entrants) = (samples(), entrants());
    for sample in &samples {
        entrants.iter().for_each(|entrant| entrant.check(sample));
    }
    // One message and one work after the other, so that what is compared is close in time.
    for work in Work::ALL {
        for sample in &samples {
            for entrant in entrants.iter().filter(|entrant| entrant.can(work, sample)) {
                (entrant.bench)(&mut criterion, work, sample);
            }
        }
    }
    criterion.final_summary();
    table::write(&entrants, &samples);
}
