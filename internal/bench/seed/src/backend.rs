//! LaminarDB's backend: checkpoints, restores, the newest epoch, and prunes.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use serde::Deserialize;
use tokio::runtime::Runtime;

use crate::laminar_core::backend::StateBackend;
use crate::laminar_core::object_store::ObjectStoreBackend;
use crate::meter::{Figures, Meter, figures, reset_peak, resident_mib};

/// Where the objects are: a directory, or a bucket of an S3 service.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Place {
    Directory {
        root: PathBuf,
    },
    #[serde(rename_all = "camelCase")]
    Bucket {
        endpoint: String,
        bucket: String,
        access_key_id: String,
        secret_access_key: String,
    },
}

fn open(place: &Place, vnodes: u32) -> ObjectStoreBackend {
    let store: Arc<dyn ObjectStore> = match place {
        Place::Directory { root } => {
            std::fs::create_dir_all(root).expect("a directory");
            Arc::new(LocalFileSystem::new_with_prefix(root).expect("a directory"))
        }
        Place::Bucket {
            endpoint,
            bucket,
            access_key_id,
            secret_access_key,
        } => Arc::new(
            AmazonS3Builder::new()
                .with_endpoint(endpoint)
                .with_allow_http(true)
                .with_region("us-east-1")
                .with_bucket_name(bucket)
                .with_access_key_id(access_key_id)
                .with_secret_access_key(secret_access_key)
                .build()
                .expect("a bucket"),
        ),
    };
    ObjectStoreBackend::new(store, "node-0", vnodes)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    place: Place,
    /// The same bucket, where requests do not wait.
    warm_up: Place,
    warm_up_epochs: u64,
    vnodes: u32,
    bytes: usize,
    at_once: usize,
    epochs_a_run: u64,
}

/// A job that writes epoch after epoch.
struct Job {
    runtime: Runtime,
    backend: ObjectStoreBackend,
    vnodes: Vec<u32>,
    body: Bytes,
    at_once: usize,
    epoch: u64,
}

impl Job {
    fn new(place: &Place, vnodes: u32, bytes: usize, at_once: usize) -> Self {
        Self {
            runtime: Runtime::new().expect("a runtime"),
            backend: open(place, vnodes),
            vnodes: (0..vnodes).collect(),
            body: Bytes::from(vec![7; bytes]),
            at_once,
            epoch: 0,
        }
    }

    /// Writes and seals an epoch, and returns the milliseconds that the seal took.
    fn checkpoint(&mut self) -> f64 {
        self.epoch += 1;
        let (backend, epoch, body) = (&self.backend, self.epoch, &self.body);
        self.runtime.block_on(async {
            stream::iter(self.vnodes.iter().copied())
                .for_each_concurrent(self.at_once, async |vnode| {
                    backend
                        .write_partial(vnode, epoch, 0, body.clone())
                        .await
                        .expect("a partial");
                })
                .await;
            let meter = Meter::start();
            assert!(
                backend
                    .epoch_complete(epoch, &self.vnodes)
                    .await
                    .expect("a seal")
            );
            meter.ms()
        })
    }

    fn prune_before(&self, epoch: u64) {
        self.runtime
            .block_on(self.backend.prune_before(epoch))
            .expect("a prune");
    }
}

pub fn checkpoint(task: Checkpoint) -> crate::Run {
    let mut job = Job::new(&task.warm_up, task.vnodes, task.bytes, task.at_once);
    for _ in 0..task.warm_up_epochs {
        job.checkpoint();
        job.prune_before(job.epoch);
    }
    job.backend = open(&task.place, task.vnodes);
    Box::new(move || {
        let epochs = task.epochs_a_run;
        let meter = Meter::start();
        let seal_ms: f64 = (0..epochs).map(|_| job.checkpoint()).sum();
        let (ms, cpu_ms, count) = (meter.ms(), meter.cpu_ms(), epochs as f64);
        job.prune_before(job.epoch);
        figures([
            ("ms", ms / count),
            ("sealMs", seal_ms / count),
            ("cpuMs", cpu_ms / count),
        ])
    })
}

/// The peak of the memory in the first checkpoint, above what was resident before. One run.
pub fn memory(task: Checkpoint) -> crate::Run {
    // One small checkpoint loads what is loaded once.
    let mut job = Job::new(&task.warm_up, 1, 1, 1);
    job.checkpoint();
    let at = job.epoch;
    job = Job::new(&task.place, task.vnodes, task.bytes, task.at_once);
    job.epoch = at;
    Box::new(move || {
        reset_peak();
        let idle = resident_mib("VmRSS");
        job.checkpoint();
        figures([("idleMib", idle), ("peakMib", resident_mib("VmHWM") - idle)])
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Epochs {
    place: Place,
    vnodes: u32,
    bytes: usize,
    at_once: usize,
    /// After so many epochs, in ascending order, it notes what is resident.
    marks: Vec<u64>,
    prune_every: u64,
    /// How many epochs are kept by a prune.
    keep: u64,
}

/// Runs epochs with prunes, and returns what is resident at each mark. One run.
pub fn epochs(task: Epochs) -> crate::Run {
    let mut job = Job::new(&task.place, task.vnodes, task.bytes, task.at_once);
    Box::new(move || {
        let mut figures = Figures::new();
        for mark in &task.marks {
            while job.epoch < *mark {
                job.checkpoint();
                if job.epoch.is_multiple_of(task.prune_every) {
                    job.prune_before(job.epoch.saturating_sub(task.keep));
                }
            }
            figures.insert(format!("used{mark}"), resident_mib("VmRSS"));
        }
        figures
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    place: Place,
    /// Where it is written, if it is not there: the same bucket, where requests do not wait.
    fill: Place,
    vnodes: u32,
    bytes: usize,
    at_once: usize,
    epochs: u64,
    /// What remains at the end: `prune` deletes below it.
    before: u64,
}

impl History {
    fn objects(&self) -> usize {
        self.epochs as usize * (self.vnodes as usize + 1)
    }

    fn fill(&self) -> Job {
        let mut job = Job::new(&self.fill, self.vnodes, self.bytes, self.at_once);
        let newest = job
            .runtime
            .block_on(job.backend.latest_committed_epoch())
            .expect("a listing");
        job.epoch = newest.unwrap_or(0);
        while job.epoch < self.epochs {
            job.checkpoint();
        }
        job.backend = open(&self.place, self.vnodes);
        job
    }
}

pub fn latest(task: History) -> crate::Run {
    let job = task.fill();
    Box::new(move || {
        let meter = Meter::start();
        let newest = job
            .runtime
            .block_on(job.backend.latest_committed_epoch())
            .expect("a listing");
        assert_eq!(newest, Some(task.epochs));
        let mut figures = meter.each(task.objects());
        figures.insert("ms".into(), meter.ms());
        figures
    })
}

/// Prunes once.
pub fn prune(task: History) -> crate::Run {
    let job = task.fill();
    Box::new(move || {
        let meter = Meter::start();
        job.prune_before(task.before);
        let deleted = (task.before as usize - 1) * (task.vnodes as usize + 1);
        let mut figures = meter.each(deleted);
        figures.insert("ms".into(), meter.ms());
        figures
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restore {
    place: Place,
    vnodes: u32,
    bytes: usize,
    at_once: usize,
    restores_a_run: usize,
    warm_up_restores: usize,
}

/// Reads all partials of an epoch. LaminarDB verifies none.
pub fn restore(task: Restore) -> crate::Run {
    let mut job = Job::new(&task.place, task.vnodes, task.bytes, task.at_once);
    job.checkpoint();
    let read = move |restores: usize| {
        let meter = Meter::start();
        for _ in 0..restores {
            let (backend, epoch) = (&job.backend, job.epoch);
            job.runtime.block_on(
                stream::iter(job.vnodes.iter().copied()).for_each_concurrent(
                    job.at_once,
                    async |vnode| {
                        let body = backend.read_partial(vnode, epoch).await.expect("a get");
                        assert_eq!(body.map(|bytes| bytes.len()), Some(task.bytes));
                    },
                ),
            );
        }
        let count = restores as f64;
        figures([
            ("ms", meter.ms() / count),
            ("cpuMs", meter.cpu_ms() / count),
        ])
    };
    read(task.warm_up_restores);
    Box::new(move || read(task.restores_a_run))
}
