//! The Python package, tested as its users get it: a wheel installed with pip.

use std::path::Path;

use xshell::{Shell, cmd};

use crate::steps::Step;

/// `python -I` keeps the current directory and PYTHONPATH out of the import path, so that the installed
/// wheel is tested and not the source folder.
pub(crate) fn steps<'sh>(sh: &'sh Shell, target: &Path) -> Vec<Step<'sh>> {
    let venv = target.join("xtask").join("venv");
    let pip = venv.join("bin").join("pip");
    let python = venv.join("bin").join("python");
    vec![
        Step::new(
            "wheel",
            [cmd!(sh, "python3 -m venv --clear {venv}"), cmd!(sh, "{pip} install ./quickcart-py")],
        )
        .env("CARGO_TARGET_DIR", target.to_string_lossy())
        .captured(),
        Step::new(
            "python tools",
            [
                cmd!(sh, "{pip} install --requirement quickcart-py/tests/requirements.txt"),
                cmd!(sh, "{pip} install --requirement quickcart-warp/tests/schemathesis/requirements.txt"),
            ],
        )
        .needs(&["wheel"])
        .captured(),
        Step::new("python tests", [cmd!(sh, "{python} -I -m pytest -q quickcart-py/tests")])
            .needs(&["wheel", "python tools"]),
        Step::new("stubs", [cmd!(sh, "{python} -I -m mypy.stubtest quickcart")])
            .needs(&["wheel", "python tools"]),
        Step::new("types", [cmd!(sh, "{python} -I -m mypy --strict quickcart-py/tests examples/visit.py")])
            .needs(&["wheel", "python tools"]),
        // `cargo test` has built the program.
        Step::new("openapi", [cmd!(sh, "{python} -I -m pytest -q quickcart-warp/tests/schemathesis")])
            .env("QUICKCART_WARP", target.join("debug").join("quickcart-warp").to_string_lossy())
            .needs(&["build", "python tools"]),
        Step::new("python example", [cmd!(sh, "{python} examples/visit.py")]).needs(&["wheel"]).captured(),
    ]
}
