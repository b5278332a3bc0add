//! Completions and manual pages: made from the grammar, so that no command is missing, and the same every time.

use super::world::World;
use std::fs;

/// Every command, with its full name behind `lictor`.
fn commands() -> Vec<String> {
    fn walk(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name()).trim_start().to_string();
            walk(inner, &path, found);
            found.push(path);
        }
    }
    let mut found = Vec::new();
    walk(&lictor_issuer::cli::grammar(), "", &mut found);
    assert!(found.len() > 20, "{found:?}");
    found
}

/// Whether a script completes this one command, and not another of the same last name.
fn knows(shell: &str, script: &str, command: &str) -> bool {
    let words: Vec<&str> = command.split(' ').collect();
    let (last, before) = words.split_last().expect("a name");
    match shell {
        // Hyphens part words there too.
        "bash" => {
            let function = words.join("__subcmd__").replace('-', "__subcmd__");
            script.contains(&format!("cmd=\"lictor__subcmd__{function}\"\n"))
        }
        "elvish" => script.contains(&format!("&'lictor;{}'= {{", words.join(";"))),
        "powershell" => script.contains(&format!("'lictor;{}' {{", words.join(";"))),
        "zsh" => script.contains(&format!("_lictor__subcmd__{}_commands() {{", words.join("__subcmd__"))),
        _ => {
            let place = match before {
                [] => "__fish_lictor_needs_command".to_string(),
                words => format!("__fish_lictor_using_subcommand {};", words.join(" ")),
            };
            let (option, quoted) = (format!("-a \"{last}\""), format!("\"{place}"));
            script.lines().any(|line| line.contains(&quoted) && line.contains(&option))
        }
    }
}

#[test]
fn every_shell_completes_every_command() {
    let world = World::empty("completions");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = world.run(&["completions", shell]).done();
        assert_eq!(script, world.run(&["completions", shell]).done(), "{shell}");
        for command in commands() {
            assert!(knows(shell, &script, &command), "{shell} does not know {command}");
        }
        for topic in lictor_issuer::cli::Topic::ALL {
            assert!(script.contains(topic.as_str()), "{shell} does not know help {topic}");
        }
        let option = if shell == "fish" { "-l passphrase-file" } else { "--passphrase-file" };
        assert!(script.contains(option), "{shell}");
        assert_eq!(world.run(&["completions", shell, "--json"]).json()["script"], script);
    }
    let ran = world.run(&["completions", "csh"]);
    ran.fails(2, &["csh", "bash", "zsh"]);
    assert_eq!(ran.data, "");
}

#[test]
fn the_bash_completions_are_a_script() {
    let world = World::empty("completions bash");
    world.write("lictor.bash", world.run(&["completions", "bash"]).done());
    let output = world.outside("bash").args(["-n", "lictor.bash"]).output().expect("bash runs; install it");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn every_command_has_its_page() {
    let world = World::empty("man");
    let pages = world.run(&["man", "share/man1"]).done();
    let pages: Vec<&str> = pages.lines().collect();
    let read = || pages.iter().map(|page| world.read(page)).collect::<Vec<_>>();
    let texts = read();
    assert!(pages.contains(&"share/man1/lictor.1"), "{pages:?}");
    for command in commands() {
        let page = format!("share/man1/lictor-{}.1", command.replace(' ', "-"));
        assert!(pages.contains(&page.as_str()), "{page} is missing: {pages:?}");
        let text = world.read(&page);
        assert!(text.contains(".SH SYNOPSIS") && text.contains(".SH DESCRIPTION"), "{page}: {text}");
    }
    for topic in lictor_issuer::cli::Topic::ALL {
        let page = format!("share/man1/lictor-{topic}.1");
        assert!(pages.contains(&page.as_str()), "{page} is missing: {pages:?}");
        assert!(world.read(&page).contains("\n.nf\n"), "laid out as it is");
    }
    assert_eq!(pages.len(), commands().len() + lictor_issuer::cli::Topic::ALL.len() + 1);
    // Again, in place of the older ones.
    let again = world.run(&["man", "share/man1", "--json"]).json();
    assert_eq!(again["pages"].as_array().map(Vec::len), Some(pages.len()));
    assert_eq!(read(), texts);
    assert_eq!(fs::read_dir(world.path("share/man1")).expect("listed").count(), pages.len());
}

#[test]
fn pages_that_cannot_be_written() {
    let world = World::empty("man nowhere");
    world.write("file", "x");
    world.run(&["man", "file/man1"]).fails(31, &["and no folder"]);
    assert_eq!(world.read("file"), "x");
    fs::create_dir(world.path("man1")).expect("made");
    world.make_pipe("man1/lictor.1");
    let ran = world.run_at_once(&["man", "man1"]);
    assert!(!ran.words.contains("--force"), "it would not help: {ran:?}");
    ran.fails(20, &["man1/lictor.1 is a pipe or a device"]);
}
