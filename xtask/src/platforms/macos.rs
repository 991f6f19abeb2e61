//! macOS, of which only the Rust part can be checked here: there is no compiler for its C, and no system to link with.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::toolchain;
use crate::command;

/// macOS on Apple's own processors.
pub(super) const TARGET: &str = "aarch64-apple-darwin";

/// Takes the place of the C compiler: the object that is asked for comes out empty, which is enough where nothing is linked.
const COMPILER: &str = "\
#!/bin/sh
while [ $# -gt 1 ]; do
    [ \"$1\" = -o ] && : > \"$2\"
    shift
done
";

/// Takes the place of `ar`: an archive with nothing in it.
const ARCHIVER: &str = "\
#!/bin/sh
for word; do
    case $word in *.a) printf '!<arch>\\n' > \"$word\" ;; esac
done
";

/// Gives a cargo command the compilers that take the real ones' place.
pub(super) fn compilers(cargo: &mut Command) -> Result<&mut Command, String> {
    let folder = toolchain::target_folder().join("stubs");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (compiler, archiver) = (folder.join("cc"), folder.join("ar"));
    write_script(&compiler, COMPILER)?;
    write_script(&archiver, ARCHIVER)?;
    Ok(cargo
        .env("CC_aarch64_apple_darwin", compiler)
        .env("CXX_aarch64_apple_darwin", folder.join("cc"))
        .env("AR_aarch64_apple_darwin", archiver)
        // Else Apple's own tool is asked for them, which is on a Mac only.
        .env("SDKROOT", "/")
        .env("MACOSX_DEPLOYMENT_TARGET", "11.0"))
}

fn write_script(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    command::show(command::program("chmod").arg("+x").arg(path))
}
