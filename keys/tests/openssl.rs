//! Key files go both ways between here and OpenSSL 3.

#![cfg(test)]

mod support;

use lictor_keys::{
    KeyFileError, Passphrase, PrivateKey, Protection, Signer, open, protection, seal, seal_plain,
};
use lictor_shared::PublicKey;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use support::Scratch;

const PASSPHRASES: [&str; 3] = ["one two ", "pässwörd 🔑", "$(x) 'y' \"z\" \\ -"];

/// Runs `openssl` with arguments that are split at spaces; `{}` stands for the next path.
fn openssl(arguments: &str, paths: &[&Path]) -> Output {
    let mut paths = paths.iter();
    let mut command = Command::new("openssl");
    for argument in arguments.split(' ') {
        match argument.split_once("{}") {
            None => command.arg(argument),
            Some((before, _)) => {
                let mut argument = OsString::from(before);
                argument.push(paths.next().expect("a path for every {}"));
                command.arg(argument)
            }
        };
    }
    assert!(paths.next().is_none(), "a {{}} for every path");
    command.stdin(Stdio::null());
    command.output().expect("the openssl command does not run; install OpenSSL 3 (apt-get install openssl)")
}

/// Likewise, and it succeeds; what it wrote to stdout.
fn openssl_ok(arguments: &str, paths: &[&Path]) -> Vec<u8> {
    let output = openssl(arguments, paths);
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The last 32 bytes of a SubjectPublicKeyInfo are the public key (RFC 8410, section 4).
fn public_key(spki: &[u8]) -> PublicKey {
    PublicKey::from_bytes(spki.last_chunk().unwrap()).unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn error(text: &str, passphrase: Option<&Passphrase>) -> String {
    open(text, passphrase).unwrap_err().to_string()
}

#[test]
fn openssl_opens_what_we_seal() {
    let scratch = Scratch::new();
    let key = PrivateKey::generate().unwrap();
    let longest = "x".repeat(1023);
    for text in PASSPHRASES.into_iter().chain([longest.as_str()]) {
        let secret = scratch.write("passphrase", format!("{text}\nsecond line"));
        let passphrase = Passphrase::from_first_line(&fs::read(&secret).unwrap()).unwrap();
        let file = scratch.write("sealed.pem", seal(&key, &passphrase).unwrap());
        let spki = openssl_ok("pkey -in {} -passin file:{} -pubout -outform DER", &[&file, &secret]);
        assert_eq!(public_key(&spki), *key.public());
    }
    let plain = scratch.write("plain.pem", seal_plain(&key).unwrap().as_bytes());
    let spki = openssl_ok("pkey -in {} -pubout -outform DER", &[&plain]);
    assert_eq!(public_key(&spki), *key.public());
}

#[test]
fn openssl_does_not_open_it_without_the_passphrase() {
    let scratch = Scratch::new();
    let sealed = seal(&PrivateKey::generate().unwrap(), &Passphrase::new("one two").unwrap()).unwrap();
    let file = scratch.write("sealed.pem", sealed);
    for passin in ["pass:", "pass:one", "pass:One two"] {
        let secret = scratch.write("passphrase", passin.trim_start_matches("pass:"));
        let output = openssl("pkey -in {} -passin file:{} -noout", &[&file, &secret]);
        assert!(!output.status.success(), "{passin}");
    }
}

#[test]
fn signatures_agree_in_both_directions() {
    let scratch = Scratch::new();
    let key = PrivateKey::generate().unwrap();
    let secret = scratch.write("passphrase", "one two\n");
    let passphrase = Passphrase::new("one two").unwrap();
    let file = scratch.write("sealed.pem", seal(&key, &passphrase).unwrap());
    let message = scratch.write("message", b"header.payload");

    let sign = "pkeyutl -sign -rawin -inkey {} -passin file:{} -in {}";
    let theirs = openssl_ok(sign, &[&file, &secret, &message]);
    let ours = key.sign(b"header.payload").unwrap();
    assert_eq!(theirs, ours, "Ed25519 is deterministic");
    assert!(key.public().verifies(b"header.payload", &ours));

    let public = scratch.path("public.pem");
    openssl_ok("pkey -in {} -passin file:{} -pubout -out {}", &[&file, &secret, &public]);
    let signature = scratch.write("signature", ours);
    let verify = "pkeyutl -verify -rawin -pubin -inkey {} -sigfile {} -in {}";
    openssl_ok(verify, &[&public, &signature, &message]);
}

#[test]
fn opens_what_openssl_generates() {
    let scratch = Scratch::new();
    let (plain, secret) = (scratch.path("plain.pem"), scratch.path("passphrase"));
    openssl_ok("genpkey -algorithm ed25519 -out {}", &[&plain]);
    assert_eq!(protection(&read(&plain)).unwrap(), Protection::None);
    let public = public_key(&openssl_ok("pkey -in {} -pubout -outform DER", &[&plain]));
    assert_eq!(*open(&read(&plain), None).unwrap().public(), public);

    for text in PASSPHRASES {
        fs::write(&secret, text).unwrap();
        let passphrase = Passphrase::from_first_line(text.as_bytes()).unwrap();
        let generate = "genpkey -algorithm ed25519 -aes-256-cbc -pass file:{}";
        let generated = String::from_utf8(openssl_ok(generate, &[&secret])).unwrap();
        assert_eq!(protection(&generated).unwrap(), Protection::Passphrase);
        open(&generated, Some(&passphrase)).unwrap();
        for way in [
            "",
            " -scrypt",
            " -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 16",
            " -v2 aes-128-cbc",
            " -v2 aes-192-cbc -v2prf hmacWithSHA512",
            " -v2 aes-256-cbc -v2prf hmacWithSHA384 -iter 10000",
        ] {
            let arguments = format!("pkcs8 -topk8 -in {{}} -passout file:{{}}{way}");
            let sealed = String::from_utf8(openssl_ok(&arguments, &[&plain, &secret])).unwrap();
            assert_eq!(*open(&sealed, Some(&passphrase)).unwrap().public(), public, "{way}");
            let wrong = Passphrase::new("wrong").unwrap();
            assert!(matches!(open(&sealed, Some(&wrong)), Err(KeyFileError::WrongPassphrase)), "{way}");
        }
    }
}

#[test]
fn opens_a_key_in_what_openssl_writes_around_it() {
    let scratch = Scratch::new();
    let plain = scratch.path("plain.pem");
    openssl_ok("genpkey -algorithm ed25519 -out {}", &[&plain]);
    // The key in clear text, below its PEM.
    let text = String::from_utf8(openssl_ok("pkey -in {} -text", &[&plain])).unwrap();
    assert!(text.contains("ED25519 Private-Key"), "{text}");
    let crlf = format!("Bag Attributes\r\n    friendlyName: x\r\n{}", text.replace('\n', "\r\n"));
    let public = open(&read(&plain), None).unwrap().public().clone();
    assert_eq!(*open(&text, None).unwrap().public(), public);
    assert_eq!(*open(&crlf, None).unwrap().public(), public);
}

#[test]
fn keys_for_other_algorithms_are_called_by_name() {
    let scratch = Scratch::new();
    let secret = scratch.write("passphrase", "one two");
    let passphrase = Passphrase::new("one two").unwrap();
    for (algorithm, name) in [
        ("RSA -pkeyopt rsa_keygen_bits:1024", "RSA (1.2.840.113549.1.1.1)"),
        ("EC -pkeyopt ec_paramgen_curve:P-256", "elliptic curve (ECDSA) (1.2.840.10045.2.1)"),
        ("X25519", "X25519 (1.3.101.110)"),
        ("Ed448", "Ed448 (1.3.101.113)"),
    ] {
        let expected = format!("a key for {name}, and licenses are signed with Ed25519");
        let plain = openssl_ok(&format!("genpkey -algorithm {algorithm}"), &[]);
        assert!(error(str::from_utf8(&plain).unwrap(), None).contains(&expected), "{algorithm}");
        let arguments = format!("genpkey -algorithm {algorithm} -aes-256-cbc -pass file:{{}}");
        let sealed = openssl_ok(&arguments, &[&secret]);
        assert!(
            error(str::from_utf8(&sealed).unwrap(), Some(&passphrase)).contains(&expected),
            "{algorithm}"
        );
    }
}

#[test]
fn what_is_no_pkcs8_key_says_what_it_is() {
    let scratch = Scratch::new();
    let plain = scratch.path("plain.pem");
    openssl_ok("genpkey -algorithm ed25519 -out {}", &[&plain]);
    let public = openssl_ok("pkey -in {} -pubout", &[&plain]);
    assert!(
        error(str::from_utf8(&public).unwrap(), None)
            .contains("this holds \"PUBLIC KEY\", not a private key")
    );
    let traditional = openssl_ok("ecparam -name prime256v1 -genkey -noout", &[]);
    assert!(error(str::from_utf8(&traditional).unwrap(), None).contains("this holds \"EC PRIVATE KEY\""));
    let der = openssl_ok("pkey -in {} -outform DER", &[&plain]);
    let refused = lictor_keys::read_key_file(&*der).unwrap_err().to_string();
    assert!(refused.contains("-inform DER"), "{refused}");
}

#[test]
fn outdated_encryption_is_refused_by_name() {
    let scratch = Scratch::new();
    let (plain, secret) = (scratch.path("plain.pem"), scratch.write("passphrase", "one two"));
    openssl_ok("genpkey -algorithm ed25519 -out {}", &[&plain]);
    for (way, name) in [
        ("-v2 aes-256-cbc -v2prf hmacWithSHA1", "PBKDF2 with HMAC-SHA-1 (1.2.840.113549.2.7)"),
        ("-v2 des3", "triple DES (1.2.840.113549.3.7)"),
        ("-v1 PBE-SHA1-3DES", "SHA-1 and triple DES (1.2.840.113549.1.12.1.3)"),
    ] {
        let arguments = format!("pkcs8 -topk8 -in {{}} -passout file:{{}} {way}");
        let sealed = openssl_ok(&arguments, &[&plain, &secret]);
        let refused = error(str::from_utf8(&sealed).unwrap(), Some(&Passphrase::new("one two").unwrap()));
        assert!(
            refused.contains(name) && refused.contains("openssl pkcs8 -topk8 -v2 aes-256-cbc"),
            "{refused}"
        );
    }
}

#[test]
fn the_commands_in_custody_md_work() {
    let scratch = Scratch::new();
    let passphrase = Passphrase::new("one two").unwrap();
    let key = PrivateKey::generate().unwrap();
    scratch.write("FILE", seal(&key, &passphrase).unwrap());
    scratch.write("PASSPHRASE", "one two\n");
    scratch.write("NEWPASSPHRASE", "three four\n");
    scratch.write("MESSAGE", "header.payload");
    let commands: Vec<_> =
        include_str!("../CUSTODY.md").lines().filter(|line| line.starts_with("openssl ")).collect();
    assert_eq!(commands.len(), 7);
    for command in commands {
        let output = Command::new("sh").args(["-c", command]).current_dir(scratch.path("")).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let renewed =
        open(&read(&scratch.path("NEW.pem")), Some(&Passphrase::new("three four").unwrap())).unwrap();
    assert_eq!(renewed.public(), key.public());
    open(&read(&scratch.path("PLAIN.pem")), None).unwrap();
    open(&read(&scratch.path("SEALED.pem")), Some(&passphrase)).unwrap();
}
