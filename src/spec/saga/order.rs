//! The order of steps: levels, or a cycle.

use super::Step;

/// The levels, and the steps that are in none because they wait for each other, or for one that does.
pub(super) fn levels(steps: &[Step]) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut levels: Vec<Vec<usize>> = Vec::new();
    let mut left: Vec<usize> = (0..steps.len()).collect();
    loop {
        let waits = |step: &usize| left.iter().any(|other| comes_after(steps, *step, *other));
        let (later, ready): (Vec<usize>, Vec<usize>) = left.iter().partition(|step| waits(step));
        if ready.is_empty() {
            return (levels, later);
        }
        levels.push(ready);
        left = later;
    }
}

/// A way from a step back to itself among those that `levels` left over. Each of them waits for another one
/// of them, so going back ends where it was before.
pub(super) fn cycle(steps: &[Step], left: &[usize]) -> Vec<usize> {
    let mut way: Vec<usize> = left.iter().copied().take(1).collect();
    while let Some(next) = way.last().and_then(|step| {
        let earlier = left.iter();
        earlier
            .copied()
            .find(|other| comes_after(steps, *step, *other))
    }) {
        let start = way.iter().position(|step| *step == next);
        way.push(next);
        if let Some(start) = start {
            way.drain(..start);
            break;
        }
    }
    way
}

fn comes_after(steps: &[Step], step: usize, other: usize) -> bool {
    steps[step].after.contains(&steps[other].name)
}
