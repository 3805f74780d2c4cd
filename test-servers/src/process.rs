//! A server's process, which ends with its owner.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::wait::poll;

/// Runs until it is dropped, or until this process ends in whatever way: see `guard.sh`.
pub(crate) struct Process {
    child: Child,
    guard: Child,
    end: Signal,
    log: PathBuf,
}

const GUARD: &str = include_str!("guard.sh");

/// Tells the guard the process id before there is a server that has it.
const SERVER: &str = r#"echo $$ && exec "$@" >&2"#;

impl Process {
    /// Starts `program` in `dir`, which the guard removes if nobody else is left to; the signal `end` ends it.
    pub(crate) fn start(dir: &Path, end: Signal, program: &str, arguments: &[&str]) -> Self {
        let log = dir.join("log");
        let guard = shell(GUARD, "guard")
            .arg(dir)
            .arg(end.as_raw().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let child = shell(SERVER, "server")
            .arg(program)
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(pipe_to(&guard))
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, guard, end, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// All it has printed.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Stops it where it is, and returns once it stands still.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
        // NOWAIT leaves the state to be found again, so that a second call returns too.
        let states = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let state = waitid(WaitId::Pid(self.pid()), states).unwrap();
        assert!(state.is_some_and(|state| state.stopped()), "it has ended by itself:\n{}", self.log());
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends a signal to the processes that it has started.
    pub(crate) fn signal_children(&self, signal: Signal) {
        let id = self.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for child in children.split_whitespace() {
            // One that has ended meanwhile is fine.
            let _ = kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), signal);
        }
    }

    /// Ends it at once, whatever signal it was to end with.
    pub(crate) fn kill(mut self) {
        self.end = Signal::KILL;
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Leaves its process id taken.
    fn has_ended(&self) -> bool {
        let states = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), states).unwrap().is_some()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.end != Signal::KILL && matches!(self.child.try_wait(), Ok(None)) {
            self.signal(self.end);
            // Who stands still hears no signal but KILL.
            self.signal_children(Signal::CONT);
            self.resume();
            poll(|| self.has_ended().then_some(()));
        }
        let _ = self.child.kill();
        // Before the server is waited for, which gives its process id free for others.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.child.wait();
    }
}

/// A group of its own keeps away what a terminal or a job runner sends to the tests: the guard has to
/// outlive them, and a paused server that is orphaned would have its whole group hung up (setpgid(2)).
fn shell(script: &str, name: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, name]).process_group(0);
    command
}

fn pipe_to(guard: &Child) -> Stdio {
    let pipe = guard.stdin.as_ref().unwrap();
    pipe.as_fd().try_clone_to_owned().unwrap().into()
}
