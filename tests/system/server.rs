//! A server of the customer: the deployed side's program as the vendor installs it, over a state of its own.

use lictor_tests::programs;
use std::fs;
use std::process::Command;

use super::world::{NOW, Ran, World, copy};

/// What the vendor puts beside the program.
const SETTINGS: &str = "\
vendor = \"Acme Software\"
support = \"Write to support@acme.example.\"
product = \"dialer\"
program = \"dialer 7.3\"
anchors = \"anchors.json\"
state = \"state\"
";

/// A server.
pub(crate) struct Server<'w> {
    world: &'w World,
    name: String,
}

impl<'w> Server<'w> {
    /// One with the program and nothing else.
    pub(crate) fn new(world: &'w World, name: &str) -> Self {
        let server = Self { world, name: name.into() };
        fs::create_dir(world.path(name)).expect("a folder");
        programs::install(programs::agent(), &world.path(&server.file("lictor-agent")));
        copy(&world.path("anchors.json"), &world.path(&server.file("anchors.json")));
        world.write(&server.file("lictor-agent.toml"), SETTINGS);
        server
    }

    /// One that holds a license.
    pub(crate) fn licensed(world: &'w World, name: &str, license: &str) -> Self {
        let server = Self::new(world, name);
        server.run(&["install", license]).done();
        server
    }

    /// A copy of this one with all that it remembers.
    pub(crate) fn cloned(&self, name: &str) -> Self {
        copy(&self.world.path(&self.name), &self.world.path(name));
        Self { world: self.world, name: name.into() }
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    /// The program, its arguments still to come; paths begin in the world's folder.
    pub(crate) fn command(&self) -> Command {
        let program = self.world.path(&self.file("lictor-agent"));
        self.world.outside(program.to_str().expect("a path of text"))
    }

    /// Runs the program at the time of the world.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command().args(arguments).args(["--now", NOW]).output();
        Ran::of(&output.unwrap_or_else(|error| panic!("{}: {error}", self.name)))
    }

    /// What it may do, and why not more: `full`, `grace LICENSE_SEAT_LIMIT not_activated until …`.
    pub(crate) fn verdict(&self) -> String {
        self.run(&["check"]).data
    }

    /// The deployment's id.
    pub(crate) fn id(&self) -> String {
        self.run(&["identity", "--json"]).json()["deployment"].as_str().expect("an id").to_owned()
    }
}
