//! Changes to the text of an artefact.

use crate::macros::expand;
use crate::vector::Piece;
use serde_json::Value;

/// The compact text of `base` with what the vector changes in it. What is set is put in as text, so it need not be JSON.
pub(crate) fn edit(base: &str, piece: &Piece) -> String {
    let words = |text: &str| expand(text, |_| None);
    if let Some(payload) = &piece.payload {
        return words(payload);
    }
    let mut tree: Value = serde_json::from_str(&words(base)).unwrap();
    for pointer in &piece.remove {
        remove(&mut tree, pointer);
    }
    for (number, pointer) in piece.set.keys().enumerate() {
        set(&mut tree, pointer, mark(number).into());
    }
    let mut text = tree.to_string();
    for (number, raw) in piece.set.values().enumerate() {
        text = text.replacen(&format!("\"{}\"", mark(number)), &words(raw), 1);
    }
    replace(text, piece.replace.iter())
}

/// Replaces the first occurrence of each; it must be there.
pub(crate) fn replace<'a>(text: String, changes: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    changes.fold(text, |text, (from, to)| {
        let (from, to) = (expand(from, |_| None), expand(to, |_| None));
        assert!(text.contains(&from), "nothing to replace: {from:?} in {text}");
        text.replacen(&from, &to, 1)
    })
}

fn mark(number: usize) -> String {
    format!("§{number}§")
}

fn split(pointer: &str) -> (&str, String) {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_else(|| panic!("{pointer:?} is no pointer"));
    (parent, name.replace("~1", "/").replace("~0", "~"))
}

fn set(tree: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = split(pointer);
    match tree.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent:?}")) {
        Value::Object(members) => {
            members.insert(name, value);
        }
        Value::Array(items) => match name.parse::<usize>() {
            Ok(index) if index < items.len() => items[index] = value,
            _ => items.push(value),
        },
        other => panic!("{other} has no members"),
    }
}

fn remove(tree: &mut Value, pointer: &str) {
    let (parent, name) = split(pointer);
    let members = tree.pointer_mut(parent).and_then(Value::as_object_mut);
    assert!(members.and_then(|members| members.remove(&name)).is_some(), "nothing at {pointer:?} to remove");
}
