//! Work on all processors whose results come back in the order in which it was given.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// The results to come, the oldest first.
pub(super) struct InOrder<T>(VecDeque<Receiver<T>>);

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Send + 'static> InOrder<T> {
    /// Gives work to whichever processor is free.
    pub(super) fn give(&mut self, work: impl FnOnce() -> T + Send + 'static) {
        let (done, result) = channel();
        // Nobody waits any more where the queue was dropped.
        rayon::spawn(move || drop(done.send(work())));
        self.0.push_back(result);
    }

    /// How many results are to come.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next result, if it is there.
    pub(super) fn done(&mut self) -> Option<T> {
        let result = self.0.front()?.try_recv().ok()?;
        self.0.pop_front();
        Some(result)
    }

    /// The next result, waited for; nothing when all have come back.
    pub(super) fn next(&mut self) -> Option<T> {
        loop {
            match self.0.front()?.try_recv() {
                Ok(result) => {
                    self.0.pop_front();
                    return Some(result);
                }
                // A thread that others wait for lends a hand instead of sleeping.
                Err(TryRecvError::Empty) if rayon::current_thread_index().is_some() => drop(rayon::yield_now()),
                Err(_) => return self.0.pop_front()?.recv().ok(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn in_turn() -> Vec<u64> {
        let mut queue = InOrder::default();
        for number in 0..40_u64 {
            // The earlier, the longer.
            queue.give(move || {
                std::thread::sleep(Duration::from_micros((40 - number) * 50));
                number
            });
        }
        assert!(queue.len() == 40 && !queue.is_empty());
        let results = std::iter::from_fn(|| queue.done().or_else(|| queue.next())).collect();
        assert!(queue.is_empty() && queue.done().is_none());
        results
    }

    #[test]
    fn results_come_in_the_order_of_the_work_whoever_waits_for_them() {
        let expected: Vec<u64> = (0..40).collect();
        assert_eq!(in_turn(), expected);
        // The only thread there is waits: it has to do the work.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(in_turn), expected);
    }
}
