//! Deployments that ask, in sessions: `deployment NUMBER LICENSE OUT …`, as [`command`] says. It is this program, asked to run
//! one test.

use lictor_issuer::activation::SeatRequest;
use lictor_tests::asking::command;
use lictor_tests::session::Folder;

/// What is asked, each word ended by a character that no word has.
const ASKED: &str = "LICTOR_SESSION_ASKS";
const END: char = '\u{1f}';

/// The commands of sessions beside the program's own.
pub(crate) fn commands() -> [(&'static str, String); 1] {
    let this = std::env::current_exe().expect("this program");
    let script = format!(
        "#!/bin/sh\n{ASKED}=\"$(printf '%s\\037' \"$@\")\" '{}' --exact asking::a_deployment_asks > \"$HOME/asking.log\" || cat \"$HOME/asking.log\"\n",
        this.display()
    );
    [("deployment", script)]
}

/// In a session it asks what it is told to; else for a license that is made here, and what it asks is what is read.
#[test]
fn a_deployment_asks() {
    if let Ok(asked) = std::env::var(ASKED) {
        return command(&asked.split_terminator(END).collect::<Vec<_>>());
    }
    let folder = Folder::new("asking");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let key = lictor_tests::signing::TestKey::new(1);
    let claims = r#"{"iss":"acme-licensing","license":{"id":"0198c0d2-6c1e-7000-8000-2f6f2b1d9a10"}}"#;
    std::fs::write(path("acme.lic"), key.token(key.header("license+jwt"), claims)).expect("written");
    command(&["7", &path("acme.lic"), &path("request"), "counter=3", "kind=release"]);
    let file = std::fs::read(path("request")).expect("a request");
    let request = SeatRequest::read_all(&file).expect("it can be answered").remove(0);
    let claims = request.claims();
    assert_eq!(
        (claims.issuer.as_str(), claims.counter, claims.kind.as_str()),
        ("acme-licensing", 3, "release")
    );
    assert_eq!((claims.label.as_str(), claims.product.as_str()), ("Depot 7", "dialer"));
}
