//! The support bundle says what is in it, and leaves out what it says.

use crate::artefacts::license;
use crate::world::World;
use serde_json::Value;

#[test]
fn holds_no_secret_no_token_and_no_name() {
    let world = World::licensed("bundle");
    world.write("secret.lic", license(|claims| claims["license"]["meta"]["po"] = "PO-4711-SECRET".into()));
    world.run(&["install", "secret.lic"]);
    world.run(&["request", "--label", "Geheime Halle"]).done();
    world.write("state/state.json", "{");
    let ran = world
        .run(&["support-bundle", "--out", "bundle.json"])
        .exits(0, &["It holds:\n  product, ", "It leaves out:\n  the deployment's private key"]);
    assert_eq!(ran.data, "");
    let bundle = world.read("bundle.json");
    let read: Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(read["program"], "dialer 7.3");
    assert_eq!(read["verdict"]["license"]["plan"], "enterprise");
    assert!(read["leavesOut"][0].as_str().unwrap().contains("private key"), "{bundle}");
    assert!(read["state"]["identity.json"].as_u64().is_some_and(|size| size > 100), "{bundle}");
    assert!(read["troubles"][0].as_str().unwrap().contains("state.json is damaged"), "{bundle}");

    let identity: Value = serde_json::from_str(&world.read("state/identity.json")).unwrap();
    let path = world.path("").display().to_string();
    let mut secrets = vec![
        identity["d"].as_str().unwrap().to_string(),
        "Acme GmbH".into(),
        "acme-gmbh".into(),
        "4711".into(),
        "Geheime Halle".into(),
        path,
    ];
    for (name, bytes) in world.state() {
        let text = String::from_utf8(bytes).unwrap();
        secrets.extend(text.lines().filter(|line| line.len() > 40 && name.ends_with(".txt")).map(Into::into));
        // The digest in the name of an artefact proves that one holds it.
        secrets.extend(name.strip_prefix("license-").map(|digest| digest.trim_end_matches(".txt").into()));
    }
    assert!(secrets.len() > 20, "{secrets:?}");
    for secret in secrets {
        assert!(!bundle.contains(&secret), "{secret} is in\n{bundle}");
    }
    world.run(&["support-bundle", "--out", "bundle.json"]).exits(20, &["exists already"]);
}

/// Whoever lays a file there names it as he likes: after a customer, after himself.
#[test]
fn tells_no_name_that_somebody_else_gave() {
    let world = World::licensed("bundle names");
    world.write("state/license-gmbh-meyer.txt", license(|claims| claims["aud"] = ["recorder"].into()));
    world.write("state/status-list-meyer.txt", "nothing");
    world.write("state/meyer's notes.txt", "nothing");
    std::fs::create_dir(world.path("state/activation-meyer.txt")).unwrap();
    let status = world.run(&["status"]).exits(0, &["status-list-meyer.txt", "activation-meyer.txt"]);
    assert!(!status.data.contains("notes"), "{status:?}");
    let bundle = world.run(&["support-bundle"]).exits(0, &[]);
    assert!(!bundle.data.contains("meyer"), "{bundle:?}");
    let read = bundle.json();
    let troubles: Vec<&str> = read["troubles"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let refused: Vec<&&str> = troubles
        .iter()
        .filter(|text| text.starts_with("a file beside those of state was refused: "))
        .collect();
    assert_eq!(refused.len(), 2, "{troubles:?}");
    assert!(refused[0].contains("[name] cannot be read"), "{refused:?}");
    assert_eq!(read["state"]["others"], 4);
    let own = read["state"].as_object().unwrap().keys().filter(|name| *name != "others").count();
    assert_eq!(own, 4, "{}", read["state"]);
}
