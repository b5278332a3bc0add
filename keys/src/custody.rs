#![doc = include_str!("../CUSTODY.md")]
