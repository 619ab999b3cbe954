//! The `oretrail` command-line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    oretrail::cli::main()
}
