//! Torn files: what a power cut leaves of SQLite's own log, cut at any byte or with any page spoilt, opens
//! as the record of an earlier moment: everything that was acknowledged before the damage, nothing of
//! what came behind it, and no transition by half.
//!
//! Group commit puts a whole transition into one transaction of the file, and the file's log says by
//! checksums where it ends. So the state that comes back is known exactly: that of the last commit which
//! lies wholly in front of the first damaged byte.
//!
//! `ORCH_TORN_SEED=n` runs the history and the damages of this seed alone. Which of the commands that arrive
//! at the same time share a commit is left to chance.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use orch_runtime::Timestamp;
use orch_runtime::fault::{Boundary, Fate, FaultPlan};
use orch_runtime::store::sqlite::SqliteStore;
use orch_runtime::store::{Database, Migration, OperationStore, StoreKind};
use orch_runtime::testing::sim::Random;
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::commands::{Command, Hand, Picture, Stand, migrations, picture, run};

/// Histories of a usual run.
const SEEDS: u64 = 4;
/// Commands of a history.
const STEPS: usize = 120;
/// Damages to each history's log.
const DAMAGES: usize = 60;
/// Bytes that one damage spoils, at least and at most: a sector, a page.
const SPOILT: (u64, u64) = (512, 4_096);

const SCHEMA: &[Migration] = &migrations(StoreKind::Sqlite);

/// The record after a commit, and how long the file's log was then.
#[derive(Debug)]
struct Moment {
    record: Picture,
    log: u64,
}

/// Looks at the record after every commit, before anybody is told of it.
struct Watch {
    runtime: Handle,
    log: PathBuf,
    store: OnceLock<Arc<dyn OperationStore>>,
    moments: Mutex<Vec<Moment>>,
}

impl Watch {
    fn look(&self) {
        let Some(store) = self.store.get() else {
            return;
        };
        let mut moments = self.moments.lock().unwrap();
        let empty = Picture::default();
        let before = moments.last().map_or(&empty, |moment| &moment.record);
        let record = self.runtime.block_on(record(store, before));
        if record != *before || moments.is_empty() {
            let log = fs::metadata(&self.log).map_or(0, |log| log.len());
            moments.push(Moment { record, log });
        }
    }
}

impl FaultPlan for Watch {
    fn reach(&self, boundary: Boundary) -> Fate {
        if let Boundary::AfterCommit(_) = boundary {
            self.look();
        }
        Fate::Continue
    }
}

async fn record(store: &Arc<dyn OperationStore>, before: &Picture) -> Picture {
    picture(store, Timestamp::UNIX_EPOCH, before).await
}

/// What a power cut left: the file, and its log.
struct Files {
    main: Vec<u8>,
    log: Vec<u8>,
}

impl Files {
    fn read(file: &Path) -> Self {
        Self {
            main: fs::read(file).unwrap(),
            log: fs::read(file.with_extension("db-wal")).unwrap(),
        }
    }
}

/// A run that was acknowledged command by command.
struct History {
    moments: Vec<Moment>,
    /// At the end, with everything still in the log.
    files: Files,
    /// Read while commands were under way, and which moment had been acknowledged before.
    copies: Vec<(usize, Files)>,
}

impl History {
    /// Runs the commands of `seed` on a file whose commits wait for the disk.
    fn run(seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        let runtime = runtime.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let watch = Arc::new(Watch {
            runtime: runtime.handle().clone(),
            log: file.with_extension("db-wal"),
            store: OnceLock::new(),
            moments: Mutex::default(),
        });
        let plan: Arc<dyn FaultPlan> = Arc::clone(&watch) as _;
        let store = SqliteStore::open_with_faults(&file, SCHEMA, plan).unwrap();
        runtime.block_on(store.checkpoint()).unwrap();
        let begun = fs::read(&file).unwrap();
        let stand = Stand::new(Database::Sqlite(store));
        drop(watch.store.set(Arc::clone(&stand.store)));
        watch.look();
        let (mut hand, mut copies) = (Hand::new(seed), Vec::new());
        for step in 0..STEPS {
            let (now, mut command) = hand.next();
            if let Command::Purge(_, limit) = &mut command {
                // The next batch would be the next moment, and the Watch is not told of purges.
                *limit = 1_000;
            }
            let running = (stand.clone(), command);
            let running = runtime.spawn(async move { run(&running.0, now, running.1).await });
            if step % 4 == 0 {
                let acknowledged = watch.moments.lock().unwrap().len() - 1;
                copies.push((acknowledged, Files::read(&file)));
            }
            let answer = runtime.block_on(running).unwrap();
            watch.look();
            hand.learn(answer.leases);
        }
        let files = Files::read(&file);
        assert!(files.main == begun, "nothing may have left the log yet");
        let moments = std::mem::take(&mut *watch.moments.lock().unwrap());
        assert!(moments.len() > STEPS / 4, "{} commits", moments.len());
        Self {
            moments,
            files,
            copies,
        }
    }

    /// The last moment that lies wholly before this byte of the log.
    fn before(&self, byte: u64) -> usize {
        self.moments
            .iter()
            .rposition(|moment| moment.log <= byte)
            .unwrap()
    }

    /// Which moment the record of `files` shows.
    fn moment_of(&self, files: &Files) -> Result<usize, String> {
        let opened = Opened::new(files)?;
        opened.check()?;
        let found = self
            .moments
            .iter()
            .position(|moment| moment.record == opened.record);
        found.ok_or_else(|| {
            let nearest = self.before(files.log.len() as u64);
            let names = ["there was", "there is"];
            let record = &self.moments[nearest].record;
            format!(
                "a state that never was; nearest {nearest}:\n{}",
                record.difference(&opened.record, names)
            )
        })
    }
}

/// The files, opened by another process.
struct Opened {
    runtime: tokio::runtime::Runtime,
    stand: Stand,
    record: Picture,
    _folder: TempDir,
}

impl Opened {
    fn new(files: &Files) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        fs::write(&file, &files.main).unwrap();
        fs::write(file.with_extension("db-wal"), &files.log).unwrap();
        let store = SqliteStore::open(&file, SCHEMA).map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let stand = Stand::new(Database::Sqlite(store));
        let record = runtime.block_on(record(&stand.store, &Picture::default()));
        Ok(Self {
            runtime,
            stand,
            record,
            _folder: folder,
        })
    }

    /// The file is sound, no transition is there by half, and work goes on.
    fn check(&self) -> Result<(), String> {
        let store = &self.stand.store;
        let ask = |sql: &str| {
            self.runtime
                .block_on(store.query(sql.to_owned(), Vec::new()))
        };
        let sound = ask("pragma integrity_check").map_err(|error| error.to_string())?;
        let sound: String = sound[0].get("integrity_check").unwrap();
        let half = half_done(&self.record);
        let reaped = self.runtime.block_on(store.reap(Timestamp::MAX_UTC, 1_000));
        match (&*sound, &*half, reaped) {
            ("ok", [], Ok(_)) => Ok(()),
            (sound, half, reaped) => Err(format!("{sound}; by half {half:?}; {reaped:?}")),
        }
    }
}

/// Attempts under way of which the log does not know.
fn half_done(record: &Picture) -> Vec<&String> {
    let half = |name: &&String| {
        let of = |column| record.cell("charge_operations", &[name], column);
        let fence = of("fence").unwrap_or_default();
        let entry = record.cell("charge_write_ahead_logs", &[name, fence], "state");
        of("state") == Some("IN_PROGRESS") && entry.is_none()
    };
    record.operations().filter(half).collect()
}

/// What happens to the log.
#[derive(Debug)]
enum Damage {
    /// It ends here.
    Cut(usize),
    /// So many bytes from here on are zero.
    Zeroed(usize, usize),
    /// So many bytes from here on are others.
    Overwritten(usize, usize),
}

impl Damage {
    fn invent(random: &mut Random, length: usize) -> Self {
        let begin = random.place(length + 1);
        let size = usize::try_from(random.between(SPOILT.0, SPOILT.1)).unwrap();
        let size = size.min(length - begin);
        match random.between(0, 2) {
            0 => Self::Cut(begin),
            1 => Self::Zeroed(begin, size),
            _ => Self::Overwritten(begin, size),
        }
    }

    /// The log with it, and the first byte that is not as it was.
    fn apply(&self, random: &mut Random, log: &[u8]) -> (Vec<u8>, u64) {
        let mut damaged = log.to_vec();
        match *self {
            Self::Cut(length) => damaged.truncate(length),
            Self::Zeroed(begin, size) => damaged[begin..begin + size].fill(0),
            Self::Overwritten(begin, size) => {
                let noise = |byte: &mut u8| *byte = random.pick(&[0, 1, 0x0d, 0x7f, 0xff, *byte]);
                damaged[begin..begin + size].iter_mut().for_each(noise);
            }
        }
        let same = damaged
            .iter()
            .zip(log)
            .take_while(|(now, before)| now == before);
        let same = same.count() as u64;
        (damaged, same)
    }
}

fn repeat_with(seed: u64) -> String {
    format!(
        "\nrepeat it with\n  ORCH_TORN_SEED={seed} cargo test -p orch-runtime --test it -- torn_files"
    )
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("ORCH_TORN_SEED") else {
        return 0..SEEDS;
    };
    let seed = text.parse().unwrap();
    seed..seed + 1
}

/// The power fails while the disk writes: of the last pages some are there, some not, some half.
#[test]
fn a_torn_log_opens_as_the_last_moment_before_the_damage() {
    for seed in seeds() {
        let history = History::run(seed);
        let log = &history.files.log;
        let mut random = Random::new(seed);
        for _ in 0..DAMAGES {
            let damage = Damage::invent(&mut random, log.len());
            let (damaged, intact) = damage.apply(&mut random, log);
            let expected = history.before(intact);
            let files = Files {
                main: history.files.main.clone(),
                log: damaged,
            };
            let found = history.moment_of(&files);
            let found =
                found.unwrap_or_else(|why| panic!("{damage:?}: {why}{}", repeat_with(seed)));
            let how = repeat_with(seed);
            assert_eq!(found, expected, "{damage:?} of {}: {how}", log.len());
        }
    }
}

/// Backups that copy the files of a running service read a log that grows meanwhile.
#[test]
fn a_copy_of_the_running_files_has_everything_acknowledged_before() {
    for seed in seeds() {
        let history = History::run(seed);
        for (acknowledged, files) in &history.copies {
            let found = history.moment_of(files);
            let found = found.unwrap_or_else(|why| panic!("{why}{}", repeat_with(seed)));
            let how = repeat_with(seed);
            assert!(
                found >= *acknowledged,
                "{found} of {acknowledged} acknowledged: {how}"
            );
        }
    }
}
