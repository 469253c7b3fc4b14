//! The laws of what somebody wrote for an agent to go on with: whatever it is, nothing breaks, and time passes.

use super::agent::config;
use super::script::OUTPUTS;
use sip::agent::{Agent, Answer, Input, Output, QuestionId, Snapshot};
use sip::{Duration, Instant};

/// How many timers may be due at one moment: one for each thing that has its own.
const AT_ONCE: usize = 200;

/// A snapshot, as text.
pub fn snapshot(data: &[u8]) {
    let Ok(snapshot) = serde_json::from_slice::<Snapshot>(data) else { return };
    if snapshot.check(&config()).is_err() {
        return;
    }
    let now = Instant::from_millis(5_000);
    let Ok(agent) = Agent::restore(snapshot, config(), Duration::from_secs(2), [3; 32], now) else {
        panic!("it was checked")
    };
    let mut line = Line { agent, now, still: 0 };
    line.drain();
    line.agent.handle(Input::Connected, now);
    line.drain();
    for _ in 0..1_000 {
        if !line.step() {
            break;
        }
    }
    line.agent.stop_away(line.now);
    line.drain();
    // In the end it comes to rest.
    for _ in 0..1_000 {
        if !line.step() {
            return;
        }
    }
    panic!("timers without end");
}

struct Line {
    agent: Agent,
    now: Instant,
    still: usize,
}

impl Line {
    /// Lets time pass; says whether anything is due ever.
    fn step(&mut self) -> bool {
        let Some(deadline) = self.agent.deadline() else { return false };
        self.still = if deadline > self.now { 0 } else { self.still + 1 };
        assert!(self.still < AT_ONCE, "no time passes");
        self.now = self.now.max(deadline);
        self.agent.handle(Input::Timeout, self.now);
        self.drain();
        true
    }

    /// As the caretaker does.
    fn drain(&mut self) {
        let mut count = 0;
        let mut asked: Vec<QuestionId> = Vec::new();
        loop {
            while let Some(output) = self.agent.poll() {
                count += 1;
                assert!(count < 8 * OUTPUTS, "{output:?}");
                match output {
                    Output::Ask(id, _) => asked.push(id),
                    Output::Connect(_) => self.agent.handle(Input::Connected, self.now),
                    Output::Transmit(_) | Output::Event(_) | Output::Disconnect => {}
                }
            }
            let Some(id) = asked.pop() else { break };
            if let Some(body) = self.agent.standing_answer(id) {
                self.agent.handle(Input::Answer(id, Answer::Description(body)), self.now);
            }
        }
        assert!(self.agent.snapshot(self.now).is_some(), "it can be saved");
    }
}
