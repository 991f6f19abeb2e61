//! What the build and the tests need of the machine: installed where that can be done unasked, else said.

use crate::command;

/// Something that must be on the machine.
pub(crate) struct Need {
    /// What shows that it is there.
    sign: Sign,
    /// What it is for.
    why: &'static str,
    /// Without it nothing compiles; what only some tests need is missed less.
    required: bool,
    linux_only: bool,
    /// The packages that bring it, for apt, dnf and pacman.
    packages: [&'static str; 3],
}

/// What shows that something is on the machine.
enum Sign {
    /// A program that can be started.
    Program(&'static str),
    /// A library that pkg-config knows.
    Library(&'static str),
}

impl Sign {
    fn name(&self) -> &'static str {
        match self {
            Self::Program(name) | Self::Library(name) => name,
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Program(name) => command::installed(name).is_some(),
            Self::Library(name) => {
                command::output(command::program("pkg-config").args(["--exists", name])).is_ok()
            }
        }
    }
}

const NEEDS: &[Need] = &[
    Need {
        sign: Sign::Program("cc"),
        why: "the C parts of the cryptography are compiled with it",
        required: !cfg!(windows),
        linux_only: false,
        packages: ["build-essential", "gcc", "base-devel"],
    },
    Need {
        sign: Sign::Program("pkg-config"),
        why: "it finds the libraries of the window",
        required: true,
        linux_only: true,
        packages: ["pkg-config", "pkgconf-pkg-config", "pkgconf"],
    },
    Need {
        sign: Sign::Library("webkit2gtk-4.1"),
        why: "the window shows its pages with it",
        required: true,
        linux_only: true,
        packages: ["libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", "webkit2gtk-4.1"],
    },
    Need {
        sign: Sign::Library("librsvg-2.0"),
        why: "the window's system draws icons with it",
        required: true,
        linux_only: true,
        packages: ["librsvg2-dev", "librsvg2-devel", "librsvg"],
    },
    Need {
        sign: Sign::Program("npm"),
        why: "the window's pages are built with it; it comes with Node.js 20 or later",
        required: true,
        linux_only: false,
        packages: ["npm", "nodejs-npm", "npm"],
    },
    Need {
        sign: Sign::Program("chromium"),
        why: "the window's pages are tested in it",
        required: false,
        linux_only: true,
        packages: ["chromium", "chromium", "chromium"],
    },
    Need {
        sign: Sign::Program("Xvfb"),
        why: "the real window is tested on a screen that nobody sees",
        required: false,
        linux_only: true,
        packages: ["xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"],
    },
    Need {
        sign: Sign::Program("xauth"),
        why: "that screen is protected with it",
        required: false,
        linux_only: true,
        packages: ["xauth", "xorg-x11-xauth", "xorg-xauth"],
    },
    Need {
        sign: Sign::Program("WebKitWebDriver"),
        why: "the tests of the real window press its keys with it",
        required: false,
        linux_only: true,
        packages: ["webkit2gtk-driver", "webkit2gtk-driver", "webkitgtk-6.0"],
    },
    Need {
        sign: Sign::Program("wmctrl"),
        why: "the tests of the real window resize and close it with this",
        required: false,
        linux_only: true,
        packages: ["wmctrl", "wmctrl", "wmctrl"],
    },
    Need {
        sign: Sign::Program("import"),
        why: "it takes the pictures of the real window",
        required: false,
        linux_only: true,
        packages: ["imagemagick", "ImageMagick", "imagemagick"],
    },
    Need {
        sign: Sign::Program("xdotool"),
        why: "the tests of the real window type into other programs' windows with it",
        required: false,
        linux_only: true,
        packages: ["xdotool", "xdotool", "xdotool"],
    },
    Need {
        sign: Sign::Program("openbox"),
        why: "it gives the real window a frame in its tests",
        required: false,
        linux_only: true,
        packages: ["openbox", "openbox", "openbox"],
    },
    Need {
        sign: Sign::Program("fc-list"),
        why: "the pictures need letters",
        required: false,
        linux_only: true,
        packages: [
            "fonts-dejavu-core fontconfig",
            "fontconfig dejavu-sans-fonts",
            "fontconfig ttf-dejavu",
        ],
    },
    Need {
        sign: Sign::Program("ip"),
        why: "the tests of UDP broadcast make networks of their own",
        required: false,
        linux_only: true,
        packages: ["iproute2", "iproute", "iproute2"],
    },
    Need {
        sign: Sign::Program("tcpdump"),
        why: "the test that no password crosses a network reads what crossed it",
        required: false,
        linux_only: true,
        packages: ["tcpdump", "tcpdump", "tcpdump"],
    },
    Need {
        sign: Sign::Program("nft"),
        why: "the tests of firewalls on the way make some of their own",
        required: false,
        linux_only: true,
        packages: ["nftables", "nftables", "nftables"],
    },
    Need {
        sign: Sign::Program("curl"),
        why: "the tests of TFTP hold the client and the virtual units to programs of others",
        required: false,
        linux_only: true,
        packages: ["curl", "curl", "curl"],
    },
    Need {
        sign: Sign::Program("tftp"),
        why: "the same",
        required: false,
        linux_only: true,
        packages: ["tftp-hpa", "tftp", "tftp-hpa"],
    },
    Need {
        sign: Sign::Program("in.tftpd"),
        why: "the same",
        required: false,
        linux_only: true,
        packages: ["tftpd-hpa", "tftp-server", "tftp-hpa"],
    },
    Need {
        sign: Sign::Program("atftp"),
        why: "the same",
        required: false,
        linux_only: true,
        packages: ["atftp", "atftp", "atftp"],
    },
    Need {
        sign: Sign::Program("dbus-run-session"),
        why: "the tests of the keychain run on a bus of their own",
        required: false,
        linux_only: true,
        packages: ["dbus", "dbus-daemon", "dbus"],
    },
    Need {
        sign: Sign::Program("gnome-keyring-daemon"),
        why: "the tests of the keychain use a real one",
        required: false,
        linux_only: true,
        packages: ["gnome-keyring", "gnome-keyring", "gnome-keyring"],
    },
];

/// What the comparison of discovery runs beside this program, and what it measures with.
#[cfg(target_os = "linux")]
pub(crate) const DISCOVERY_PEERS: &[Need] = &[
    peer("ip", ["iproute2", "iproute", "iproute2"]),
    peer("nft", ["nftables", "nftables", "nftables"]),
    peer("setpriv", ["util-linux", "util-linux", "util-linux"]),
    peer("time", ["time", "time", "time"]),
    peer("nmap", ["nmap", "nmap", "nmap"]),
    peer("masscan", ["masscan", "masscan", "masscan"]),
    peer("fping", ["fping", "fping", "fping"]),
];

/// The same for the comparisons of transfers.
#[cfg(unix)]
pub(crate) const TRANSFER_PEERS: &[Need] = &[
    peer("socat", ["socat", "socat", "socat"]),
    peer("openssl", ["openssl", "openssl", "openssl"]),
    peer("curl", ["curl", "curl", "curl"]),
    peer("sha256sum", ["coreutils", "coreutils", "coreutils"]),
];

/// The same for the comparison of transfers over TFTP.
#[cfg(target_os = "linux")]
pub(crate) const TFTP_PEERS: &[Need] = &[
    peer("in.tftpd", ["tftpd-hpa", "tftp-server", "tftp-hpa"]),
    peer("tftp", ["tftp-hpa", "tftp", "tftp-hpa"]),
    peer("atftp", ["atftp", "atftp", "atftp"]),
    peer("curl", ["curl", "curl", "curl"]),
];

#[cfg(unix)]
const fn peer(name: &'static str, packages: [&'static str; 3]) -> Need {
    Need {
        sign: Sign::Program(name),
        why: "the comparison runs it",
        required: true,
        linux_only: false,
        packages,
    }
}

/// How a system installs packages: the program that shows it, the place in [`Need::packages`], the command.
const INSTALLERS: [(&str, usize, &str); 3] = [
    ("apt-get", 0, "apt-get install --yes"),
    ("dnf", 1, "dnf install"),
    ("pacman", 2, "pacman -S"),
];

/// Finds what is missing, installs it where there is apt-get and the right to use it, and says the rest.
pub(crate) fn run() -> Result<String, String> {
    provide(NEEDS)
}

/// The same for what some other work needs.
pub(crate) fn provide(needs: &'static [Need]) -> Result<String, String> {
    if missing(needs).is_empty() {
        return Ok("all there".to_owned());
    }
    for need in missing(needs) {
        println!("missing: {} ({})", need.sign.name(), need.why);
    }
    if let Some(prefix) = apt_get() {
        let missing = missing(needs);
        let packages = missing.iter().flat_map(|need| need.packages[0].split(' '));
        install(prefix, &packages.collect::<Vec<_>>())?;
    }
    let still = missing(needs);
    if still.is_empty() {
        return Ok("what was missing is installed".to_owned());
    }
    let advice = advice(&still);
    if still.iter().any(|need| need.required) {
        return Err(advice);
    }
    println!("Tests that need this say that they are skipped. {advice}");
    Ok(format!("some tests will be skipped: {advice}"))
}

fn missing(needs: &'static [Need]) -> Vec<&'static Need> {
    needs
        .iter()
        .filter(|need| cfg!(target_os = "linux") || (need.required && !need.linux_only))
        .filter(|need| !need.sign.is_there())
        .collect()
}

/// The words before `apt-get` where it may be used without asking: none for root, else sudo without a password.
pub(crate) fn apt_get() -> Option<&'static [&'static str]> {
    command::installed("apt-get")?;
    let user = command::output(command::program("id").arg("-u")).ok()?;
    if user.trim() == "0" {
        return Some(&[]);
    }
    command::output(command::program("sudo").args(["--non-interactive", "true"])).ok()?;
    Some(&["sudo", "--non-interactive"])
}

/// Installs packages with apt-get, after the words of [`apt_get`].
pub(crate) fn install(prefix: &[&str], packages: &[&str]) -> Result<(), String> {
    let update = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "update",
        "--quiet=2",
    ];
    let install = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "--yes",
        "--quiet=2",
        "--no-install-recommends",
    ];
    for words in [[prefix, &update].concat(), [prefix, &install, packages].concat()] {
        let Some((first, rest)) = words.split_first() else {
            continue;
        };
        command::show(command::program(first).args(rest))?;
    }
    Ok(())
}

fn advice(needs: &[&Need]) -> String {
    if cfg!(target_os = "macos") {
        return "Install the command line tools with: xcode-select --install".to_owned();
    }
    let programs: Vec<&str> = needs.iter().map(|need| need.sign.name()).collect();
    let Some((_, place, install)) = INSTALLERS
        .iter()
        .find(|(name, ..)| command::installed(name).is_some())
    else {
        return format!("Install what brings these programs: {}", programs.join(", "));
    };
    let packages: Vec<&str> = needs.iter().map(|need| need.packages[*place]).collect();
    format!("Install it with: sudo {install} {}", packages.join(" "))
}
