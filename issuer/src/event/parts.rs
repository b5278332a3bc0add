//! An event of which the lists are longer than a leaf has room for goes on in the events right behind it.

use lictor_shared::json::{Members, Value};
use lictor_shared::limits;

/// The member of the body of an event that goes on with another one: the number of that.
pub(crate) const CONTINUES: &str = "continues";

/// Bytes by which the length of a number may be misjudged before it is known.
const NUMBERS: usize = 64;

/// The body of an event about to be recorded.
#[derive(Debug)]
pub(crate) struct Body {
    pub(super) open: Members,
    pub(super) lists: Vec<(&'static str, Vec<Value>)>,
}

impl Body {
    /// All of it in one event, whatever the limit.
    pub(crate) fn whole(&self) -> Members {
        let lists = self.lists.iter().map(|(name, items)| ((*name).to_owned(), Value::Array(items.clone())));
        self.open.clone().into_iter().chain(lists).collect()
    }

    /// The bodies of as many events as it takes. `bytes` says how many bytes the leaf has of an event with a body. Items are
    /// never torn apart, and stay in their order.
    pub(crate) fn parts(self, seq: u64, bytes: impl Fn(&Members) -> usize) -> Vec<Members> {
        // Without a list there is nothing that could go on.
        if self.lists.is_empty() {
            return vec![self.open];
        }
        let whole = self.whole();
        if bytes(&whole) <= limits::LOG_ENTRY_BYTES {
            return vec![whole];
        }
        let further = self.further(seq);
        let mut first = self.open;
        first.extend(self.lists.iter().map(|(name, _)| ((*name).to_owned(), Value::Array(Vec::new()))));
        let room = |body: &Members| limits::LOG_ENTRY_BYTES.saturating_sub(bytes(body) + NUMBERS);
        let mut parts = Parts { left: room(&first), body: first, done: Vec::new() };
        let (fresh, room) = (further.clone(), room(&further));
        for (name, items) in self.lists {
            items.into_iter().for_each(|item| parts.push(name, item, (&fresh, room)));
        }
        parts.done.push(parts.body);
        parts.done
    }

    /// What every further event says beside the lists, so that it is found with the first.
    fn further(&self, seq: u64) -> Members {
        let found_by = ["license", "requestId"].into_iter();
        let same = found_by.filter_map(|name| Some((name.to_owned(), self.open.get(name)?.clone())));
        same.chain([(CONTINUES.to_owned(), seq.into())]).collect()
    }
}

struct Parts {
    done: Vec<Members>,
    body: Members,
    /// Bytes that the leaf of `body` has room for.
    left: usize,
}

impl Parts {
    fn push(&mut self, name: &str, item: Value, (fresh, room): (&Members, usize)) {
        // The item, a comma, and the name of the list where it begins.
        let bytes = item.to_string().len() + 1;
        let named = |body: &Members| if body.contains_key(name) { 0 } else { name.len() + r#""":[],"#.len() };
        if bytes + named(&self.body) > self.left {
            self.done.push(core::mem::replace(&mut self.body, fresh.clone()));
            self.left = room;
        }
        self.left = self.left.saturating_sub(bytes + named(&self.body));
        match self.body.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(items) => items.push(item),
            other => *other = Value::Array(vec![item]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(items: u64) -> Body {
        let item = |number: u64| Value::object([("idx", number.into()), ("uri", "x:y".into())]);
        Body {
            open: [("license".to_owned(), "L".into())].into_iter().collect(),
            lists: vec![("a", (0..items).map(item).collect()), ("b", (0..items).map(item).collect())],
        }
    }

    fn bytes(body: &Members) -> usize {
        Value::from(body.clone()).to_string().len() + 100
    }

    #[test]
    fn what_has_room_is_one_event() {
        assert_eq!(body(3).parts(7, bytes), [body(3).whole()]);
    }

    #[test]
    fn what_has_none_goes_on_in_order_and_never_beyond_the_limit() {
        for items in [2_000, 10_000] {
            let parts = body(items).parts(7, bytes);
            assert!(parts.len() > 1 && parts.iter().all(|part| bytes(part) <= limits::LOG_ENTRY_BYTES));
            // No event more than it takes: each but the last is nearly full.
            assert!(parts.iter().rev().skip(1).all(|part| bytes(part) > limits::LOG_ENTRY_BYTES - 200));
            for further in &parts[1..] {
                assert_eq!(further["continues"].as_integer(), Some(7));
                assert_eq!(further["license"].as_str(), Some("L"));
            }
            let list = |name: &str| -> Vec<Value> {
                let listed = |part: &Members| part.get(name).and_then(Value::as_array).map(<[Value]>::to_vec);
                parts.iter().filter_map(listed).flatten().collect()
            };
            let whole = body(items).whole();
            assert_eq!((list("a"), list("b")), (list_of(&whole, "a"), list_of(&whole, "b")));
        }
    }

    fn list_of(body: &Members, name: &str) -> Vec<Value> {
        body[name].as_array().unwrap().to_vec()
    }
}
