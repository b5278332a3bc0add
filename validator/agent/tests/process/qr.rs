//! A QR code says, byte for byte, what the request says.

use crate::world::World;
use rexpect::session::spawn_command;
use rqrr::{MetaData, PreparedImage};
use std::process::Stdio;

/// Pixels for each module.
const SCALE: usize = 4;

/// Reads the picture of a square of modules, as a camera's software would.
fn decode(dark: &[Vec<bool>]) -> (MetaData, String) {
    let side = dark.len() * SCALE;
    let shade = |x: usize, y: usize| if dark[y / SCALE][x / SCALE] { 0 } else { 255 };
    let mut image = PreparedImage::prepare_from_greyscale(side, side, shade);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap()
}

/// The modules that half blocks stand for.
fn from_characters(text: &str) -> Vec<Vec<bool>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        rows.push(line.chars().map(|c| matches!(c, '█' | '▀')).collect::<Vec<_>>());
        rows.push(line.chars().map(|c| matches!(c, '█' | '▄')).collect());
    }
    // The side is odd, so the last row is not there.
    rows.truncate(rows[0].len());
    rows
}

/// The modules of a picture whose path is made of squares.
fn from_svg(svg: &str) -> Vec<Vec<bool>> {
    let between = |from: &str, to: &str| svg.split_once(from).unwrap().1.split_once(to).unwrap().0;
    let side: usize = between("viewBox=\"0 0 ", " ").parse().unwrap();
    let mut rows = vec![vec![false; side]; side];
    for square in between(" d=\"", "\"").split_terminator("h1v1h-1z") {
        let (x, y) = square.strip_prefix('M').unwrap().split_once(' ').unwrap();
        rows[y.parse::<usize>().unwrap()][x.parse::<usize>().unwrap()] = true;
    }
    rows
}

/// The version and error correction that the words say.
fn is_said(words: &str, found: &MetaData) {
    let (version, side) = (found.version.0, 17 + 4 * found.version.0);
    // rqrr counts the levels as the code writes them: 1 is L.
    assert_eq!(found.ecc_level, 1);
    let facts = format!("QR code of version {version}, error correction L, {side} x {side} modules");
    assert!(words.contains(&facts), "{words}");
}

#[test]
fn in_characters() {
    let world = World::licensed("qr");
    let ran = world.run(&["request", "--label", "Büro 3 – Halle", "--qr"]).exits(0, &[]);
    let end = "-----END ACTIVATION REQUEST-----\n";
    let (paste, code) = ran.data.split_at(ran.data.find(end).unwrap() + end.len());
    let (found, text) = decode(&from_characters(code));
    assert_eq!(text, paste);
    assert_eq!(world.run(&["request", "--again"]).done(), paste);
    println!("{} bytes: version {}, error correction L", text.len(), found.version.0);
    is_said(&ran.words, &found);
}

#[test]
fn as_a_picture() {
    let world = World::licensed("svg");
    let ran = world.run(&["request", "--svg", "request.svg"]).exits(0, &["written to request.svg"]);
    let (found, text) = decode(&from_svg(&world.read("request.svg")));
    assert_eq!(text, ran.data);
    // What EMBEDDING.md says; a run of digits more or less in the signature may tip the balance.
    assert!((20..=22).contains(&found.version.0), "{}", found.version.0);
    is_said(&ran.words, &found);
    // The longest label there is.
    let label = "ß".repeat(200);
    let ran = world.run(&["request", "--label", &label, "--svg", "long.svg"]).exits(0, &[]);
    let (found, text) = decode(&from_svg(&world.read("long.svg")));
    assert_eq!(text, ran.data);
    assert!((25..=28).contains(&found.version.0), "{}", found.version.0);
    println!("{} bytes: version {}", text.len(), found.version.0);
}

/// What a terminal of this size shows.
fn at_a_terminal(world: &World, columns: usize, lines: usize) -> String {
    let mut command = world.outside("bash");
    let script = format!("stty cols {columns} rows {lines}; bin/lictor-agent request --again --qr");
    command.args(["-c", &script]).stdin(Stdio::inherit());
    let shown = spawn_command(command, Some(20_000)).unwrap().exp_eof().unwrap();
    // A character there is a byte.
    let bytes = shown.chars().map(|byte| u8::try_from(u32::from(byte)).unwrap()).collect();
    String::from_utf8(bytes).unwrap().replace('\r', "")
}

#[test]
fn at_a_terminal_where_it_fits() {
    let world = World::licensed("terminal");
    let paste = world.run(&["request"]).done();
    let shown = at_a_terminal(&world, 200, 100);
    let (before, code) = shown.split_once(&paste).unwrap();
    assert_eq!(before, "");
    let lines: Vec<&str> = code.lines().filter(|line| line.starts_with("\u{1b}[38;5;16;48;5;231m")).collect();
    let plain = lines.join("\n").replace("\u{1b}[38;5;16;48;5;231m", "").replace("\u{1b}[0m", "");
    let (found, text) = decode(&from_characters(&plain));
    assert_eq!(text, paste);
    is_said(code, &found);
    assert!(!world.path("activation-request.svg").exists());
}

#[test]
fn at_a_terminal_that_is_too_small() {
    let world = World::licensed("small");
    let paste = world.run(&["request"]).done();
    for (columns, lines) in [(80, 24), (200, 30), (100, 100)] {
        let shown = at_a_terminal(&world, columns, lines);
        let says = format!("this terminal has {columns} and {lines}.");
        assert!(shown.contains(&says) && shown.contains("written to activation-request.svg"), "{shown}");
        assert!(shown.contains(&paste) && !shown.contains('█'), "{shown}");
    }
    assert_eq!(decode(&from_svg(&world.read("activation-request.svg"))).1, paste);
}
