//! Durable creates by plain system calls, so many threads at once: write another name, flush it,
//! rename it if nothing is there, and flush the directory. What `FsStore` promises of a create.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use crate::meter::Meter;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creates {
    /// Left as empty as it was.
    root: PathBuf,
    count: usize,
    bytes: usize,
    at_once: usize,
}

pub fn creates(task: Creates) -> crate::Run {
    std::fs::create_dir_all(&task.root).expect("a directory");
    let body = vec![7; task.bytes];
    let all = move || {
        let next = AtomicUsize::new(0);
        let meter = Meter::start();
        std::thread::scope(|scope| {
            for _ in 0..task.at_once {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= task.count {
                            break;
                        }
                        create(&task.root, number, &body).expect("a create");
                    }
                });
            }
        });
        let figures = meter.each(task.count);
        for entry in std::fs::read_dir(&task.root).expect("a directory") {
            std::fs::remove_file(entry.expect("an entry").path()).expect("a file to remove");
        }
        figures
    };
    all();
    Box::new(all)
}

fn create(root: &Path, number: usize, body: &[u8]) -> std::io::Result<()> {
    let temporary = root.join(format!(".staging-{number}"));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)?;
    file.write_all(body)?;
    file.sync_all()?;
    drop(file);
    rename_if_absent(&temporary, &root.join(format!("object-{number}")))?;
    File::open(root)?.sync_all()
}

fn rename_if_absent(from: &Path, to: &Path) -> std::io::Result<()> {
    let (from, to) = (
        CString::new(from.as_os_str().as_bytes())?,
        CString::new(to.as_os_str().as_bytes())?,
    );
    // SAFETY: both are strings that end in a zero.
    let result = unsafe {
        libc::renameat2(
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}
