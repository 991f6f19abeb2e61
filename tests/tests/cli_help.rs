//! What the program says of itself. To accept a change: `INSTA_UPDATE=always cargo test -p trunkline-tests --test cli_help`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::Computer;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["discover"],
    &["receive"],
    &["send"],
    &["reboot"],
    &["read"],
    &["security"],
    &["security", "show"],
    &["security", "set"],
    &["security", "export"],
    &["audit"],
    &["login"],
    &["logout"],
    &["sites"],
    &["sites", "list"],
    &["sites", "add"],
    &["sites", "edit"],
    &["sites", "remove"],
    &["sites", "import"],
    &["sites", "export"],
    &["password"],
    &["preferences"],
    &["preferences", "get"],
    &["preferences", "set"],
    &["preferences", "list"],
    &["show"],
    &["diff"],
    &["simulate"],
    &["completions"],
    &["man"],
];

#[test]
fn help_is_what_it_was() {
    let computer = Computer::new();
    insta::with_settings!({filters => vec![(r"trunkline\.exe", "trunkline")]}, {
        for command in COMMANDS {
            let help = computer.run(&[*command, &["--help"]].concat()).exits(0);
            assert_eq!(help.stderr, "");
            insta::assert_snapshot!(["help", &command.join("_")].join("_"), help.text());
        }
    });
}

#[test]
fn every_command_is_in_the_list_above_and_shows_an_example() {
    let computer = Computer::new();
    let mut waiting: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = waiting.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        assert!(
            COMMANDS.contains(&&arguments[..]),
            "{arguments:?} is not in the list"
        );
        seen += 1;
        arguments.push("--help");
        let help = computer.run(&arguments).exits(0).text();
        assert!(help.contains("Example"), "{arguments:?} shows no example");
        let commands = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty());
        for name in commands
            .filter_map(|line| line.strip_prefix("  "))
            .filter(|line| !line.starts_with(' '))
        {
            let name = name.split_whitespace().next().unwrap();
            if name != "help" {
                waiting.push([&command[..], &[name.to_owned()]].concat());
            }
        }
    }
    assert_eq!(seen, COMMANDS.len());
}

#[test]
fn there_are_completions_and_a_manual() {
    let computer = Computer::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = computer.run(&["completions", shell]).exits(0).text();
        assert!(
            script.contains("discover") && script.contains("allow-plain"),
            "{shell}: {script}"
        );
    }
    std::fs::create_dir(computer.file("man1")).unwrap();
    computer.run(&["man", "man1"]).exits(0);
    let page = computer.text("man1/trunkline-receive.1");
    assert!(page.contains(".TH") && page.contains("fingerprint"), "{page}");
    computer
        .run(&["man", "no/such/folder"])
        .exits(1)
        .says("no/such/folder");
}

#[test]
fn nothing_is_asked_of_a_program_that_is_only_asked_for_its_version() {
    let computer = Computer::new();
    let version = computer.run(&["--version"]).exits(0).text();
    assert_eq!(version.trim(), format!("trunkline {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(computer.names(), [""; 0]);
}
