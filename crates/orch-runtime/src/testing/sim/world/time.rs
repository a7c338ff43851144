//! Winding the clock.

use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::testing::sim::Subject;
use crate::testing::sim::provider::lock;

use super::{Slot, World};

impl<S: Subject> World<'_, S> {
    /// Time passes: to the next moment somebody waits for, or by any amount.
    pub(super) fn wind(&mut self) {
        let target = {
            let mut scene = self.stage.scene();
            let now = scene.now;
            let awaited = scene.parked.iter().map(|parked| parked.until);
            let next = awaited
                .filter(|until| (now..Timestamp::MAX_UTC).contains(until) && *until != now)
                .min();
            let random = &mut scene.random;
            let millis = match random.weighted(&[35, 30, 20, 15]) {
                Some(0) => 0,
                Some(1) => random.between(1, 5_000),
                Some(2) => random.between(5_000, 20_000),
                _ => random.between(20_000, 120_000),
            };
            let far = later(now, Duration::from_millis(millis.max(1)));
            next.filter(|_| millis == 0).unwrap_or(far)
        };
        self.wind_to(target);
    }

    /// Nothing travels longer than the settling time.
    pub(super) fn wind_to(&mut self, target: Timestamp) {
        loop {
            let late = {
                let network = lock(&self.network);
                let under_way = network.under_way.iter().enumerate();
                let due = under_way.filter(|(_, request)| request.latest <= target);
                due.min_by_key(|(_, request)| request.latest)
                    .map(|(at, request)| (at, request.latest))
            };
            let Some((at, latest)) = late else { break };
            let mut scene = self.stage.scene();
            scene.now = scene.now.max(latest);
            drop(scene);
            self.arrive(at);
        }
        let mut scene = self.stage.scene();
        scene.now = scene.now.max(target);
        scene.note(format_args!("the clock is wound"));
        let now = scene.now;
        drop(scene);
        for slot in &mut self.slots {
            if let Slot::Up(process) = slot
                && process.frozen_until.is_some_and(|until| until <= now)
            {
                process.frozen_until = None;
                self.stage.note(format_args!("{} thaws", process.life));
            }
        }
        self.look();
    }
}
