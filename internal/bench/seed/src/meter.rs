use std::collections::BTreeMap;
use std::time::Instant;

/// What a run measured, by name.
pub type Figures = BTreeMap<String, f64>;

pub fn figures<const N: usize>(values: [(&str, f64); N]) -> Figures {
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Wall-clock and CPU time of this process since a moment, in milliseconds.
pub struct Meter {
    started: Instant,
    cpu: f64,
}

impl Meter {
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu: cpu_ms(),
        }
    }

    pub fn ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1e3
    }

    pub fn cpu_ms(&self) -> f64 {
        cpu_ms() - self.cpu
    }

    /// Microseconds, and those of CPU, of each of so many.
    pub fn each(&self, count: usize) -> Figures {
        let each = 1e3 / count as f64;
        figures([("us", self.ms() * each), ("cpuUs", self.cpu_ms() * each)])
    }
}

fn cpu_ms() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the struct that it is given.
    let usage = unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()), 0);
        usage.assume_init()
    };
    [usage.ru_utime, usage.ru_stime]
        .iter()
        .map(|time| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3)
        .sum()
}

/// Makes the peak of the resident memory what is resident now.
pub fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("a peak that can be reset");
}

/// A line of `/proc/self/status`, such as `VmHWM`, in MiB.
pub fn resident_mib(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("a line of the status");
    let kib: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .expect("KiB");
    kib / 1024.0
}
