//! What is handed over as a QR code besides.

use std::path::Path;

use crate::failure::Failure;
use crate::outfile;
use crate::output::Output;
use crate::qr::{Ink, Qr};

/// Permissions of what everybody may read.
const PUBLIC: u32 = 0o644;

/// The picture that a command makes.
pub(super) struct Picture {
    /// Where it goes if the terminal is too small for it.
    pub(super) name: &'static str,
    /// How another file is named.
    pub(super) again: &'static str,
}

/// That it is to be shown in the terminal.
#[derive(Clone, Copy)]
pub(super) struct Screen;

impl Picture {
    pub(super) fn hand_over(
        &self,
        armored: &str,
        svg: Option<&Path>,
        screen: Option<Screen>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match (svg, screen) {
            (Some(path), _) => paint(&Qr::of(armored)?, path, output),
            (None, Some(Screen)) => self.show(&Qr::of(armored)?, output),
            (None, None) => Ok(()),
        }
    }

    /// In the terminal where it fits. What is no terminal takes any width.
    fn show(&self, qr: &Qr, output: &mut Output) -> Result<(), Failure> {
        let (columns, lines) = qr.room();
        let ink = match output.room() {
            // One line for the prompt that follows.
            Some((wide, high)) if columns > wide || lines + 1 > high => {
                output.say(format_args!(
                    "The {} takes {columns} columns and {} lines; this terminal has {wide} and {high}.",
                    qr.facts(),
                    lines + 1
                ));
                return paint(qr, Path::new(self.name), output).map_err(|failure| failure.hinted(self.again));
            }
            Some(_) => Ink::Named,
            None => Ink::Default,
        };
        output.raw(&qr.in_characters(ink))?;
        output.say(qr.facts());
        Ok(())
    }
}

fn paint(qr: &Qr, path: &Path, output: &mut Output) -> Result<(), Failure> {
    outfile::make(path, qr.as_svg().as_bytes(), PUBLIC)?;
    output.say(format_args!(
        "{} written to {}; open it in a browser and take a photograph",
        qr.facts(),
        path.display()
    ));
    Ok(())
}
