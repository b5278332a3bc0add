//! The vectors on disk, and the making of the files that they describe.

use crate::edit::{edit, replace};
use crate::keys::key;
use crate::macros::expand;
use crate::vector::{Damage, Encoding, Piece, Stream, Vector};
use lictor_tests::signing::base64url;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct VectorFile {
    pub(crate) name: String,
    pub(crate) vector: Vector,
}

/// Every vector, in the order of their paths.
pub(crate) fn all() -> Vec<VectorFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths.iter().map(|path| read(&root, path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> VectorFile {
    let name = path.strip_prefix(root).unwrap().display().to_string();
    let vector =
        toml::from_str(&fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
    VectorFile { name, vector }
}

/// A kind of artefact: its base, its `typ`, its label, and whether its header carries a `jwk`.
pub(crate) struct Kind {
    base: &'static str,
    typ: &'static str,
    label: &'static str,
}

pub(crate) const LICENSE: Kind =
    Kind { base: include_str!("base/license.json"), typ: "license+jwt", label: "LICENSE" };
pub(crate) const STATUS_LIST: Kind =
    Kind { base: include_str!("base/status_list.json"), typ: "statuslist+jwt", label: "STATUS LIST" };
pub(crate) const ACTIVATION: Kind =
    Kind { base: include_str!("base/activation.json"), typ: "activation+jwt", label: "ACTIVATION" };
pub(crate) const RELEASE: Kind =
    Kind { base: include_str!("base/release.json"), typ: "release+jwt", label: "RELEASE" };
pub(crate) const REQUEST: Kind = Kind {
    base: include_str!("base/request.json"),
    typ: "activation-request+jwt",
    label: "ACTIVATION REQUEST",
};
const ANCHORS: &str = include_str!("base/anchors.json");

/// The trust anchors.
pub(crate) fn anchors(piece: &Piece) -> Vec<u8> {
    bytes(&edit(ANCHORS, piece), piece.latin1)
}

/// The signed file.
pub(crate) fn signed(kind: &Kind, piece: &Piece) -> Vec<u8> {
    let signer = piece.key.as_deref().unwrap_or(if kind.typ == REQUEST.typ { "device" } else { "main" });
    let names_key = if kind.typ == REQUEST.typ {
        format!(r#""jwk":{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, key(signer).x())
    } else {
        format!(r#""kid":"{}""#, key(signer).kid())
    };
    let usual = format!(r#"{{"alg":"EdDSA",{names_key},"typ":"{}"}}"#, kind.typ);
    let header = expand(piece.header.as_deref().unwrap_or(&usual), |_| None);
    let text = edit(kind.base, &with_entries(kind, piece));
    let payload = bytes(&text, piece.latin1);

    let input = format!("{}.{}", base64url(&header), base64url(&payload));
    let mut signature = key(signer).sign(input.as_bytes()).to_vec();
    if let Some(damage) = piece.signature {
        hurt(&mut signature, damage);
    }
    let payload =
        if piece.tamper.is_empty() { payload } else { replace(text, piece.tamper.iter()).into_bytes() };

    let part = |word: &str| match word {
        "header" => Some(base64url(&header)),
        "payload" => Some(base64url(&payload)),
        "signature" => Some(base64url(&signature)),
        _ => None,
    };
    let token = expand(piece.token.as_deref().unwrap_or("@(header).@(payload).@(signature)"), |word| {
        // `X~` is X with a bit set in its last character that belongs to no byte.
        let canonical = part(word.trim_end_matches('~'))?;
        Some(if word.ends_with('~') { loosened(&canonical) } else { canonical })
    });
    let file = expand(piece.file.as_deref().unwrap_or("@(token)"), |word| match word {
        "token" => Some(token.clone()),
        "lines" => Some(lines(&token)),
        "spaced" => Some(broken(&token, 10, " \u{200B}\u{A0}\t\u{2060}\u{FEFF}\u{2003}")),
        "armor" => Some(format!("-----BEGIN {0}-----\n{1}\n-----END {0}-----\n", kind.label, lines(&token))),
        _ => None,
    });
    encoded(&file, piece.encoding)
}

fn lines(token: &str) -> String {
    broken(token, 64, "\n")
}

fn broken(token: &str, length: usize, between: &str) -> String {
    let characters: Vec<char> = token.chars().collect();
    characters.chunks(length).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join(between)
}

fn loosened(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert!(!part.len().is_multiple_of(4), "every bit of this part belongs to a byte");
    let last = part.chars().next_back().unwrap();
    let next = ALPHABET.find(last).and_then(|place| ALPHABET.chars().nth(place + 1)).unwrap();
    format!("{}{next}", &part[..part.len() - 1])
}

fn bytes(text: &str, latin1: bool) -> Vec<u8> {
    if latin1 { text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect() } else { text.into() }
}

fn encoded(text: &str, encoding: Option<Encoding>) -> Vec<u8> {
    let utf16 = |bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    match encoding {
        None => text.into(),
        Some(Encoding::Utf16le) => utf16(u16::to_le_bytes),
        Some(Encoding::Utf16be) => utf16(u16::to_be_bytes),
        Some(Encoding::Latin1) => bytes(text, true),
    }
}

fn hurt(signature: &mut Vec<u8>, damage: Damage) {
    match damage {
        Damage::Flip => signature[0] ^= 1,
        Damage::Short => signature.truncate(63),
        Damage::Long => signature.push(0),
        Damage::Zero => signature.fill(0),
        Damage::PlusOrder => {
            // L = 2^252 + 27742317777372353535851937790883648493, least significant byte first.
            let order: [u8; 16] = 27_742_317_777_372_353_535_851_937_790_883_648_493_u128.to_le_bytes();
            let mut carry = 0_u16;
            for (place, byte) in signature[32..].iter_mut().enumerate() {
                let high = if place == 31 { 0x10 } else { 0 };
                let sum = u16::from(*byte) + u16::from(order.get(place).copied().unwrap_or(high)) + carry;
                *byte = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
            assert_eq!(carry, 0);
        }
    }
}

/// Of a status list, the entries as its `lst`, unless the vector sets that itself.
fn with_entries(kind: &Kind, piece: &Piece) -> Piece {
    const LST: &str = "/status_list/lst";
    let mut piece = piece.clone();
    let written = piece.set.contains_key(LST) || piece.remove.iter().any(|pointer| pointer == LST);
    if kind.typ != STATUS_LIST.typ || written || piece.remove.iter().any(|pointer| pointer == "/status_list")
    {
        return piece;
    }
    let bits = piece.bits.unwrap_or(1);
    if bits != 1 {
        piece.set.entry("/status_list/bits".into()).or_insert_with(|| bits.to_string());
    }
    let mut packed = vec![0_u8; usize::try_from(bits).unwrap() * 131_072];
    for (index, status) in &piece.entries {
        let bit = index.parse::<usize>().unwrap() * usize::try_from(bits).unwrap();
        packed[bit / 8] |= status << (bit % 8);
    }
    packed.resize(piece.bytes.unwrap_or(packed.len()), 0);
    let lst = base64url(compressed(&packed, piece.stream));
    piece.set.entry(LST.into()).or_insert_with(|| format!("\"{lst}\""));
    piece
}

fn compressed(packed: &[u8], stream: Option<Stream>) -> Vec<u8> {
    let mut zlib = miniz_oxide::deflate::compress_to_vec_zlib(packed, 6);
    match stream {
        None => {}
        Some(Stream::Tail) => zlib.push(0),
        Some(Stream::Cut) => zlib.truncate(zlib.len() - 1),
        Some(Stream::Raw) => return miniz_oxide::deflate::compress_to_vec(packed, 6),
        Some(Stream::Stored) => return packed.into(),
        Some(Stream::Checksum) => *zlib.last_mut().unwrap() ^= 1,
    }
    zlib
}
